"""Cached callers: what is in their files, and what becomes of them when callees change."""

from __future__ import annotations

import pytest

FIRST = """
    import puck

    @puck.export("float64(float64)")
    def step(x):
        total = x
        for i in range(1024):
            if total > 1e300:
                raise ValueError("too large", total)
            total = total * 1.0 + 0.0009765625
        return total

    @puck.export("float64(float64)")
    def small(x):
        return x + 1.0
"""

CALLERS = """
    from numba import njit
    from puck.packages import kernels

    @njit(cache=True)
    def near(x):
        return kernels.step(x)

    @njit(cache=True)
    def far(x):
        return near(x) * 2

    @njit(cache=True)
    def one(x):
        return kernels.small(x)
"""

# Runs functions of the module, and says how often each came from the cache.
REPORT = """
    import callers

    for name in {names!r}:
        function = getattr(callers, name)
        try:
            print(name, function({argument}), end=" ")
        except Exception as error:
            print(name, type(error).__name__, str(error).splitlines()[0], end=" ")
        print(sum(function.stats.cache_hits.values()), sum(function.stats.cache_misses.values()))
"""


def report(world, *names, argument="1.0", **variables):
    return world.run(REPORT.format(names=names, argument=argument), **variables).splitlines()


@pytest.fixture
def cached(world):
    """A project with three cached callers that were compiled without inlining."""
    world.package("kernels", FIRST)
    world.install("kernels")
    world.module("callers", CALLERS)
    assert report(world, "far", "near", "one", PUCK_INLINE="never") == [
        "far 4.0 0 1",
        "near 2.0 0 1",
        "one 2.0 0 1",
    ]
    return world


def change(world, before, after, version="1.0.1"):
    world.package("kernels", FIRST.replace(before, after), version=version)
    world.install("kernels")


def test_callers_load_in_any_order(cached):
    for names in (("far",), ("near",), ("one",), ("near", "far"), ("far", "near")):
        for line in report(cached, *names, PUCK_INLINE="never"):
            assert line.endswith(" 1 0")


def test_a_caller_of_a_cached_caller_has_its_guard(cached):
    # `later` is compiled where `near` comes from the cache, and then loaded by itself.
    cached.module(
        "later",
        """
        from numba import njit
        from callers import near

        @njit(cache=True)
        def later(x):
            return near(x) + 1
        """,
    )
    script = """
        from later import later
        print(later(1.0), sum(later.stats.cache_hits.values()))
    """
    assert cached.run(script) == "3.0 0"
    assert cached.run(script) == "3.0 1"


def test_a_new_body_needs_no_recompilation_where_it_was_declared(cached):
    change(cached, "x + 1.0", "x + 5.0")
    assert report(cached, "one", PUCK_INLINE="never") == ["one 6.0 1 0"]
    assert report(cached, "one", PUCK_INLINE="auto") == ["one 6.0 1 0"]


def test_a_new_body_is_compiled_in_where_it_was_inlined(world):
    world.package("kernels", FIRST)
    world.install("kernels")
    world.module("callers", CALLERS)
    assert report(world, "one", PUCK_INLINE="auto") == ["one 2.0 0 1"]
    assert report(world, "one", PUCK_INLINE="auto") == ["one 2.0 1 0"]
    # What was inlined is right whatever is asked for now.
    assert report(world, "one", PUCK_INLINE="never") == ["one 2.0 1 0"]
    change(world, "x + 1.0", "x + 5.0")
    assert report(world, "one", PUCK_INLINE="auto") == ["one 6.0 0 1"]
    assert report(world, "one", PUCK_INLINE="auto") == ["one 6.0 1 0"]
    # Another function's body changed meanwhile: that is not this one's business.
    change(world, "x + 1.0", "x + 5.0  # again")
    assert report(world, "one", PUCK_INLINE="auto") == ["one 6.0 1 0"]


@pytest.mark.newest
def test_a_downgrade_is_an_upgrade_backwards(cached):
    change(cached, "x + 1.0", "x + 5.0", version="1.1.0")
    assert report(cached, "one", PUCK_INLINE="never") == ["one 6.0 1 0"]
    change(cached, "x + 1.0", "x + 1.0", version="1.0.0")
    assert report(cached, "one", PUCK_INLINE="never") == ["one 2.0 1 0"]


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        ("float64(float64)", "float32(float32)", "2.0"),
        ('"float64(float64)"', '"float64(float64)", "int64(int64)"', "2.0"),
        ("def small(x):", "def small(x, more=2.0):\n        x += more", "4.0"),
    ],
    ids=["another type", "another overload", "another parameter"],
)
def test_another_declaration_is_a_recompilation(cached, before, after, result):
    if "more" in after:
        _, _, body = FIRST.rpartition('@puck.export("float64(float64)")')
        body = body.replace(before, after)
        source = FIRST.partition("    @puck.export")[0] + (
            '    @puck.export("float64(float64, float64)")' + body
        )
        cached.package("kernels", source, version="1.0.1")
        cached.install("kernels")
    else:
        change(cached, before, after)
    assert report(cached, "one") == [f"one {result} 0 1"]
    assert report(cached, "one") == [f"one {result} 1 0"]


def test_another_default_value_is_a_recompilation(world):
    source = """
        import puck

        @puck.export("float64(float64, float64)")
        def small(x, more={}):
            return x + more
    """
    world.package("kernels", source.format(1.0))
    world.install("kernels")
    world.module("callers", CALLERS)
    assert report(world, "one") == ["one 2.0 0 1"]
    world.package("kernels", source.format(3.0))
    world.install("kernels")
    assert report(world, "one") == ["one 4.0 0 1"]


