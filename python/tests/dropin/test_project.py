"""A project of several modules: the same results in every mode, and nothing compiled twice."""

from __future__ import annotations

import pytest

BASE = """
    import math
    import numpy as np
    from puck import njit
    from numba import njit as plain

    SCALE = 1.5
    TABLE = np.array([1.0, 2.0, 4.0])

    class OutOfRange(ValueError):
        pass

    @njit("float64(float64)")
    def scaled(x):
        return x * SCALE

    @njit
    def looked_up(i):
        if i >= TABLE.size:
            raise OutOfRange("no such entry", 3)
        return TABLE[i]

    @njit(["float64(float64)", "int64(int64)"])
    def squared(x):
        return x * x

    @plain
    def helper(x):
        return math.erf(x) + squared(x)

    @njit(fastmath=True)
    def total(values):
        s = 0.0
        for v in values:
            s += v
        return s
"""
MIDDLE = """
    import numpy as np
    import base
    from puck import njit

    @njit("float64[:](float64[:], float64)", nogil=True)
    def shifted(values, by):
        out = np.empty_like(values)
        for i in range(values.size):
            out[i] = base.scaled(values[i]) + by
        return out

    @njit
    def parts(values, by=0.25):
        moved = shifted(values, by)
        return moved.sum(), moved, base.helper(by)

    @njit
    def checked(i, low=0):
        try:
            return base.looked_up(i + low)
        except Exception:
            return -1.0

    @njit(error_model="numpy")
    def ratio(a, b):
        return a / b

    @njit(boundscheck=True)
    def at(values, i):
        return values[i]

    @njit(parallel=True)
    def spread(n):
        from_each = np.zeros(n)
        for i in range(n):
            from_each[i] = base.scaled(float(i))
        return from_each
"""
TOP = """
    import numpy as np
    from base import looked_up, squared, total
    from middle import checked, parts, ratio
    from puck import njit

    @njit
    def factorial(n):
        return 1 if n < 2 else n * factorial(n - 1)

    @njit
    def even(n):
        return True if n == 0 else odd(n - 1)

    @njit
    def odd(n):
        return False if n == 0 else even(n - 1)

    @njit
    def complete(values, i):
        s, moved, extra = parts(values, by=2.0)
        t = parts(values)[0]
        return s + t + extra + total(moved), checked(i), squared(i), ratio(s, 0.0), factorial(i)

    @njit
    def maybe(x):
        return x if x > 0 else None
"""
SCRIPT = """
    import numpy as np
    import base, middle, top

    def show(value):
        if isinstance(value, tuple):
            for one in value:
                show(one)
        elif isinstance(value, np.ndarray):
            print(value.dtype, value.shape, value.tobytes().hex())
        else:
            print(type(value).__name__, value.hex() if isinstance(value, float) else value)

    values = np.linspace(0.1, 0.9, 7)
    show(top.complete(values, 2))
    show(top.complete(values=values, i=9))
    show(middle.parts(values))
    show(middle.parts(values, by=3.0))
    show(middle.spread(4))
    show((top.even(10), top.odd(10), top.maybe(2.0), top.maybe(-1.0)))
    show((base.squared(3), base.squared(0.3), base.scaled(2)))
    for call in (
        lambda: base.looked_up(7),
        lambda: middle.at(values, 99),
        lambda: base.squared("text"),
        lambda: middle.parts(1, 2, 3, 4),
    ):
        try:
            call()
        except Exception as error:
            print(type(error).__module__, type(error).__name__)
            if isinstance(error, base.OutOfRange):
                print(error.args)
"""
FUNCTIONS = {
    "scaled", "looked_up", "squared", "total", "shifted", "parts", "checked", "ratio", "at",
    "spread", "factorial", "even", "odd", "complete", "maybe",
}  # fmt: skip


@pytest.fixture
def several(project):
    project.write("base", BASE)
    project.write("middle", MIDDLE)
    project.write("top", TOP)
    return project


def test_every_mode_gives_the_same_bits(several):
    off = several.run(SCRIPT, "off")
    assert not several.store.exists()
    assert off.report == []
    declared = several.run(SCRIPT, "declare")
    assert declared.lines == off.lines
    again = several.run(SCRIPT)
    assert again.lines == off.lines
    called = again.of("declared")
    assert called == set(declared.statuses())
    assert not again.of("compiled")
    inlined = several.run(SCRIPT, "inline")
    assert inlined.lines == off.lines
    assert several.run(SCRIPT, "inline").lines == off.lines


@pytest.mark.newest
def test_functions_with_signatures_are_compiled_in_one_batch(several):
    several.run("import base, middle, top\nprint(top.even(4))")
    outcome = several.run("import base, middle\nprint(base.scaled(2.0), base.squared(3))")
    assert outcome.lines == ["3.0 9"]
    assert outcome.statuses() == {"scaled": "declared", "squared": "declared"}


def test_a_changed_body_is_compiled_alone(several):
    first = several.run(SCRIPT)
    several.write("base", BASE.replace("return x * SCALE", "return x * SCALE * 1.0 + 0.0"))
    second = several.run(SCRIPT)
    assert second.lines == first.lines
    several.write("base", BASE.replace("SCALE = 1.5", "SCALE = 2.5"))
    third = several.run(SCRIPT)
    assert third.of("compiled") <= {"scaled"}
    assert third.of("declared") >= {"complete", "parts", "spread"}
    assert third.lines == several.run(SCRIPT, "off").lines
    assert third.lines != first.lines


def test_a_changed_result_type_compiles_callers(several):
    several.run(SCRIPT)
    several.write("middle", MIDDLE.replace("return a / b", "return int(a - a)"))
    changed = several.run(SCRIPT)
    assert "complete" in changed.of("compiled")
    assert changed.of("declared") >= {"parts", "spread", "squared", "even"}
    assert changed.lines == several.run(SCRIPT, "off").lines


def test_a_changed_plain_helper_compiles_what_embeds_it(several):
    several.run(SCRIPT)
    several.write("base", BASE.replace("math.erf(x) +", "2.0 * math.erf(x) +"))
    changed = several.run(SCRIPT)
    assert "parts" in changed.of("compiled")
    assert changed.lines == several.run(SCRIPT, "off").lines


@pytest.mark.newest
def test_going_back_compiles_nothing(several):
    several.run(SCRIPT)
    several.write("base", BASE.replace("SCALE = 1.5", "SCALE = 2.5"))
    several.run(SCRIPT)
    several.write("base", BASE)
    assert several.run(SCRIPT).of("compiled") == set()
