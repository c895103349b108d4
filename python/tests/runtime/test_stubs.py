"""`python -m puck`, and the stubs that it writes."""

import ast
import subprocess
import sys

import pytest

import puck
from puck import _stub_types, _stubs


def test_stubs_say_what_functions_take(environment, tmp_path):
    written = _stubs.write(environment, tmp_path)
    for path in written:
        ast.parse(path.read_text())
    kernels = (tmp_path / "puck/packages/kernels.pyi").read_text()
    assert 'def add(x: float, y: float = ...) -> float:\n    """x plus y."""' in kernels
    assert "@_overload\ndef total(x: _NDArray[_np.float32]) -> float: ..." in kernels
    assert "def maybe(x: float | None) -> float | None: ..." in kernels
    assert "def span(times: _NDArray[_np.datetime64]) -> _np.timedelta64: ..." in kernels
    assert "-> tuple[int, _NDArray[_np.float64], bool]: ..." in kernels
    sums = (tmp_path / "puck/packages/fast_sums.pyi").read_text()
    assert "def scale(n: int, a: float, x: _NDArray[_np.float64]) -> None: ..." in sums
    assert "def address(p: _Any) -> int | None: ..." in sums
    assert "def unnamed(__1: float) -> float: ..." in sums
    text = (tmp_path / "puck/__init__.pyi").read_text()
    assert "from puck.packages import kernels as _kernels" in text
    assert "    kernels = _kernels" in text
    # The stub stands for all of the package.
    defined = {getattr(node, "name", None) for node in ast.parse(text).body}
    assert defined >= set(puck.__all__)


def test_functions_may_be_called_like_what_the_stub_uses(environment):
    functions = [{"name": "x", "signature": "fn(n: u64, x: *const f64, p: *mut c_void) -> f64"}] * 2
    own = {"np", "Any", "NDArray", "overload"}
    text = "\n".join(line for name in own for line in _stubs._function(name, functions))
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert used == {"_NDArray", "_np", "_Any", "int", "float"}
    text = _stubs.of_package(environment.kernels)
    imported = {
        alias.asname
        for node in ast.parse(text).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert imported == {"_Any", "_overload", "_np", "_NDArray"}


def test_narrow_overloads_come_first():
    functions = [
        {"name": "twice", "signature": f"fn(x: {ty}, n: u64) -> {ty}"}
        for ty in ("f64", "i64", "bool")
    ]
    lines = [line for line in _stubs._function("twice", functions) if line.startswith("def")]
    types = [line.partition("x: ")[2].partition(",")[0] for line in lines]
    assert types == ["bool", "int", "float"]


def test_signatures_with_functions_in_them_are_taken_apart():
    signature = 'fn(f: extern "C" fn(f64, *mut c_void) -> f64, r#in: i32) -> *mut Matrix'
    assert _stub_types.of_c(signature) == (["f", "in"], ["_Any", "int"], "int | None")
    assert _stub_types.of_c("fn()") == ([], [], "None")
    assert _stub_types.of_c("fn(u8, *const u8)")[1] == ["int", "_NDArray[_np.uint8] | bytes"]


@pytest.mark.parametrize("output", [None, "elsewhere"])
def test_the_command_writes_them(project, tmp_path, output):
    mine = tmp_path / "project"
    mine.mkdir()
    (mine / ".puck").symlink_to((project / ".puck").resolve())
    folder = mine / "typings" if output is None else tmp_path / output
    run = _run("stubs", str(mine), *([] if output is None else ["--output", str(folder)]))
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"5 files in {folder}\n"
    assert (folder / "puck/packages/kernels.pyi").is_file()


def test_the_command_says_what_is_wrong(tmp_path):
    run = _run("stubs", str(tmp_path))
    assert run.returncode == 1
    assert run.stderr.startswith("error: no environment in ")
    assert "\nhint: " in run.stderr


def test_other_verbs_are_the_commands(tmp_path):
    command = tmp_path / "puck"
    command.write_text('#!/bin/sh\necho "ran $*"\nexit 7\n')
    command.chmod(0o755)
    run = _run("install", "--frozen", path=f"{tmp_path}:/usr/bin:/bin")
    assert (run.returncode, run.stdout) == (7, "ran install --frozen\n")
    command.unlink()
    run = _run("install", path=str(tmp_path))
    assert run.returncode == 127
    assert "there is no command `puck` on PATH" in run.stderr


def _run(*arguments: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "puck", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": path},
    )
