"""What a package cannot have: each refusal names the function, its line, and what to do."""

import json

import pytest

pytest.importorskip("numba")

_START = "import ctypes\nimport puck\n"


def _refused(project, text):
    fault = project.write("k.py", _START + text).refused()
    assert fault["file"] == "k.py"
    line = (_START + text).splitlines()[fault["line"] - 1]
    return fault["message"], fault["hint"], line


# What is in a source, which line of it is at fault, how the message starts, what the hint says.
REFUSED = {
    "more words than the format has room for": (
        "@puck.export('int64(UniTuple(int64, 400))')\ndef many(t):\n    return t[0]\n",
        "@puck.export('int64(UniTuple(int64, 400))')",
        "`many` is passed 402 words, where each part of a tuple is one and an array five, "
        "and two for each dimension; at most 255 can be",
        "array",
    ),
    "types that are nested too deeply": (
        "from numba import types\nty = types.int64\nfor _ in range(18):\n"
        "    ty = types.Tuple((ty, types.int64))\n"
        "@puck.export(types.int64(ty))\ndef deep(t):\n    return t[1]\n",
        "@puck.export(types.int64(ty))",
        "`deep` has types that no caller can read",
        "nested less deeply",
    ),
    "functions of ctypes": (
        "cosine = ctypes.CDLL('libm.so.6').cos\ncosine.restype = ctypes.c_double\n"
        "cosine.argtypes = [ctypes.c_double]\n"
        "@puck.export('float64(float64)')\ndef f(x):\n    return cosine(x)\n",
        "@puck.export('float64(float64)')",
        "`f` uses a C function by its address (ctypes or cffi)",
        "build the C source into the package",
    ),
    "symbols that nobody defines": (
        "from numba import types\n"
        "outside = types.ExternalFunction('nobody_has_this', types.float64(types.float64))\n"
        "@puck.export('int64(int64)')\ndef other(x):\n    return x\n"
        "@puck.export('float64(float64)')\ndef f(x):\n    return outside(x)\n",
        "@puck.export('float64(float64)')",
        "`f` refers to `nobody_has_this`, which neither the C library",
        "",
    ),
    "names that are words of Python": (
        "@puck.export('float64(float64)', name='class')\ndef f(x):\n    return x\n",
        "@puck.export('float64(float64)', name='class')",
        "`class` cannot be the name of an exported function: it is a word of Python's",
        'name="…"',
    ),
    "results that are not what the signature says": (
        "import numpy as np\n@puck.export('float64[:,::1](float64[:,::1])')\n"
        "def turned(x):\n    return x.T\n",
        "    return x.T",
        "`turned` cannot be compiled for (array(float64, 2d, C)): it returns "
        "array(float64, 2d, F), and its signature says array(float64, 2d, C)",
        "change the signature",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(project, name):
    text, at_fault, start, advice = REFUSED[name]
    message, hint, line = _refused(project, text)
    assert message.startswith(start)
    assert advice in (hint or "")
    assert line == at_fault
    # No addresses, and nothing that is not there.
    assert "0x" not in message
    assert "None" not in message


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("K = 3\n", "int", "K = 3"),
        ("from math import pi as K\n", "float", "from math import pi as K"),
    ],
)
def test_what_the_manifest_exports_is_no_function(project, text, kind, line):
    project.request["functions"] = [{"name": "K", "object": "K", "numba": ["float64(float64)"]}]
    message, _, found = _refused(project, text)
    assert message.startswith(f"the manifest exports `K`, which is of the type `{kind}`")
    assert found == line


def test_decorators_above_vectorize(project):
    project.write(
        "k.py",
        "import puck\nfrom numba import vectorize\n"
        "@puck.export\n@vectorize(['float64(float64)', 'float32(float32)'])\n"
        "def bare(x):\n    return x + 1\n"
        "@puck.export()\n@vectorize(['float64(float64)'])\ndef called(x):\n    return x + 2\n"
        "@puck.export('int64(int64)')\n@vectorize\ndef given(x):\n    return x + 3\n",
    )
    native = [f for f in project.answer()["functions"] if f["abi"] == "numba-cpu-1"]
    assert [(f["name"], f["declared"]) for f in native] == [
        ("bare", "(x: float64) -> float64"),
        ("bare", "(x: float32) -> float32"),
        ("called", "(x: float64) -> float64"),
        ("given", "(x: int64) -> int64"),
    ]


def test_hashes_of_text_are_those_of_the_process(project):
    project.write(
        "k.py",
        "import puck\n@puck.export('int64(int64)')\ndef counted(n):\n"
        "    found = {}\n    for i in range(n):\n        found[str(i % 10)] = i\n"
        "    return len(found)\n",
    )
    answer = project.answer()
    secrets = [h for h in answer["host-imports"] if h["symbol"].startswith("_numba_hashsecret")]
    assert secrets
    assert {secret["provider"] for secret in secrets} == {"numba"}
    function = json.loads((project.output / "numba.json").read_text())["functions"][0]
    assert function["python"]
    assert not function["bytecode"]


_OBJMODE = """
import math
from numba import objmode
def helper(v, *rest, k=2):
    return v + len(rest) + k
class Thing:
    pass
@puck.export("float64(float64)")
def f(x):
    with objmode(y="float64"):
        y = {}
    return y
"""


def test_object_mode_is_for_one_python(project):
    text = _OBJMODE.format("helper(x, 1) + math.floor(x)")
    text += "@puck.export('float64(float64)')\ndef g(x):\n    return x\n"
    project.write("k.py", _START + text).answer()
    functions = json.loads((project.output / "numba.json").read_text())["functions"]
    assert {f["name"]: f["bytecode"] for f in functions} == {"f": True, "g": False}


@pytest.mark.parametrize(("use", "what"), [("float(Thing is None)", "class `k.Thing`"),
                                           ("own.one()", "module `own`")])  # fmt: skip
def test_object_mode_with_what_only_the_sources_have(project, use, what):
    project.write("own.py", "def one():\n    return 1.0\n", source=False)
    message, hint, line = _refused(project, "import own\n" + _OBJMODE.format(use))
    assert f"object mode in `f` uses the {what} of the sources" in message
    assert hint.startswith("use functions and plain values")
    assert line.startswith("@puck.export")
