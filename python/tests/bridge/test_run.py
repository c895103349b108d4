"""`puck run` of functions that Numba compiled: a process without Python."""

import os
import subprocess

import pytest

PUCK = os.environ.get("PUCK")

_SOURCE = """
    from typing import NamedTuple

    import puck
    from numba import types

    class Point(NamedTuple):
        x: float
        n: int

    @puck.export("float64(float64)")
    def inverse(x):
        return 1.0 / x

    @puck.export("float64(float64, float64)")
    def power(x, exponent=2.0):
        if exponent < 0:
            raise ValueError("negative exponent", 3)
        return x ** exponent

    @puck.export("float64(float64[:,::1], int64)", "float64(float32[:,::1], int64)")
    def row(a, i):
        return a[i].sum()

    @puck.export("void(float64[::1,:])")
    def count(a):
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                a[i, j] = 10 * i + j

    @puck.export(types.Tuple((types.float64, types.int64))(types.UniTuple(types.int8, 2)))
    def pair(t):
        return t[0] / 2, t[1] + 1

    @puck.export("float64(float64)")
    def given(x):
        return Point(x, 1).x

    @puck.export("optional(float64)(complex128)")
    def real(z):
        if z.imag != 0:
            return None
        return z.real

    @puck.export("boolean(int64)")
    def printed(n):
        print(n)
        return True
"""


@pytest.fixture(scope="module")
def kernels(shared_world):
    shared_world.package("kernels", _SOURCE)
    shared_world.install("kernels")
    return shared_world


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ("inverse 4", "0.25"),
        ("power 3", "9"),
        ("power 3 3", "27"),
        ("row [[1,2],[3,4]] 1", None),
        ("count zeros(2,3)", "a = [[0, 1, 2], [10, 11, 12]]"),
        ("pair (3,4)", "(1.5, 5)"),
        ("given 0.5", "0.5"),
        ("real 1.5", "1.5"),
        ("real 1+2j", "None"),
    ],
)
def test_results(kernels, call, shown):
    name, *arguments = call.split()
    if shown is None:
        asked = "(a: float32[:, ::1], i: int64) -> float64"
        found = kernels.puck("run", f"kernels::{name}", *arguments[:2], "--signature", asked)
        assert found.strip() == "7"
    else:
        assert kernels.puck("run", f"kernels::{name}", *arguments).strip() == shown


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("inverse 0", "`kernels::inverse` raised ZeroDivisionError: division by zero"),
        ("power 1 -1", "`kernels::power` raised ValueError: ('negative exponent', 3)"),
        ("power 1 null", "argument 2 (`exponent: float64 = 2.0`): expected a number, found `null`"),
        ("power", "expected 1 to 2 arguments, found 0: (x: float64, exponent: float64 = 2.0)"),
        ("row [[1,2],[3,4]] 1", "the arguments fit several functions `row`:"),
        ("printed 3", "`kernels::printed` of kernels 1.0.0 uses what nothing in this process"),
    ],
)
def test_failures(kernels, call, message):
    name, *arguments = call.split()
    run = subprocess.run(
        [PUCK or "puck", "run", f"kernels::{name}", *arguments],
        cwd=kernels.project,
        env=kernels.variables(),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1, run
    assert message in run.stderr
    if "ValueError" in message:
        assert "kernels.py:" in run.stderr
        assert f"in {name}" in run.stderr


def test_a_new_package_works_at_once(world):
    world.puck("new", "kernels", "--lang", "python", "--path", "../kernels")
    world.install("kernels")
    assert world.puck("run", "kernels::dot", "[1,2,3]", "[4,5,6]") == "32\n"
    assert world.puck("run", "kernels::center", "[1,2,6]") == "3\nx = [-2, -1, 3]\n"
    assert world.puck("run", "kernels::center", "[]") == "nan\n"
    # The README's commands are these, where the package is.
    readme = (world.folder / "kernels/README.md").read_text()
    assert "puck run kernels::dot [1,2,3] [4,5,6]    # 32\n" in readme
    out = world.run("""
        import numpy as np
        from numba import njit
        from puck.packages import kernels

        @njit
        def norm(x):
            return kernels.dot(x, x) ** 0.5

        print(norm(np.array([3.0, 4.0])))
        try:
            kernels.dot(np.ones(1), np.ones(2))
        except ValueError as error:
            print(error)
    """)
    assert out.splitlines() == ["5.0", "x and y are not of the same length"]
