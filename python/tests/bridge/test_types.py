"""Every type that crosses a border: from Python, from jitted code, cold and from the cache."""

from __future__ import annotations

import pytest

KERNELS = """
    from collections import namedtuple

    import numpy as np
    import puck
    from numba import from_dtype, njit, optional, types

    PAIR = types.Tuple((types.float64, types.UniTuple(types.int32, 2)))
    Point = namedtuple("Point", "x y")
    POINT = types.NamedUniTuple(types.float64, 2, Point)
    ROW = from_dtype(np.dtype([("id", np.int32), ("value", np.float64)], align=True))
    DAYS = types.NPDatetime("D")
    SPAN = types.NPTimedelta("D")


    def same(name, *signatures):
        @njit
        def function(x):
            return x

        return puck.export(*signatures, name=name)(function)


    NUMBERS = "boolean int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()
    NUMBERS += "float32 float64 complex64 complex128".split()
    for number in NUMBERS:
        globals()[f"same_{number}"] = same(f"same_{number}", f"{number}({number})")

    @puck.export(*(f"{number}({number}[::1])" for number in NUMBERS))
    def first(x):
        return x[0]

    @puck.export("float64[:,::1](float64[:,::1])", "float64[::1,:](float64[::1,:])",
                 "float64[:,:](float64[:,:])")
    def twice(x):
        x *= 2
        return x

    @puck.export("float64[:,::1](float64[:,:])")
    def copied(x):
        return x.copy()

    @puck.export("float64[:](float64[:])")
    def every_other(x):
        return x[::2]

    @puck.export(types.float64(types.Array(types.float64, 1, "C", readonly=True)))
    def total(x):
        return x.sum()

    @puck.export("void(float64[::1], float64)")
    def fill(x, value):
        x[:] = value

    @puck.export(PAIR(PAIR))
    def swap(pair):
        return pair[0] + 1, (pair[1][1], pair[1][0])

    ROWS = types.float64[::1]

    @puck.export(types.Tuple((ROWS, types.boolean))(types.UniTuple(ROWS, 2)))
    def join(both):
        return both[0] + both[1], both[0] is not both[1]

    @puck.export(POINT(POINT))
    def mirror(point):
        return Point(point.y, point.x)

    @puck.export(optional(types.float64)(optional(types.float64)))
    def maybe(x):
        if x is None:
            return 1.0
        if x > 0:
            return x
        return None

    @puck.export(DAYS(DAYS, SPAN))
    def later(day, span):
        return day + span

    @puck.export(SPAN(DAYS[::1]))
    def range_of(days):
        return days[-1] - days[0]

    @puck.export(types.float64(ROW[::1]))
    def sum_of(rows):
        result = 0.0
        for i in range(len(rows)):
            result += rows[i].value * rows[i].id
        return result

    @puck.export(types.float64(ROW))
    def value_of(row):
        return row.value

    @puck.export("float64()")
    def nothing():
        return 42.0
"""

