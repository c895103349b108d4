"""Environments and packages as objects."""

import gc
import json
import os
import pickle
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

import puck
from puck import _puck


def test_importing_is_light():
    script = (
        "import sys, puck; puck.Environment\n"
        "heavy = {'numpy', 'numba', 'inspect', 'ast', 'ctypes', 'difflib', 'hashlib'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == ""


def test_packages_are_attributes_and_items(environment):
    assert {"fast_sums", "kernels"} <= set(dir(environment))
    package = environment.fast_sums
    assert environment["fast-sums"] is package
    assert environment["fast-sums.v1"] is package
    assert environment.package("fast_sums") is package
    assert (package.__version__, package.__series__) == ("1.2.0", "v1")
    assert package.__doc__ == "Sums of several kinds"
    assert [p.__name__ for p in environment.packages] == ["fast_sums", "kernels", "numba_runtime"]
    assert "fast-sums 1.2.0" in repr(environment)
    assert repr(package).startswith("<package fast-sums 1.2.0 of ")
    assert environment.link == "dynamic"
    assert os.path.basename(environment.path) == environment.key


def test_functions_are_attributes(sums):
    assert {"dot", "half"} <= set(dir(sums))
    assert sums.half is sums.half
    assert sums["half"] is sums.half
    assert isinstance(sums.half, puck.Function)


def test_an_environments_own_folder_can_be_opened(environment):
    assert puck.open(environment.path).key == environment.key
    assert puck.open(environment.path).fast_sums.half(2.0) == 1.0


def test_what_is_not_there(environment, sums, tmp_path):
    with pytest.raises(AttributeError, match="did you mean `fast-sums`"):
        _ = environment.fast_sum
    with pytest.raises(puck.PackageError, match="no package `nothing`") as raised:
        environment.package("nothing")
    assert raised.value.hint == "`puck add nothing`, then `puck install`, adds it"
    with pytest.raises(puck.PackageError, match=r"no series v2 of `fast-sums` in .*, but v1"):
        _ = environment["fast-sums.v2"]
    with pytest.raises(AttributeError, match=r"fast-sums 1\.2\.0 has no function `hafl`"):
        _ = sums.hafl
    assert not hasattr(sums, "nowhere")
    with pytest.raises(puck.PackageError, match="no environment in") as raised:
        puck.open(tmp_path)
    assert str(raised.value).endswith("hint: " + raised.value.hint)
    with pytest.raises(AttributeError, match="has no attribute 'nowhere'"):
        _ = puck.nowhere


_OF_NUMBA = b'{"format": 1, "abi": "numba-cpu-1", "functions": %b}'


@pytest.mark.parametrize(
    "content",
    [
        b'{"format": 1,',
        b"[]",
        b"[" * 100_000,
        b"\xff",
        b'{"format": 1, "abi": "numba-cpu-1"}',
        _OF_NUMBA % b"3",
        _OF_NUMBA % b"[3]",
        _OF_NUMBA % b'[{"name": "add"}]',
    ],
)
def test_damaged_descriptions_are_named(environment, tmp_path, content):
    copy = Path(shutil.copytree(environment.path, tmp_path / "copy"))
    (described,) = copy.glob("share/kernels.*/numba.json")
    described.chmod(0o644)
    described.write_bytes(content)
    with pytest.raises(puck.PackageError, match=r"`numba\.json` of package `kernels`.* is damaged"):
        _ = puck.open(copy).kernels.add
    assert puck.open(copy).fast_sums.half(2.0) == 1.0


def test_other_damaged_descriptions_are_named(environment, tmp_path):
    copy = Path(shutil.copytree(environment.path, tmp_path / "copy", symlinks=False))
    (described,) = copy.glob("packages/kernels-*.json")
    described.chmod(0o644)
    described.write_text("{}")
    with pytest.raises(
        puck.PackageError, match=r"`package\.json` of package `kernels`.* is damaged"
    ):
        _ = puck.open(copy).kernels.add
    (described,) = copy.glob("share/kernels.*/numba.json")
    described.chmod(0o644)
    described.write_text('{"format": "1", "abi": "numba-cpu-1", "functions": []}')
    with pytest.raises(puck.PackageError, match="described in format '1'"):
        _ = puck.open(copy).kernels.add


def test_nothing_keeps_environments_that_are_used_no_more(environment):
    kernels = puck.open(environment.path).kernels
    assert kernels.add(2.0)
    kept = weakref.ref(kernels)
    del kernels
    gc.collect()
    assert kept() is None


def test_damaged_environments_are_named(tmp_path):
    (tmp_path / "environment.json").write_text("{")
    with pytest.raises(puck.PackageError, match=r"environment\.json"):
        puck.open(tmp_path)
    (tmp_path / "environment.json").write_text('{"format": 99}')
    with pytest.raises(puck.PackageError, match=r"environment\.json") as raised:
        puck.open(tmp_path)
    assert raised.value.hint


def test_errors_survive_pickling():
    error = puck.PackageError("not there", hint="look elsewhere")
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, ImportError)
    assert (str(copy), copy.hint) == ("not there\nhint: look elsewhere", "look elsewhere")


