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
    "another place of a field": ("from collections import namedtuple\nP = namedtuple('P', '{}')\n"
        + _CALL + "P(x, 1).x\n", "x y", "y x", 1),
    "another place of a field of a constant": ("from collections import namedtuple\n"
        "P = namedtuple('P', '{}')(5, 6)\n" + _CALL + "P.x + x\n", "x y", "y x", 9),
    "a plain function's signature": ("@njit({})\ndef g(x): return x / 3\n" + _CALL + "g(x) * 3\n",
        "'float32(float64)'", "'int64(float64)'", 3),
    "a plain function's locals": ("import numba\n@njit(locals=dict(y=numba.{}))\ndef g(x):\n"
        "    y = x / 7\n    return y\n" + _CALL + "g(x * 1.0) == x / 7\n", "float32", "float64",
        True),
    "a ufunc's signature": ("import numpy as np\nfrom numba import vectorize\n@vectorize({})\n"
        "def v(x): return x / 3\n" + _CALL + "v(np.full(1, x))[0] * 3\n",
        "['float64(float64)']", "['int64(float64)']", 3),
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


def test_a_result_has_another_order(project):
    project.write("m", _HEAD + "import n\n@puck.njit\ndef f(x): return n.g(x).x\n")
    for fields, expected in (("x y", "3"), ("y x", "1")):
        project.write("n", "import puck\nfrom collections import namedtuple\n"
            f"P = namedtuple('P', '{fields}')\n@puck.njit\ndef g(x): return P(x, 1)\n")  # fmt: skip
        assert project.run("import m\nprint(m.f(3))").lines == [expected]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [("a, b", "b, a", "43"), ("a, b=1, c=5", "a, b=1, c=6", "46")],
    ids=["parameters", "default value"],
)
def test_a_plain_cached_caller_sees_parameters(project, before, after, expected):
    text = "import puck\n@puck.njit\ndef g({}): return a * 10 + b\n"
    call = "n.g(3, 4)"
    if "c" in before:
        text, call = text.replace("+ b", "+ b * 10 + c"), "n.g(3)"
    project.write("m", _HEAD + f"import n\n@njit(cache=True)\ndef f(): return {call}\n")
    script = "import m\nprint(m.f(), sum(m.f.stats.cache_hits.values()))"
    project.write("n", text.format(before))
    project.run(script)
    assert project.run(script).lines[0].endswith(" 1")
    project.write("n", text.format(after))
    assert project.run(script).lines == [f"{expected} 0"]


def test_a_plain_caller_that_was_cached_with_its_callee_in_it(project):
    text = "import puck\n@puck.njit\ndef g(x): return x + {}\n"
    project.write("n", text.format(1))
    project.write("m", _HEAD + "import n\n@njit(cache=True)\ndef h(x): return n.g(x)\n"
        "@njit(cache=True)\ndef f(x): return h(x)\n")  # fmt: skip
    script = "import m\nprint(m.f(3), sum(m.f.stats.cache_hits.values()))"
    project.run(script, "off")
    assert project.run(script, "off").lines == ["4 1"]
    project.write("n", text.format(100))
    assert project.run(script).lines == ["103 0"]
    assert project.run(script).lines == ["103 1"]
    project.write("n", text.format(200))
    assert project.run(script).lines == ["203 1"]


_OVERLOAD = """
    from numba.extending import overload
    from kk import K

    def h(x):
        raise NotImplementedError

    @overload(h)
    def _h(x):
        if K > 10:
            return lambda x: x - K
        return lambda x: x + K
"""


def test_an_overload_sees_what_its_module_imports(project):
    project.write("ov", _OVERLOAD)
    project.write("m", "import puck, ov\n@puck.njit\ndef f(x): return ov.h(x)\n")
    for value, expected in ((1, "4"), (2, "5"), (11, "-8")):
        project.write("kk", f"K = {value}\n")
        outcome = project.run("import m\nprint(m.f(3))")
        assert (outcome.lines, outcome.of("compiled")) == ([expected], {"f"})
    assert project.run("import m\nprint(m.f(3))").of("declared") == {"f"}


