"""Calls from Python and from jitted code: arguments, overloads, exceptions, functions as values."""

from __future__ import annotations

import pytest

KERNELS = '''
import numpy as np
import puck


class Overdrawn(ValueError):
    """Raised where there is too little."""


@puck.export("float64(float64[::1], float64[::1])")
def dot(x, y):
    """The sum of the products."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * y[i]
    return total


@puck.export("float64(float64, int64)", "int64(int64, int64)")
def scale(x, n=3):
    return x * n


@puck.export("float64(float64)")
def root(x):
    if x < 0:
        raise ValueError("negative", 3)
    return x ** 0.5


@puck.export("float64(float64)")
def half(x):
    if x < 0:
        raise ValueError("negative", x)
    return x / 2


@puck.export("float64(float64)")
def withdraw(x):
    if x > 100:
        raise Overdrawn("too much", x)
    if x > 50:
        raise Overdrawn("much")
    return 100 - x
'''


@pytest.fixture(scope="module")
def kernels(shared_world):
    shared_world.package("kernels", KERNELS)
    shared_world.install("kernels")
    return shared_world


def test_python_calls_without_compiling(kernels):
    assert kernels.run("""
        import numpy as np
        from puck.packages import kernels
        from numba.core import event

        x = np.arange(4.0)
        with event.install_recorder("numba:compile") as compiled:
            print(kernels.dot(x, x), kernels.root(9), kernels.dot(y=x, x=x))
        print(len(compiled.buffer))
    """).split() == ["14.0", "3.0", "14.0", "0"]


def test_keywords_defaults_and_overloads(kernels):
    assert (
        kernels.run("""
        from numba import njit
        from puck.packages.kernels import scale

        @njit
        def calls(a, b):
            return scale(a), scale(b), scale(a, n=4), scale(n=2, x=b)

        print(calls(2, 2.5))
        print((scale(2), scale(2.5), scale(2, n=4), scale(n=2, x=2.5)))
    """)
        == "(6, 7.5, 8, 5.0)\n(6, 7.5, 8, 5.0)"
    )


def test_numbers_are_converted_as_numba_does(kernels):
    assert (
        kernels.run("""
        from numba import njit
        from puck.packages import kernels

        @njit
        def call(x):
            return kernels.root(x)

        print(call(4), call(True), call(2.25), kernels.root(4), kernels.root(True))
    """)
        == "2.0 1.0 1.5 2.0 1.0"
    )


def test_arguments_that_do_not_fit_are_refused(kernels):
    out = kernels.run("""
        import numpy as np
        from numba import njit
        from numba.core.errors import TypingError
        from puck.packages import kernels

        x = np.arange(6.0)

        @njit
        def strided(x):
            return kernels.dot(x[::2], x)

        for call in (
            lambda: kernels.dot(x[::2], x),
            lambda: kernels.dot(x),
            lambda: kernels.root(1, 2),
            lambda: kernels.root(number=1),
            lambda: strided(x),
        ):
            try:
                call()
            except (TypeError, TypingError) as error:
                print(type(error).__name__, str(error).replace("\\n", " ")[:400])
    """)
    strided, missing, many, unknown, typing = out.splitlines()
    assert strided.startswith("TypeError kernels.dot does not take (array(float64, 1d, A)")
    assert "float64[::1]" in strided
    assert missing.startswith("TypeError")
    assert "expected 2, got 1" in missing
    assert many.startswith("TypeError")
    assert "too many arguments" in many
    assert unknown.startswith("TypeError")
    assert typing.startswith("TypingError")
    assert "array(float64, 1d, A)" in typing


def test_documentation_and_signature(kernels):
    out = kernels.run("""
        import inspect
        from puck.packages import kernels

        print(inspect.signature(kernels.scale), kernels.dot.__name__, kernels.dot.__module__)
        print(kernels.dot.__doc__)
        print([name for name in dir(kernels) if not name.startswith("_")])
    """)
    first, doc, *_, names = out.splitlines()
    assert first == "(x, n=3) dot puck.packages.kernels"
    assert doc == "The sum of the products."
    assert "dot(x: float64[::1], y: float64[::1]) -> float64" in out
    assert names == "['dot', 'half', 'root', 'scale', 'withdraw']"


RAISING = """
    import sys
    from numba import njit
    from puck.packages import kernels

    sys.path.insert(0, "../kernels")

    @njit
    def inner(which, x):
        if which == 0:
            return kernels.root(x)
        if which == 1:
            return kernels.half(x)
        return kernels.withdraw(x)

    @njit
    def outer(which, x):
        return inner(which, x) + 1

    @njit
    def caught(which, x):
        try:
            return outer(which, x)
        except Exception:
            return -1.0

    def report(function, *args):
        try:
            print(function(*args))
        except Exception as error:
            kind = type(error)
            bases = [base.__name__ for base in kind.__mro__[1:3]]
            print(f"{kind.__module__}.{kind.__name__}{error.args} {bases[0]}")

    for function in (outer, caught):
        for which, x in ((0, -1.0), (1, -1.5), (2, 75.0), (2, 150.0), (2, 40.0)):
            report(function, which, x)
    report(kernels.root, -1)
    report(kernels.half, -1.5)
    report(kernels.withdraw, 150)
"""


