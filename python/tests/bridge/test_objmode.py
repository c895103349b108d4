"""Functions with object mode, without their sources, and with another Python than they are for."""

import os
import sys

import pytest

OTHER_PYTHON = os.environ.get("OTHER_PYTHON")
_PRETEND = "_installed.sys = SimpleNamespace(version_info=(2, 7, 18), version='2.7.18 (main)')"

# A module of the same name as the package's source is found where the package is used.
_SOURCE = """
    import math
    import numpy as np
    import puck
    from numba import njit, objmode

    SCALE = 2.0

    def helper(v, *rest, k=2):
        y = 0.0
        for i, z in enumerate([v, *rest]):
            y += sum(t * i for t in [z])
        return y * SCALE + max([1, 2], key=lambda a: -a) + k

    @njit
    def jitted(x):
        return helped(x) + SCALE

    @njit
    def helped(x):
        return x + 1

    @puck.export("float64(float64)")
    def through(x):
        with objmode(y="float64"):
            y = helper(x, 2.0) + math.floor(x) + jitted(x) + float(np.float64(1.0))
        return y

    @puck.export("float64(float64)")
    def calls(x):
        return through(x)

    @puck.export("float64(float64)")
    def free(x):
        return x + 1

    @puck.export("int64(int64)")
    def texts(n):
        found = {"": 0}
        for i in range(n):
            found[str(i % 10)] = i
        return len(found) + (hash("abc") == hash("abc"))
"""

_UPPER = """
    import puck
    from puck.packages import modes

    @puck.export("float64(float64)")
    def above(x):
        return modes.through(x)

    @puck.export("float64(float64)")
    def beside(x):
        return modes.free(x)
"""


@pytest.fixture(scope="module")
def modes(shared_world):
    shared_world.package("modes", _SOURCE)
    shared_world.package("upper", _UPPER, dependencies=("modes",))
    shared_world.install("modes", "upper")
    return shared_world


@pytest.mark.parametrize("other", ["", "math = helper = None\nSCALE = 1e9\n"])
def test_the_sources_are_not_needed(modes, other):
    (modes.project / "kernels.py").unlink(missing_ok=True)
    if other:
        modes.module("kernels", other)
    # helper(3, 2): 2 * 2 + 1 + 2; then 3, 6 and 1.
    assert modes.run("""
        import puck
        from puck.packages import modes, upper

        print(modes.through(3.0), modes.calls(3.0), upper.above(3.0), modes.texts(25))
        print(puck.open(".").modes.through(3.0))
    """).splitlines() == ["17.0 17.0 17.0 12", "17.0"]


@pytest.mark.parametrize("pretend", [True, False])
def test_another_python_is_refused_before_anything_runs(modes, pretend):
    python = sys.executable if pretend else OTHER_PYTHON
    if python is None:
        pytest.skip("OTHER_PYTHON names no Python")
    script = """
        from types import SimpleNamespace
        from numba import njit
        from puck.packages import _installed, modes, upper

        PRETEND

        @njit
        def call(x):
            return upper.above(x)

        @njit
        def call_free(x):
            return modes.free(x)

        for function in (modes.through, modes.calls, upper.above, call):
            try:
                function(1.0)
            except Exception as error:
                print(type(error).__name__, str(error).splitlines()[0])
        print(modes.free(1.0), upper.beside(1.0), call_free(1.0))
    """
    out = modes.run(script.replace("PRETEND", _PRETEND if pretend else ""), python).splitlines()
    assert len(out) == 5, out
    for line in out[:4]:
        assert "`modes` 1.0.0 was exported with Python 3." in line
        assert f"(object mode); this is Python {'2.7.18' if pretend else '3.'}" in line
    assert out[4] == "2.0 2.0 2.0"