@pytest.mark.newest
def test_a_function_that_is_gone_is_an_error_with_words(cached):
    cached.package("kernels", FIRST.partition("    @puck.export")[0] + FIRST.rpartition("\n\n")[2])
    cached.install("kernels")
    assert report(cached, "one", "near", "far", PUCK_INLINE="never") == [
        "one 2.0 1 0",
        *(
            f"{name} PackageError package `kernels` 1.0.0 has no function `step` 0 1"
            for name in ("near", "far")
        ),
    ]


@pytest.mark.newest
def test_a_package_that_is_gone_is_an_error_with_words(cached):
    cached.package("others", FIRST)
    cached.install("others")
    run = cached.attempt("import callers")
    assert run.returncode == 1
    assert "PackageError: package `kernels` is not in the environment" in run.stderr


@pytest.mark.newest
def test_what_was_imported_stays_where_the_environment_changes(cached):
    cached.package("others", FIRST)
    cached.install("others", "kernels")
    both = (cached.project / ".puck").resolve()
    cached.install("others")
    out = cached.run(
        f"""
        import puck.packages

        puck.packages.use({str(both)!r})
        import callers

        # The guards look here, and find nothing; what is compiled instead calls what was imported.
        puck.packages.use(".")
        print(callers.far(1.0), sum(callers.far.stats.cache_hits.values()))
        try:
            from puck.packages import kernels
        except puck.PackageError as error:
            print(str(error).splitlines()[0])
        """
    ).splitlines()
    assert out[0] == "4.0 0"
    assert out[1].startswith("package `kernels` is not in the environment")


@pytest.mark.newest
def test_the_environment_is_that_of_the_process_that_loads(cached):
    other = cached.folder / "elsewhere"
    other.mkdir()
    change(cached, "x + 1.0", "x + 7.0")
    (cached.project / ".puck").rename(other / ".puck")
    change(cached, "x + 1.0", "x + 1.0", version="1.0.0")
    assert report(cached, "one", PUCK_INLINE="never") == ["one 2.0 1 0"]
    assert report(cached, "one", PUCK_INLINE="never", PUCK_ENVIRONMENT=str(other)) == [
        "one 8.0 1 0"
    ]


def test_functions_as_arguments_and_in_closures_are_cached(world):
    world.package("kernels", FIRST)
    world.install("kernels")
    world.module(
        "callers",
        """
        from numba import njit
        from puck.packages import kernels

        @njit(cache=True)
        def apply(function, x):
            return function(x)

        def closure(function):
            @njit(cache=True)
            def call(x):
                return function(x)
            return call
        """,
    )
    script = """
        import callers
        from callers import kernels

        print(callers.apply(kernels.small, 1.0), end=" ")
        if hasattr(kernels, "step"):
            print(callers.apply(kernels.step, 1.0), end=" ")
        print(sum(callers.apply.stats.cache_hits.values()), end=" ")
        call = callers.closure(kernels.small)
        print(call(1.0), sum(call.stats.cache_hits.values()))
    """
    assert world.run(script) == "2.0 2.0 0 2.0 0"
    assert world.run(script) == "2.0 2.0 2 2.0 1"
    # The index of the cache names a function that is gone: that fits nothing, and harms nothing.
    world.package("kernels", FIRST.partition("    @puck.export")[0] + FIRST.rpartition("\n\n")[2])
    world.install("kernels")
    assert world.run(script) == "2.0 1 2.0 1"


def test_ufuncs_and_parallel_loops_have_guards_too(world):
    world.package("kernels", FIRST)
    world.install("kernels")
    world.module(
        "callers",
        """
        import numpy as np
        from numba import guvectorize, njit, prange, vectorize
        from puck.packages import kernels

        @vectorize(["float64(float64)"], cache=True)
        def each(x):
            return kernels.small(x)

        @guvectorize(["float64[::1], float64[::1]"], "(n)->(n)", cache=True)
        def row(x, out):
            for i in range(len(x)):
                out[i] = kernels.small(x[i])

        @njit(parallel=True, cache=True)
        def loop(x):
            total = 0.0
            for i in prange(len(x)):
                total += kernels.small(x[i])
            return total
        """,
    )
    script = """
        import numpy as np
        import callers

        x = np.arange(3.0)
        print(callers.each(x), callers.row(x), callers.loop(x))
    """
    for _ in range(2):
        assert world.run(script, PUCK_INLINE="never") == "[1. 2. 3.] [1. 2. 3.] 6.0"
    change(world, "x + 1.0", "x + 2.0")
    assert world.run(script, PUCK_INLINE="never") == "[2. 3. 4.] [2. 3. 4.] 9.0"
    # With another signature the old symbol is gone: code that called it would crash.
    change(world, "float64(float64)", "float32(float32)")
    for _ in range(2):
        assert world.run(script, PUCK_INLINE="never") == "[1. 2. 3.] [1. 2. 3.] 6.0"


def test_cached_callers_are_small(world):
    functions = "".join(
        f"""
    @puck.export("float64(float64, int64)")
    def f{i}(x, n):
        a = np.zeros(n)
        for i in range(n):
            a[i] = np.sin(x * {i + 1}) + i
        return np.sum(a)
        """
        for i in range(10)
    )
    world.package("kernels", "    import numpy as np\n    import puck\n" + functions)
    world.install("kernels")
    calls = " + ".join(f"kernels.f{i}(x, n)" for i in range(10))
    world.module(
        "callers",
        f"""
        from numba import njit
        from puck.packages import kernels

        @njit(cache=True)
        def ten(x, n):
            return {calls}
        """,
    )
    report(world, "ten", argument="1.0, 2")
    (file,) = world.cached("ten")
    assert file.stat().st_size <= 25_000
