"""Functions of C's convention, called from jitted code."""

from __future__ import annotations

import pytest

SOURCE = """
    #include <stdint.h>
    #include <stdbool.h>
    double dot(uint64_t n, const double *x, const double *y) {
        double total = 0;
        for (uint64_t i = 0; i < n; i++) total += x[i] * y[i];
        return total;
    }
    void axpy(uint64_t n, double a, const double *x, double *y) {
        for (uint64_t i = 0; i < n; i++) y[i] += a * x[i];
    }
    int8_t narrow(int8_t a, uint16_t b) { return a + b; }
    bool negate(bool type) { return !type; }
    float halff(float x) { return x / 2; }
    double half(double x) { return x / 2; }
"""

MANIFEST = """
    [[function]]
    name = "dot"
    signature = "fn(n: u64, x: *const f64, y: *const f64) -> f64"

    [[function]]
    name = "axpy"
    signature = "fn(n: u64, a: f64, x: *const f64, y: *mut f64)"

    [[function]]
    name = "narrow"
    signature = "fn(a: i8, b: u16) -> i8"

    [[function]]
    name = "negate"
    signature = "fn(r#type: bool) -> bool"

    [[function]]
    name = "half"
    symbol = "halff"
    signature = "fn(x: f32) -> f32"

    [[function]]
    name = "half"
    signature = "fn(x: f64) -> f64"
"""

CALLERS = """
    import numpy as np
    from numba import njit
    from puck.packages import vectors

    @njit(cache=True)
    def norm(x):
        return vectors.dot(len(x), x, y=x) ** 0.5

    @njit(cache=True)
    def add(x, y):
        vectors.axpy(x.size, 2, x, y)
        return y

    @njit(cache=True)
    def numbers(a, b, c):
        halves = vectors.half(np.float32(3)), vectors.half(5.0)
        return vectors.narrow(a, b), vectors.negate(type=c), halves

    @njit(cache=True)
    def pointer(x):
        return vectors.dot(x.size, x.ctypes, x.ctypes)
"""


@pytest.fixture(scope="module")
def vectors(shared_world):
    shared_world.package("vectors", SOURCE, file="vectors.c", manifest=MANIFEST)
    shared_world.install("vectors")
    shared_world.module("callers", CALLERS)
    return shared_world


@pytest.mark.parametrize("state", ["cold", "cached"])
def test_calls(vectors, state):
    hits = "0" if state == "cold" else "4"
    assert vectors.run("""
        import numpy as np
        import callers

        x = np.array([3.0, 4.0])
        print(callers.norm(x), callers.add(x, np.ones(2)), callers.numbers(-3, 5, True))
        print(callers.pointer(x))
        functions = (callers.norm, callers.add, callers.numbers, callers.pointer)
        print(sum(sum(function.stats.cache_hits.values()) for function in functions))
    """).splitlines() == ["5.0 [7. 9.] (2, False, (1.5, 2.5))", "25.0", hits]


def test_arrays_of_other_shapes_and_readonly_ones(vectors):
    assert vectors.run("""
        import numpy as np
        import callers

        grid = np.arange(6.0).reshape(2, 3)
        frozen = np.arange(3.0)
        frozen.flags.writeable = False
        print(callers.pointer(grid), callers.pointer(grid.T), callers.pointer(frozen))
        print(callers.add(frozen, np.zeros(3)))
    """).splitlines() == ["55.0 55.0 5.0", "[0. 2. 4.]"]


def test_what_does_not_fit_is_refused_while_typing(vectors):
    out = vectors.run("""
        import numpy as np
        import callers
        from numba.core.errors import TypingError

        frozen = np.zeros(3)
        frozen.flags.writeable = False
        for call in (
            lambda: callers.norm(np.arange(6.0)[::2]),
            lambda: callers.norm(np.arange(3)),
            lambda: callers.add(np.ones(3), frozen),
        ):
            try:
                call()
            except TypingError as error:
                print(" ".join(str(error).split()))
    """).splitlines()
    assert "`x` takes a contiguous array: pass numpy.ascontiguousarray(x)" in out[0]
    assert "`x` is `*const f64`: found elements of int64" in out[1]
    assert "`y` is written to, and the array is read-only" in out[2]


def test_functions_are_values(vectors):
    assert (
        vectors.run("""
        import pickle
        import warnings
        from numba import float64, njit, types
        from puck.packages import vectors

        warnings.simplefilter("ignore")

        @njit
        def apply(function, x):
            return function(x)

        @njit(float64(types.FunctionType(float64(float64)), float64))
        def apply_typed(function, x):
            return function(x)

        @njit
        def pass_on(x):
            return apply_typed(vectors.half, x)

        print(apply(vectors.half, 3.0), pass_on(5.0))
        assert pickle.loads(pickle.dumps(vectors.half)) is vectors.half
    """)
        == "1.5 2.5"
    )


def test_an_upgrade_and_another_signature(world):
    world.package("vectors", SOURCE, file="vectors.c", manifest=MANIFEST)
    world.install("vectors")
    world.module("callers", CALLERS)
    script = """
        import numpy as np
        import callers

        print(callers.norm(np.array([3.0, 4.0])), sum(callers.norm.stats.cache_hits.values()))
    """
    assert world.run(script) == "5.0 0"
    world.package(
        "vectors",
        SOURCE.replace("double total = 0", "double total = 11"),
        file="vectors.c",
        manifest=MANIFEST,
        version="1.0.1",
    )
    world.install("vectors")
    assert world.run(script) == "6.0 1"
    world.package(
        "vectors",
        SOURCE.replace("dot(uint64_t n", "dot(int64_t n").replace(
            "i < n", "(int64_t)i < (int64_t)n"
        ),
        file="vectors.c",
        manifest=MANIFEST.replace("fn(n: u64, x: *const f64, y", "fn(n: i64, x: *const f64, y"),
        version="1.0.2",
    )
    world.install("vectors")
    assert world.run(script) == "5.0 0"
    assert world.run(script) == "5.0 1"