# What is called, with arguments and what is expected of it.
CALLS = """
import sys

import numpy as np

sys.path.insert(0, "../kernels")
import kernels as source
from puck.packages import kernels

days = np.arange("2020-01", "2020-02", dtype="datetime64[D]")
rows = np.array([(1, 2.0), (3, 4.0)], dtype=[("id", np.int32), ("value", np.float64)])
rows = rows.astype(np.dtype(rows.dtype.descr, align=True))
frozen = np.arange(3.0)
frozen.flags.writeable = False
NUMBERS = {
    "boolean": True, "int8": -8, "int16": -1600, "int32": -(2**31), "int64": -(2**63),
    "uint8": 255, "uint16": 65535, "uint32": 2**32 - 1, "uint64": 2**64 - 1,
    "float32": 1.5, "float64": 1e300, "complex64": 1 + 2j, "complex128": 1e200 - 1j,
}
CASES = [
    *((f"same_{name}", (value,), value) for name, value in NUMBERS.items()),
    *(
        ("first", (np.array([value], np.bool_ if name == "boolean" else name),), value)
        for name, value in NUMBERS.items()
    ),
    ("twice", (np.arange(6.0).reshape(2, 3),), np.arange(0.0, 12, 2).reshape(2, 3)),
    ("twice", (np.arange(6.0).reshape(2, 3).T,), np.arange(0.0, 12, 2).reshape(2, 3).T),
    ("twice", (np.arange(24.0).reshape(4, 6)[::2, ::3],), np.array([[0.0, 6], [24, 30]])),
    ("copied", (np.arange(6.0).reshape(2, 3).T,), np.arange(6.0).reshape(2, 3).T),
    ("every_other", (np.arange(5.0),), np.array([0.0, 2, 4])),
    ("total", (frozen,), 3.0),
    ("total", (np.arange(3.0),), 3.0),
    ("fill", (np.zeros(3), 2.0), None),
    ("swap", ((1.5, (np.int32(1), np.int32(2))),), (2.5, (2, 1))),
    ("join", ((np.arange(2.0), np.ones(2)),), (np.array([1.0, 2.0]), True)),
    ("mirror", (source.Point(1.0, 2.0),), source.Point(2.0, 1.0)),
    ("maybe", (2.0,), 2.0),
    ("maybe", (-2.0,), None),
    ("maybe", (None,), 1.0),
    ("later", (np.datetime64("2020-02-28"), np.timedelta64(2, "D")), np.datetime64("2020-03-01")),
    ("range_of", (days,), np.timedelta64(30, "D")),
    ("sum_of", (rows,), 14.0),
    ("value_of", (rows[1],), 4.0),
    ("nothing", (), 42.0),
]


def same(found, expected):
    if isinstance(expected, tuple):
        assert type(found).__name__ == type(expected).__name__, (found, expected)
        return all(same(*pair) for pair in zip(found, expected, strict=True))
    if isinstance(expected, np.ndarray):
        return np.array_equal(found, expected) and found.dtype == expected.dtype
    return found == expected and (found is None) == (expected is None)
"""

# A caller for each function, in a module, so that they can be cached.
CALLERS = """
from numba import njit
from puck.packages import kernels

"""


@pytest.fixture(scope="module")
def kernels(shared_world):
    shared_world.package("kernels", KERNELS)
    shared_world.install("kernels")
    names = shared_world.run("""
        from puck.packages import kernels
        print(*(name for name in dir(kernels) if not name.startswith("_")))
    """).split()
    shared_world.module(
        "callers",
        CALLERS
        + "\n".join(
            f"@njit(cache=True)\ndef {name}(*args):\n    return kernels.{name}(*args)\n\n"
            for name in names
        ),
    )
    shared_world.module("cases", CALLS)
    return shared_world


def test_from_python(kernels):
    assert (
        kernels.run("""
        from cases import CASES, kernels, same
        from numba.core import event

        with event.install_recorder("numba:compile") as compiled:
            for name, args, expected in CASES:
                found = getattr(kernels, name)(*args)
                assert same(found, expected), (name, args, found, expected)
                if name == "fill":
                    assert args[0].tolist() == [2.0] * 3
        print(len(CASES), len(compiled.buffer))
    """)
        == "45 0"
    )


@pytest.mark.parametrize("state", ["cold", "cached"])
def test_from_jitted_code(kernels, state):
    hits = kernels.run("""
        import callers
        from cases import CASES, same

        for name, args, expected in CASES:
            found = getattr(callers, name)(*args)
            assert same(found, expected), (name, args, found, expected)
        functions = {getattr(callers, name) for name, *_ in CASES}
        print(*(sum(sum(part.values()) for part in (getattr(one.stats, what) for one in functions))
                for what in ("cache_hits", "cache_misses")))
    """).split()
    # One overload for each case but the repeated ones, where only the value differs.
    assert hits == (["0", "44"] if state == "cold" else ["44", "0"])


def test_references_are_balanced(kernels):
    assert (
        kernels.run(
            """
        import gc
        import callers
        import numpy as np
        from cases import CASES, kernels
        from numba.core.runtime import rtsys

        def balance():
            gc.collect()
            stats = rtsys.get_allocation_stats()
            return stats.alloc - stats.free, stats.mi_alloc - stats.mi_free

        owners = {name: args for name, args, _ in CASES}
        # Numba counts once it has compiled something.
        for module in (callers, kernels):
            for name in ("twice", "copied", "every_other", "join", "fill", "total"):
                function, args = getattr(module, name), owners[name]
                function(*args)
                before = balance()
                for _ in range(1000):
                    function(*args)
                assert balance() == before, (module, name)
        print(rtsys.get_allocation_stats().mi_alloc > 1000)
        """,
            NUMBA_NRT_STATS="1",
        )
        == "True"
    )
