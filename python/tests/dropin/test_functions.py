"""What `@puck.njit` functions do as objects, and which of them are left to Numba."""

from __future__ import annotations

import pytest


def test_functions_of_the_main_script(project):
    outcome = project.same_as_numba("""
        import numpy as np
        from puck import njit

        class Wrong(Exception):
            pass

        @njit
        def first(x):
            if x > 3:
                raise Wrong("too large", x)
            return x + 1

        @njit("int64(int64)")
        def second(x):
            if x == 0:
                raise Wrong("zero")
            return first(x) * 2

        print(second(1), first(1.5))
        for call in (lambda: second(0), lambda: second(4), lambda: first(np.float32(4))):
            try:
                call()
            except Wrong as error:
                print(type(error) is Wrong, error.args)
    """)  # fmt: skip
    assert outcome.lines[1:] == [
        "True ('zero',)",
        "True ('too large', 4)",
        "True ('too large', 4.0)",
    ]
    assert outcome.of("numba") == set()


def test_closures_are_told_apart_by_their_values(project):
    outcome = project.same_as_numba("""
        from puck import njit

        def adder(by):
            @njit
            def add(x):
                return x + by
            return add

        def twice(function):
            @njit
            def applied(x):
                return function(function(x))
            return applied

        def recursive():
            @njit
            def down(n):
                return 0 if n == 0 else down(n - 1)
            return down

        one, ten = adder(1), adder(10)
        print(one(1), ten(1), twice(one)(1), twice(ten)(1), recursive()(3), adder(1)(5))
    """)  # fmt: skip
    assert outcome.lines == ["2 11 3 21 0 6"]
    assert outcome.of("numba") == set()


def test_functions_as_arguments_and_first_class_ones(project):
    outcome = project.same_as_numba("""
        import numba
        from puck import njit
        from numba import njit as plain, types

        @njit("float64(float64)")
        def half(x):
            return x / 2

        @njit("float64(float64)")
        def double(x):
            return x * 2

        @njit
        def apply(f, x):
            return f(x)

        unary = types.FunctionType(types.float64(types.float64))

        @plain(types.float64(unary, types.float64))
        def through(f, x):
            return f(x)

        @plain
        def chosen(i, x):
            functions = (half, double)
            total = 0.0
            for f in numba.literal_unroll(functions):
                total += f(x)
            return total

        print(apply(half, 3.0), apply(double, 3.0), through(half, 5.0), through(double, 5.0))
        print(chosen(0, 8.0), isinstance(numba.typeof(half), types.Dispatcher))
    """)  # fmt: skip
    assert outcome.of("numba") == set()


def test_types_that_are_not_portable(project):
    outcome = project.same_as_numba("""
        import ctypes
        import numpy as np
        import numba
        from puck import njit
        from numba.experimental import jitclass

        LARGE = np.arange(200_000.0)
        SIN = ctypes.CDLL("libm.so.6").sin
        SIN.argtypes, SIN.restype = [ctypes.c_double], ctypes.c_double

        @jitclass([("x", numba.float64)])
        class Point:
            def __init__(self, x):
                self.x = x

        @njit
        def of_list(values):
            return values[0] + len(values)

        @njit
        def greeting(name):
            return "hello " + name

        @njit
        def numbers(n):
            for i in range(n):
                yield i

        @njit
        def summed(n):
            s = 0
            for i in numbers(n):
                s += i
            return s

        @njit
        def of_point(p):
            return p.x

        @njit
        def of_large(i):
            return LARGE[i]

        @njit
        def c_sin(x):
            return SIN(x)

        @njit
        def typed(values):
            return values[0] * 2

        print(of_list([1, 2]), greeting("you"), list(numbers(3)), summed(4), of_point(Point(2.0)))
        print(of_large(7), c_sin(0.5), typed(numba.typed.List([4, 5])))
    """)  # fmt: skip
    assert {"of_list", "of_point", "of_large", "c_sin", "numbers"} <= outcome.of("numba")
    assert {"summed"} <= outcome.of("declared")
    reasons = {name.partition(".")[2]: reason for name, _, _, reason in outcome.report if reason}
    assert all(reasons[name] for name in outcome.of("numba"))
    assert "LARGE" in reasons["of_large"]


@pytest.mark.newest
def test_what_falls_back_is_said_once_if_asked(project):
    project.write("module", """
        from puck import njit

        @njit
        def of_list(values):
            return values[0]
    """)  # fmt: skip
    script = "import module\nprint(module.of_list([1]), module.of_list([2]))"
    assert project.run(script, PUCK_NUMBA_LOG="1").error.count("is left to Numba") == 1
    assert project.run(script).error == ""


def test_errors_of_types_are_numbas_own(project):
    outcome = project.run("""
        from numba.core.errors import TypingError
        from puck import njit

        @njit
        def wrong(x):
            return x.nothing

        @njit("int64(int64)")
        def also_wrong(x):
            return x + undefined

        for call in (lambda: wrong(1), lambda: also_wrong(1), lambda: also_wrong(1)):
            try:
                call()
            except TypingError as error:
                print("nothing" in str(error) or "undefined" in str(error))
    """)  # fmt: skip
    assert outcome.lines == ["True", "True", "True"]


def test_what_users_touch_of_a_dispatcher(project):
    outcome = project.twice("""
        import inspect
        import pickle
        import numba
        from puck import njit

        @njit("float64(float64, int64)")
        def power(x, n=2):
            "x to the n"
            return x**n

        @njit
        def open_to_all(x):
            return x + 1

        print(power.__name__, power.__doc__, power.__module__, power.__wrapped__ is power.py_func)
        print(inspect.signature(power), isinstance(power, numba.core.dispatcher.Dispatcher))
        print(power.py_func(3.0, 3), power(3.0, 2), power(n=3, x=2.0), power(3, 1))
        print(power.signatures, power.nopython_signatures)
        open_to_all.compile("(int32,)")
        print(open_to_all.signatures, open_to_all.nopython_signatures)
        print("define" in power.inspect_llvm(power.signatures[0]))
        open_to_all.recompile()
        print(open_to_all.signatures, open_to_all(5))
        try:
            power("x")
        except TypeError as error:
            print(str(error).splitlines()[0])
        again = pickle.loads(pickle.dumps(open_to_all))
        print(again is open_to_all, again(7))
        class Holder:
            method = open_to_all
        print(len(power.stats.cache_path) > 0, open_to_all.__get__(None) is open_to_all)
    """.replace("open_to_all.recompile()", "open_to_all.disable_compile(False)"))  # fmt: skip
    assert outcome.lines[0] == "power x to the n __main__ True"
    assert outcome.lines[1] == "(x, n=2) True"


def test_numba_around_and_within(project):
    project.same_as_numba("""
        import numpy as np
        from numba import njit as plain, objmode, vectorize
        from numba.extending import overload, register_jitable
        from puck import njit

        @njit
        def shifted(x):
            return x + 0.5

        @vectorize(["float64(float64)"])
        def many(x):
            return shifted(x) * 2

        @register_jitable
        def tripled(x):
            return 3 * x

        @njit
        def uses(values):
            return many(values).sum() + tripled(values[0])

        @njit
        def outside(x):
            with objmode(y="float64"):
                y = float(np.median(np.array([x, 1.0, 9.0])))
            return y + shifted(x)

        def special(x):
            raise NotImplementedError

        @overload(special)
        def _special(x):
            return lambda x: shifted(x) + 100

        @plain
        def calls_special(x):
            return special(x)

        print(many(np.arange(3.0)), uses(np.arange(3.0)), outside(2.0), calls_special(1.0))
    """)  # fmt: skip