def test_an_overload_that_is_edited_while_it_is_in_use(project):
    project.write("kk", "K = 1\n")
    project.write("ov", _OVERLOAD)
    project.write("m", "import puck, ov\n@puck.njit\ndef f(x): return ov.h(x)\n"
        "@puck.njit\ndef later(x): return ov.h(x) * 2\n")  # fmt: skip
    script = "import m\nprint(m.f(3))\n{}\nprint(m.later(3))"
    edit = "from pathlib import Path\nPath(m.__file__).with_name('kk.py').write_text('K = 2\\n')"
    outcome = project.run(script.format(edit))
    assert outcome.lines == ["4", "8"]
    assert outcome.of("numba") == {"later"}
    assert "was changed after the compile server had imported it" in str(outcome.report)
    outcome = project.run(script.format(""))
    assert (outcome.lines, outcome.of("compiled")) == (["5", "10"], {"f", "later"})


def test_settings_that_were_made_in_code(project):
    project.write("m", "import numba, puck\n@puck.njit\ndef f(a): return a[3]\n"
        "@puck.njit\ndef g(a): return a[4]\n")  # fmt: skip
    script = """
        import numba, numpy as np, m
        a = np.arange(10.0)[:2]
        {}
        print(m.f(a))
        numba.config.BOUNDSCHECK = 1
        try:
            m.g(a)
        except IndexError:
            print("checked")
    """
    assert project.run(script.format("")).lines == ["3.0", "checked"]
    with pytest.raises(AssertionError, match="IndexError"):
        project.run(script.format("numba.config.BOUNDSCHECK = 1"))
    assert project.run(script.format("")).of("declared") == {"f", "g"}


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


def test_an_overload_of_another_module_is_part_of_what_uses_it(project):
    extension = """
        from numba.extending import overload

        def special(x):
            raise NotImplementedError

        @overload(special)
        def _special(x):
            return lambda x: x + 1
    """
    project.write("extension", extension)
    project.write("module", """
        from extension import special
        from puck import njit

        @njit
        def uses(x):
            return special(x)
    """)  # fmt: skip
    script = "import module\nprint(module.uses(1))"
    assert project.twice(script).of("declared") == {"uses"}
    project.write("extension", extension.replace("x + 1", "x + 1000"))
    changed = project.run(script)
    assert changed.lines == ["1001"]
    assert changed.of("compiled") == {"uses"}


CALLEE = """
    import numpy as np
    from puck import njit

    class Odd(Exception):
        pass

    @njit("float64(float64[::1], int64)")
    def weighed(values, n):
        if n % 2:
            raise Odd(n)
        return values.sum() * n
"""
CALLER = """
    import numpy as np
    from numba import njit
    import callee

    @njit(cache=True)
    def caller(n):
        return callee.weighed(np.ones(3), n) + 1

    @njit(cache=True)
    def outer(n):
        return caller(n) * 2

    print(outer(4), sum(outer.stats.cache_hits.values()))
    try:
        outer(3)
    except callee.Odd as error:
        print(error.args)
"""


@pytest.fixture
def cached(project):
    project.write("callee", CALLEE)
    return lambda: project.run(CALLER, NUMBA_CACHE_DIR=str(project.folder / "numba")).lines


def test_a_cached_plain_caller_takes_the_newest_body(project, cached):
    assert cached() == ["26.0 0", "(3,)"]
    assert cached() == ["26.0 1", "(3,)"]
    project.write("callee", CALLEE.replace("* n\n", "* n * 10\n"))
    assert cached() == ["242.0 1", "(3,)"]


def test_a_cached_plain_caller_of_a_function_that_changed_is_compiled_again(project, cached):
    cached()
    project.write("callee", CALLEE.replace('"float64(float64[::1]', '"int64(float64[::1]'))
    assert cached() == ["26 0", "(3,)"]
    assert cached() == ["26 1", "(3,)"]
