"""The front end as `puck build` starts it: a request in, files or a fault out."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import puck

pytest.importorskip("numba")

_ROOT = Path(puck.__file__).parents[1]
_SOURCES = Path(__file__).parent / "sources"

EXPORTED = """\
import puck
from numba import njit

@njit
def half(x):
    return x / 2

@puck.export("float64(float64)", "float32(float32)")
def halved(x):
    '''Half of it.'''
    return half(x)

@puck.export
@njit("int64(int64)")
def next_one(n):
    return n + 1

@puck.export("float64(float64)", name="smooth", fastmath=True)
def smooth_step(x, sharpness=2.0):
    return x ** sharpness
"""


def test_what_decorators_export(project):
    project.write("kernels.py", EXPORTED)
    answer = project.answer()
    functions = [(f["name"], f["abi"], f["declared"]) for f in answer["functions"]]
    assert functions == [
        ("halved", abi, f"(x: {ty}) -> {ty}")
        for ty in ("float64", "float32")
        for abi in ("numba-cpu-1", "c", "cpython-1")
    ] + [
        (name, abi, declared)
        for name, declared in [
            ("next_one", "(n: int64) -> int64"),
            ("smooth", "(x: float64, sharpness: float64 = 2.0) -> float64"),
        ]
        for abi in ("numba-cpu-1", "c", "cpython-1")
    ]
    assert answer["functions"][0]["doc"] == "Half of it."
    assert answer["functions"][0]["signature"] == "fn(*mut f64, *mut *mut c_void, f64) -> i32"
    assert answer["functions"][1]["signature"] == (
        "fn(result: *mut f64, exception: *mut *mut c_void, x: f64) -> i32"
    )
    assert all(f["link-name"].startswith("fast_sums.v1.") for f in answer["functions"])
    assert answer["inputs"] == ["kernels.py"]
    assert answer["imports"] == answer["warnings"] == []
    assert [tool.split()[0] for tool in answer["tools"]] == ["python", "numba", "llvmlite"]
    files = {path.name for path in project.output.iterdir()}
    assert {"module.bc", *answer["share"].values()} <= files
    described = json.loads((project.output / "numba.json").read_text())
    assert [f["signature"] for f in described["functions"][:2]] == ["(f64)->f64", "(f32)->f32"]
    assert described["functions"][0]["line"] == 8


def test_what_the_manifest_exports(project):
    project.write("a.py", "from numba import njit\n@njit\ndef twice(x):\n    return x * 2\n")
    project.write(
        "b.py", "from numba import njit\n@njit('int64(int64)')\ndef once(x):\n    return x\n"
    )
    project.request["functions"] = [
        {"name": "doubled", "object": "a.twice", "numba": ["float64(float64)", "int64(int64)"]},
        {"name": "once", "object": "once", "numba": []},
    ]
    answer = project.answer()
    native = [f for f in answer["functions"] if f["abi"] == "numba-cpu-1"]
    assert [(f["name"], f["declared"]) for f in native] == [
        ("doubled", "(x: float64) -> float64"),
        ("doubled", "(x: int64) -> int64"),
        ("once", "(x: int64) -> int64"),
    ]


def test_packages_modules_and_data_files_are_inputs(project):
    project.write("data/table.txt", "1.5 2.5", source=False)
    project.write("inner/__init__.py", "", source=False)
    project.write("inner/helpers.py", "FACTOR = 3.0\n", source=False)
    project.write(
        "inner/kernels.py",
        "import numpy as np\nimport puck\nfrom inner.helpers import FACTOR\n"
        "TABLE = np.loadtxt('data/table.txt')\n"
        "@puck.export('float64(int64)')\ndef at(i):\n    return TABLE[i] * FACTOR\n",
    )
    answer = project.answer()
    assert answer["inputs"] == [
        "data/table.txt",
        "inner/__init__.py",
        "inner/helpers.py",
        "inner/kernels.py",
    ]
    described = json.loads((project.output / "numba.json").read_text())
    assert described["functions"][0]["module"] == "inner.kernels"


@pytest.mark.newest
def test_modules_outside_of_the_project_are_inputs(project, tmp_path):
    project.write("../shared/common.py", "FACTOR = 3.0\n", source=False)
    text = "import puck, common\n@puck.export('float64(float64)')\ndef f(x):\n"
    project.write("k.py", f"{text}    return x * common.FACTOR\n")
    paths = os.pathsep.join([str(_ROOT), str(tmp_path / "shared")])
    answer = project.answer(PYTHONPATH=paths)
    assert answer["inputs"] == [str(tmp_path / "shared" / "common.py"), "k.py"]


def test_functions_that_call_each_other_before_they_are_exported(project):
    project.write(
        "parity.py",
        "import puck\n"
        "@puck.export('boolean(int64)')\n"
        "def even(n):\n    return True if n == 0 else odd(n - 1)\n"
        "@puck.export('boolean(int64)')\n"
        "def odd(n):\n    return False if n == 0 else even(n - 1)\n",
    )
    assert {f["name"] for f in project.answer()["functions"]} == {"even", "odd"}


def test_callers_see_the_declared_result(project):
    project.write(
        "kernels.py",
        "import puck\n"
        "@puck.export('float64(int64)')\ndef caller(n):\n    return callee(n) / 2\n"
        "@puck.export('float64(int64)')\ndef callee(n):\n    return n\n",
    )
    project.answer()
    described = json.loads((project.output / "numba.json").read_text())
    assert [f["signature"] for f in described["functions"]] == ["(i64)->f64"] * 2


@pytest.mark.newest
def test_the_manifest_may_repeat_what_a_decorator_says(project):
    project.write("kernels.py", EXPORTED)
    entry = {"name": "halved", "object": "halved", "numba": ["float64(float64)"]}
    project.request["functions"] = [entry]
    answer = project.answer()
    native = [f for f in answer["functions"] if f["abi"] == "numba-cpu-1"]
    assert [f["name"] for f in native] == ["halved", "halved", "next_one", "smooth"]


def test_the_local_package_has_no_part_in_a_build(project):
    project.write(
        "k.py",
        "import puck\n@puck.njit\ndef half(x):\n    return x / 2\n"
        "@puck.export('float64(float64)')\n@puck.njit\ndef f(x):\n    return half(x) + 1\n",
    )
    answer = project.answer(PUCK_NUMBA="declare")
    assert [f["name"] for f in answer["functions"]] == ["f"] * 3
    assert answer["imports"] == []
    assert sorted(path.name for path in project.folder.iterdir()) == ["k.py", "target"]
    assert sorted(path.name for path in (project.folder / "target").iterdir()) == [
        "out",
        "request.json",
    ]


@pytest.mark.newest
def test_what_is_imported_is_not_exported(project):
    mark = "import puck\n@puck.export('float64(float64)')\n"
    project.write("elsewhere.py", f"{mark}def theirs(x):\n    return x\n", source=False)
    project.write(
        "k.py", f"from elsewhere import theirs\n{mark}def ours(x):\n    return theirs(x)\n"
    )
    assert {f["name"] for f in project.answer()["functions"]} == {"ours"}


_MADE = """\
import puck

