"""Every function of the survey returns and raises what plain Numba does, bit by bit.

All of `kernels/` is built and installed as one package. Four processes call everything with the
same arguments: plain Numba, the package from Python, the package from jitted callers, and the
package where there is no Numba, but the package numba-runtime.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PUCK = os.environ.get("PUCK")

pytest.importorskip("numba")
pytest.importorskip("scipy")
sys.path.insert(0, str(HERE))

from cases import CASES  # noqa: E402 - found only now

NUMBA_RUNTIME = HERE.parents[1] / "numba-runtime"
# They raise a class of the kernels' own, which is imported from where Numba is.
WITH_OWN_CLASS = {"raises_own", "raises_nested"}
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


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What came out, by way and by function."""
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
    found = {}
    description = folder / "project/.puck/share/survey.v1/numba.json"
    functions = json.loads(description.read_text())["functions"]
    found["needs python"] = {one["name"]: one["python"] for one in functions}
    for way in ("numba", "puck", "caller", "alone"):
        file = folder / f"{way}.pickle"
        run([sys.executable, str(HERE / "outcomes.py"), way, str(file)], folder)
        found[way] = pickle.loads(file.read_bytes())
    return found


def test_the_survey_is_one() -> None:
    """Names are those of exports, so no two functions may share one."""
    assert len(set(NAMES)) == len(NAMES)
    assert len(NAMES) >= 150


@pytest.mark.parametrize("name", NAMES)
def test_from_python(outcomes: dict[str, dict[str, Any]], name: str) -> None:
    assert outcomes["puck"][name] == outcomes["numba"][name]


@pytest.mark.parametrize("name", NAMES)
def test_from_jitted_code(outcomes: dict[str, dict[str, Any]], name: str) -> None:
    assert outcomes["caller"][name] == outcomes["numba"][name]


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_without_numba(outcomes: dict[str, dict[str, Any]], name: str) -> None:
    alone, expected = outcomes["alone"][name], outcomes["numba"][name]
    if outcomes["needs python"][name]:
        kind, error = alone[0]
        assert kind == "cannot be had"
        assert f"PackageError: `survey::{name}`" in error
    elif name not in WITH_OWN_CLASS:
        assert alone == expected
    else:
        # In its place, the nearest class that everybody has, and what it was.
        assert alone[0] == expected[0]
        assert alone[1][0] == (
            "raises",
            "ValueError",
            "('language.RefusedError: more than one: 1',)",
        )