def test_functions_go_to_other_processes(environment, project):
    script = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(5.0))"
    for function, expected in [
        (environment.fast_sums.half, "2.5"),
        (environment.kernels.add, "7.0"),
    ]:
        run = subprocess.run(
            [sys.executable, "-P", "-c", script], input=pickle.dumps(function), capture_output=True
        )
        assert run.returncode == 0, run.stderr.decode()
        assert run.stdout.decode().strip() == expected
    assert pickle.loads(pickle.dumps(environment.fast_sums.half))(1.0) == 0.5


def test_the_extension_reads_packages(environment, project):
    native = _puck.Environment.open(str(project))
    assert ("fast-sums", "1.2.0", "v1", True) in native.packages()
    document = json.loads(native.description("fast-sums", "v1"))
    assert document["name"] == "fast-sums"
    assert json.loads(native.share("kernels", None, "numba.json"))["package"] == "kernels"
    assert native.share("kernels", None, "other.json") is None
    assert native.share("kernels", None, "../../environment.json") is None
    half = next(f for f in document["functions"] if f["name"] == "half")
    native.load("fast-sums")
    assert native.address(half["link-name"]) == environment.fast_sums.half.address
    with pytest.raises(puck.PackageError, match="is not a link name"):
        native.address("half")
    with pytest.raises(puck.PackageError):
        native.address("fast_sums.v1.half.00000000")


def test_what_a_provider_raises_is_raised(project):
    script = f"""
import puck._puck
def provide(symbol, provider):
    raise KeyError(symbol)
native = puck._puck.Environment.open({str(project)!r})
try:
    native.load("kernels", None, provide)
except KeyError as error:
    print("raised", str(error).strip("'")[:3])
"""
    run = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("raised ")


ASKED_LATER = """
import json, sys
import puck._puck
def provide(symbol, provider):
    raise KeyError(provider)
native = puck._puck.Environment.open(sys.argv[1])
functions = json.loads(native.description("kernels", None))["functions"]
names = {f["name"]: f["link-name"] for f in functions if f.get("abi") == "numba-cpu-1"}
native.load("kernels")
native.load("kernels", None, provide)
for name in ("talk", "add", "talk"):
    try:
        print(name, native.address(names[name]) > 0)
    except (KeyError, puck.PackageError) as error:
        print(name, type(error).__name__)
"""


def test_what_a_provider_raises_when_a_function_is_asked_for_is_raised(project):
    command = [sys.executable, "-P", "-c", ASKED_LATER, str(project)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    # Nobody was added since, so it is not asked again; nor is what it raised raised for another.
    assert run.stdout.splitlines() == ["talk KeyError", "add True", "talk PackageError"]


def test_paths_may_be_bytes(project):
    assert puck.open(os.fsencode(project)).path == puck.open(project).path
    with pytest.raises(TypeError, match="expected str, bytes or os"):
        puck.open(5)


def test_without_numba_what_needs_it_says_so(tmp_path):
    script = "import sys; sys.modules['numba'] = None; from puck import njit"
    run = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True)
    assert run.stderr.splitlines()[-2:] == [
        "ModuleNotFoundError: puck.njit needs Numba, which is not installed",
        "hint: `pip install numba`",
    ]


def test_fingerprints_are_those_of_link_names():
    # SHA-256 of "abc".
    assert _puck.fingerprint("abc") == "ba7816bf"