def test_exceptions_cross_packages_and_callers(kernels):
    assert kernels.run(RAISING).splitlines() == [
        "builtins.ValueError('negative', 3) Exception",
        "builtins.ValueError('negative', -1.5) Exception",
        "kernels.Overdrawn('much',) ValueError",
        "kernels.Overdrawn('too much', 150.0) ValueError",
        "61.0",
        *["-1.0"] * 4,
        "61.0",
        "builtins.ValueError('negative', 3) Exception",
        "builtins.ValueError('negative', -1.5) Exception",
        "kernels.Overdrawn('too much', 150.0) ValueError",
    ]


def test_an_exception_that_cannot_be_imported_is_its_nearest_builtin_by_name(kernels):
    out = kernels.run(
        """
        import pickle
        from numba import njit
        from puck.packages import kernels

        @njit
        def call(x):
            return kernels.withdraw(x)

        for function in (kernels.withdraw, call):
            for x in (75.0, 150.0):
                try:
                    function(x)
                except ValueError as error:
                    print(type(error).__module__, type(error).__name__, error.args)
                    assert type(pickle.loads(pickle.dumps(error))) is type(error)
        """
    )
    assert (
        out.splitlines()
        == [
            "kernels Overdrawn ('much',)",
            "kernels Overdrawn ('too much', 150.0)",
        ]
        * 2
    )


def test_functions_are_values(kernels):
    out = kernels.run("""
        import pickle
        import warnings
        import numpy as np
        from numba import float64, njit, types, vectorize
        from puck.packages import kernels

        warnings.simplefilter("ignore")

        @njit
        def apply(function, x):
            return function(x)

        @njit(float64(types.FunctionType(float64(float64)), float64))
        def apply_typed(function, x):
            return function(x)

        both = (kernels.root, kernels.half)

        @njit
        def apply_all(i, x):
            total = 0.0
            for function in both:
                total += function(x)
            return total + both[i](x)

        def closure(function):
            @njit
            def call(x):
                return function(x)
            return call

        @njit
        def choose(flag, x):
            function = kernels.root if flag else kernels.half
            return function(x)

        @njit
        def pass_on(x):
            return apply_typed(kernels.half, x)

        @vectorize(["float64(float64)"])
        def roots(x):
            return kernels.root(x)

        print(apply(kernels.root, 9), apply(kernels.half, 9), apply_typed(kernels.root, 16.0))
        print(apply_all(1, 4.0), closure(kernels.half)(5.0), choose(True, 9.0), choose(False, 9.0))
        print(pass_on(3.0), roots(np.array([4.0, 9.0])))
        for call in (apply, apply_typed):
            try:
                call(kernels.root, -1.0)
            except ValueError as error:
                print(error.args)
        assert pickle.loads(pickle.dumps(kernels.root)) is kernels.root
    """)
    assert out.splitlines() == [
        "3.0 4.5 4.0",
        "6.0 2.5 3.0 4.5",
        "1.5 [2. 3.]",
        "('negative', 3)",
        "('negative', 3)",
    ]


def test_within_other_decorators(kernels):
    out = kernels.run("""
        import numpy as np
        from numba import guvectorize, njit, prange, stencil
        from numba.extending import overload
        from puck.packages import kernels

        def ours(x):
            raise NotImplementedError

        @overload(ours)
        def overloaded(x):
            return lambda x: kernels.half(x) + 1

        @njit
        def through_overload(x):
            return ours(x)

        @guvectorize(["float64[::1], float64[::1]"], "(n)->(n)")
        def halves(x, out):
            for i in range(len(x)):
                out[i] = kernels.half(x[i])

        @stencil
        def neighbours(a):
            return kernels.half(a[-1] + a[1])

        @njit(parallel=True)
        def total(x):
            result = 0.0
            for i in prange(len(x)):
                result += kernels.root(x[i])
            return result

        @njit
        def smooth(a):
            return neighbours(a)

        print(through_overload(3.0), halves(np.array([1.0, 2.0])))
        print(smooth(np.arange(4.0)), total(np.full(100, 4.0)))
    """)
    assert out.splitlines() == ["2.5 [0.5 1. ]", "[0. 1. 2. 0.] 200.0"]


def test_what_is_not_there(kernels):
    out = kernels.run("""
        import puck
        from numba import njit

        def report(call):
            try:
                call()
            except Exception as error:
                print(type(error).__name__, isinstance(error, puck.PackageError), error)

        def missing_package():
            from puck.packages import kernel

        def missing_function():
            from puck.packages.kernels import dott

        from puck.packages import kernels

        @njit
        def caller(x):
            return kernels.dott(x, x)

        report(missing_package)
        report(missing_function)
        report(lambda: kernels.dott)
        report(lambda: caller(1.0))
        report(lambda: puck.packages.get("kernels", series="v7"))
    """)
    assert "PackageError True package `kernel` is not in the environment" in out
    assert out.count("hint: there is `kernels`") == 1
    assert out.count("there is `dot`") == 2
    assert "PackageError True package `kernels` 1.0.0 has no function `dott`" in out
    assert "PackageError True package `kernels` is installed in series v1, not in v7" in out
