"""What changes of a project have to be seen in code that was compiled before."""

from __future__ import annotations

import pytest

_HEAD = "import puck\nfrom numba import njit\n"
_CALL = "\n@puck.njit\ndef f(x): return "
_JITTED = "@njit\ndef a(x): return x + 1\n@njit\ndef b(x): return x + 100\n"
CASES = {
    "another name for a constant": ("A = (1, 2)\nB = (3, 4)\nC = {}" + _CALL
        + "x + A[0] + B[0] + C[0]\n", "A", "B", 10),
    "another name for a helper": (_JITTED + "c = {}" + _CALL + "a(x) + b(x) + c(x)\n",
        "a", "b", 210),
    "an attribute that a second user reads": ("import k\nk.A = {}\nk.B = 10\n@njit\n"
        "def g(x): return x * k.B\n" + _CALL + "g(x) + k.A\n", "1", "2", 32),
    "a body that Numba inlines": ("@puck.njit(inline='always')\ndef g(x): return x + {}\n"
        + _CALL + "g(x)\n", "1", "2", 5),
    "a default value": ("@puck.njit\ndef g(x, k={}): return x + k\n" + _CALL + "g(x)\n",
        "1", "2", 5),
    "the order of parameters": ("@puck.njit\ndef g({}): return a * 10 + b\n" + _CALL
        + "g(b=x, a=x + 1)\n", "b, a", "a, b", 43),
    "another signature": ("@puck.njit({})\ndef g(x): return x / 2\n" + _CALL + "g(x)\n",
        "['float64(float64)']", "['float64(float64)', 'int64(int64)']", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_caller_sees_what_changed(project, name):
    text, before, after, expected = CASES[name]
    project.write("k", "")
    project.write("m", _HEAD + text.format(before))
    project.run("import m\nprint(m.f(3))")
    project.write("m", _HEAD + text.format(after))
    assert project.run("import m\nprint(m.f(3))").lines == [str(expected)]


def test_a_cached_caller_works_when_the_switch_is_off(project):
    project.write("n", _HEAD + "@puck.njit\ndef g(x): return x + 1\n")
    project.write("m", _HEAD + "import n\n@njit(cache=True)\ndef f(x): return n.g(x)\n")
    script = "import m\nprint(m.f(3))"
    assert project.run(script).lines == ["4"]
    assert project.run(script, "off").lines == ["4"]


def test_a_result_of_a_class_that_is_gone(project):
    text = _HEAD + "from collections import namedtuple\n{0} = namedtuple('{0}', 'x y')\n"
    text += "@puck.njit\ndef g(x): return {0}(x, 1)\n"
    project.write("m", _HEAD + "import n\n@puck.njit\ndef f(x): return n.g(x).x\n")
    for name in ("P", "Q"):
        project.write("n", text.format(name))
        assert project.run("import m\nprint(m.f(3))").lines == ["3"]