def make(factor):
    @puck.export("float64(float64)", name=f"times_{factor}")
    def times(x):
        return x * factor
    return times

several = [make(2), make(3)]
"""


def test_functions_without_a_name_of_their_own_are_exported(project):
    text = "import puck\n"
    for ty in ("int64", "float64"):
        text += f"@puck.export('{ty}({ty})')\ndef f(x):\n    return x\n"
    answer = project.write("k.py", text).write("made.py", _MADE).answer()
    native = [f for f in answer["functions"] if f["abi"] == "numba-cpu-1"]
    assert sorted((f["name"], f["declared"]) for f in native) == [
        ("f", "(x: float64) -> float64"),
        ("f", "(x: int64) -> int64"),
        ("times_2", "(x: float64) -> float64"),
        ("times_3", "(x: float64) -> float64"),
    ]


def test_closures_of_one_name_are_not_the_same_function(project):
    fault = project.write("made.py", _MADE.replace(', name=f"times_{factor}"', "")).refused()
    assert "`times` is exported twice for (f64)->f64" in fault["message"]


def test_callers_of_what_needs_python_need_it(project):
    project.write(
        "k.py",
        "import puck\nfrom numba import njit, types\n"
        "from numba.core.typing.templates import signature\n"
        "from numba.core import types\n"
        "callee = types.ExternalFunction('base.v1.f.01234567', types.int32(types.int64))\n"
        "@puck.export('int32(int64)')\ndef f(n):\n    return callee(n)\n",
    )
    environment = project.folder / "environment"
    described = environment / "share" / "base.v1" / "numba.json"
    described.parent.mkdir(parents=True)
    described.write_text(
        json.dumps({"functions": [{"link-name": "base.v1.f.01234567", "python": True}]})
    )
    fault = project.refused()
    assert "the package `base`, which is not among the dependencies" in fault["message"]
    project.request["dependencies"] = [{"name": "base", "series": "v1"}]
    project.request["environment"] = str(environment)
    answer = project.answer()
    assert answer["imports"] == [{"package": "base", "link-name": "base.v1.f.01234567"}]
    function = json.loads((project.output / "numba.json").read_text())["functions"][0]
    assert function["calls"] == ["base.v1.f.01234567"]
    assert function["python"]


def test_exceptions_are_described_whatever_their_bytes(project):
    messages = ["back\\slash", 'quo"te', "new\nline", "x" * 0x5C, "é"]
    text = "import puck\n@puck.export('int64(int64)')\ndef f(n):\n"
    for index, message in enumerate(messages):
        text += f"    if n == {index}:\n        raise ValueError({message!r})\n"
    project.write("k.py", text + "    return n\n").answer()
    described = json.loads((project.output / "numba.json").read_text())
    found = {exception["arguments"][0] for exception in described["exceptions"].values()}
    assert found == {repr(message) for message in messages}
    assert len(described["functions"][0]["raises"]) == len(messages)


def test_warnings_of_sources_are_passed_on(project):
    text = "import warnings\nimport puck\nwarnings.warn('old tables')\n"
    project.write("k.py", text + "@puck.export('float64(float64)')\ndef f(x):\n    return x\n")
    assert project.answer()["warnings"] == ["k.py:3: old tables"]


_ALL = {
    "smooth": "float64(float64)",
    "uses_helper_b": "float64(float64)",
    "checked": "float64(float64)",
    "with_value": "float64(float64)",
    "is_even": "boolean(int64)",
    "printed": "float64(float64)",
    "counted": "int64(int64[::1])",
    "in_python": "float64(int64)",
    "parallel_sum": "float64(float64[::1])",
    "vectorized": "float64[::1](float64[::1], float64[::1])",
    "with_debug_information": "float64(float64)",
    "sorted_copy": "float64[::1](float64[::1])",
}


def _built(project, folder, seed):
    shutil.copy(_SOURCES / "kernels.py", folder)
    project.request["sources"] = ["kernels.py"]
    project.request["functions"] = [
        {"name": name, "object": name, "numba": [signature]} for name, signature in _ALL.items()
    ]
    answer = project.answer(PYTHONHASHSEED=seed)
    files = {name: (project.output / name).read_bytes() for name in answer["share"]}
    return {**files, "module.bc": (project.output / "module.bc").read_bytes()}


def test_the_same_sources_give_the_same_bytes(project_in, tmp_path):
    here, deeper = tmp_path / "here", tmp_path / "elsewhere" / "and" / "deeper"
    first = _built(project_in(here), here, "1")
    second = _built(project_in(deeper), deeper, "2")
    assert first.keys() == second.keys()
    for name, content in first.items():
        assert second[name] == content, name
    everything = b"".join(first.values())
    for path in (tmp_path, Path(sys.prefix)):
        assert str(path).encode() not in everything


REFUSED = [
    ("k.py", "import no_such_module\n", "No module named 'no_such_module'", 1),
    ("k.py", b"\xff\xfe", "cannot be imported: SyntaxError", None),
    ("k.py", "x = (\n", "'(' was never closed", 1),
    ("k.py", "\nx = 1 / 0\n", "ZeroDivisionError: division by zero", 2),
    ("k.py", "raise SystemExit(3)\n", "SystemExit: 3", 1),
    ("k.py", "x = 1\n", "no function is exported", None),
    ("json.py", "x = 1\n", "the module `json` has the name of one of Python's own", None),
    ("a-b.py", "x = 1\n", "`a-b` is not a name", None),
    (
        "k.py",
        "import puck\n\n@puck.export\ndef f(x):\n    return x\n",
        "`f` is exported without types",
        3,
    ),
    (
        "k.py",
        "from numba import njit\n@njit('float64(float64)')\ndef f(x):\n    return x.y\n",
        "cannot be imported: Unknown attribute 'y'",
        2,
    ),
]


@pytest.mark.newest
@pytest.mark.parametrize(("name", "text", "message", "line"), REFUSED)
def test_sources_at_fault(project, name, text, message, line):
    fault = project.write(name, text).refused()
    assert message in fault["message"]
    assert fault["file"] == name
    assert fault["line"] == line


@pytest.mark.newest
def test_objects_that_are_not_there(project):
    project.write("k.py", "from numba import njit\n@njit\ndef f(x):\n    return x\n")
    entry = {"name": "g", "object": "g", "numba": ["float64(float64)"]}
    project.request["functions"] = [entry]
    fault = project.refused()
    assert "exports `g`, which none of the sources defines" in fault["message"]
    project.write("l.py", "from numba import njit\n@njit\ndef f(x):\n    return x\n")
    entry["object"] = "f"
    assert "there are several: in k, l" in project.refused()["message"]


@pytest.mark.newest
def test_a_request_of_another_format(project):
    project.write("k.py", "x = 1\n")
    project.request["format"] = 2
    assert "format 2" in project.refused()["message"]


def test_settings_of_numba_do_not_matter(project):
    project.write("kernels.py", EXPORTED)
    project.answer(NUMBA_DISABLE_JIT="1", NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR="/nonexistent")
    assert not list(project.folder.rglob("__pycache__"))


def test_one_function_has_one_name(project):
    twice = "@puck.export('float64(float64)', name='a')\n" * 2
    twice = "import puck\n" + twice.replace("'a'", "'b'", 1) + "def f(x):\n    return x\n"
    fault = project.write("twice.py", twice).refused()
    assert "is the function that is exported as `" in fault["message"]
    assert fault["hint"].startswith("export a function that calls it")
