"""`@puck.export` in ordinary use, outside of a build."""

import subprocess
import sys

import pytest

pytest.importorskip("numba")

import numba

import puck


def test_it_is_a_jitted_function_that_is_compiled_when_it_is_called():
    @puck.export("float64(float64)", fastmath=True)
    def halved(x):
        """Half."""
        return x / 2

    assert halved.signatures == []
    assert halved.targetoptions["fastmath"]
    assert halved(3) == 1.5
    assert halved.__doc__ == "Half."

    @numba.njit
    def caller(x):
        return halved(x) + 1

    assert caller(4.0) == 3.0


def test_on_top_of_a_jitted_function():
    @puck.export("float64(float64)")
    @puck.export("int64(int64)")
    @numba.njit
    def same(x):
        return x

    assert isinstance(same, numba.core.dispatcher.Dispatcher)
    assert same(2) == 2
    with pytest.raises(TypeError, match="fastmath: options belong to the decorator"):
        puck.export("float64(float64)", fastmath=True)(same)


def test_without_parentheses_and_with_lists():
    @puck.export
    def plain(x):
        return x

    @puck.export(["float64(float64)", "int64(int64)"])
    def listed(x):
        return x

    assert plain(1) == listed(1) == 1


def test_importing_it_imports_nothing_heavy():
    code = (
        "import sys, puck; puck.export; "
        "assert not {'numba', 'llvmlite', 'numpy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
