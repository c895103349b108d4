"""Every function of the survey returns and raises what plain Numba does, bit by bit.

All of `kernels/` is built and installed as one package. A process for each way calls everything
with the same arguments: plain Numba, the package from Python, the package from jitted callers, and
the package where there is no Numba, but the package numba-runtime. All of them do so once more in
another Python, with another Numba than the package was built with.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
PUCK = os.environ.get("PUCK")
OTHER_PYTHON = os.environ.get("OTHER_PYTHON")

pytest.importorskip("numba")
pytest.importorskip("scipy")
sys.path.insert(0, str(HERE))

import llvmlite.binding as llvm  # noqa: E402 - it may not be there, nor may `cases` be found
from cases import CASES  # noqa: E402

NUMBA_RUNTIME = HERE.parents[1] / "numba-runtime"
# They raise a class of the kernels' own, which is imported from where Numba is.
WITH_OWN_CLASS = {"raises_own", "raises_nested"}
# Numba compiles it with fast math as a power, of which LLVM 22 makes a call of `cbrt`, LLVM 20 not.
NEARLY_SAME = {"ufunc_cube_roots"} if llvm.llvm_version_info < (22,) else set()
STRUCTURES = ["named_tuple", "named_tuple_with_array", "record", "record_array"]
NAMES = [*(case.name for case in CASES), *STRUCTURES]


def manifest() -> str:
    """The package: those functions that no decorator exports are named, with their signatures."""
    lines = ['[package]\nname = "survey"\nversion = "1.0.0"\n\n[build]\nsources = ["*.py"]\n']
    for case in CASES:
        lines.append(
            f'[[function]]\nname = "{case.name}"\nsymbol = "{case.module}.{case.name}"\n'
            f'numba = ["{case.signature}"]\n'
        )
    return "\n".join(lines)


def variables(folder: Path) -> dict[str, str]:
    """No setting of whoever runs the tests."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PUCK_", "NUMBA_"))
    }
    return kept | {"PUCK_HOME": str(folder / "home"), "PUCK_PYTHON": sys.executable}


def run(command: list[str], folder: Path) -> None:
    """Runs a command in the project; it must succeed."""
    ran = subprocess.run(
        command,
        cwd=folder / "project",
        env=variables(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"


class Outcomes:
    """What came out, by function, of each way; a way is gone when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._found: dict[str, dict[str, Any]] = {}

    def __getitem__(self, way: str) -> dict[str, Any]:
        if way not in self._found:
            self._found[way] = self.of(way, sys.executable)
        return self._found[way]

    def of(self, way: str, python: str) -> dict[str, Any]:
        """What came out in a process of `python`."""
        file = self.folder / f"{way}.pickle"
        run([python, str(HERE / "outcomes.py"), way, str(file)], self.folder)
        return pickle.loads(file.read_bytes())

    @cached_property
    def needs_python(self) -> dict[str, bool]:
        """Which functions need Python."""
        description = self.folder / "project/.puck/share/survey.v1/numba.json"
        functions = json.loads(description.read_text())["functions"]
        return {one["name"]: one["python"] for one in functions}


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """The installed package, and what its functions return."""
    if PUCK is None:
        pytest.skip("the variable PUCK names no command to build packages with")
    folder = tmp_path_factory.mktemp("survey")
    shutil.copytree(HERE / "kernels", folder / "survey")
    (folder / "survey/Puck.toml").write_text(manifest())
    (folder / "project").mkdir()
    (folder / "project/Puck.toml").write_text(
        '[dependencies]\nsurvey = { path = "../survey" }\n'
        f'numba-runtime = {{ path = "{NUMBA_RUNTIME}" }}\n'
    )
    run([PUCK, "install"], folder)
    return Outcomes(folder)


def test_the_survey_is_one() -> None:
    """Names are those of exports, so no two functions may share one."""
    assert len(set(NAMES)) == len(NAMES)
    assert len(NAMES) >= 150


def check_same(name: str, found: Any, expected: Any) -> None:
    """What was found is what was expected, in every bit where that can be."""
    if name in NEARLY_SAME:
        (one,), (other,) = found, expected
        np.testing.assert_array_max_ulp(doubles(one), doubles(other), maxulp=2)
    else:
        assert found == expected


def doubles(outcome: Any) -> np.ndarray:
    """The items of the array that a call has returned."""
    (_, (_, _, _, _, content)), _ = outcome
    return np.frombuffer(content)


@pytest.mark.parametrize("name", NAMES)
def test_from_python(outcomes: Outcomes, name: str) -> None:
    check_same(name, outcomes["puck"][name], outcomes["numba"][name])


@pytest.mark.newest
@pytest.mark.parametrize("name", NAMES)
def test_from_jitted_code(outcomes: Outcomes, name: str) -> None:
    check_same(name, outcomes["caller"][name], outcomes["numba"][name])


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_without_numba(outcomes: Outcomes, name: str) -> None:
    alone, expected = outcomes["alone"][name], outcomes["numba"][name]
    if outcomes.needs_python[name]:
        kind, error = alone[0]
        assert kind == "cannot be had"
        assert f"PackageError: `survey::{name}`" in error
    elif name not in WITH_OWN_CLASS:
        check_same(name, alone, expected)
    else:
        # In its place, the nearest class that everybody has, and what it was.
        assert alone[0] == expected[0]
        assert alone[1][0] == (
            "raises",
            "ValueError",
            "('language.RefusedError: more than one: 1',)",
        )


@pytest.mark.skipif(OTHER_PYTHON is None, reason="OTHER_PYTHON names no Python")
@pytest.mark.parametrize("way", ["puck", "caller", "alone"])
def test_with_another_numba(outcomes: Outcomes, way: str) -> None:
    """The code is that of the package, whoever calls it."""
    expected = outcomes["alone" if way == "alone" else "puck"]
    found = outcomes.of(way, str(OTHER_PYTHON))
    assert found.keys() == expected.keys()
    differing = {name: found[name] for name in expected if found[name] != expected[name]}
    assert not differing
