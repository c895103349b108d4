"""Every function of the survey returns and raises what plain Numba does, bit by bit.

All of `kernels/` is built and installed as one package. Three processes call everything with the
same arguments: plain Numba, the package from Python, and the package from jitted callers.
"""

from __future__ import annotations

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
    (folder / "project/Puck.toml").write_text('[dependencies]\nsurvey = { path = "../survey" }\n')
    run([PUCK, "install"], folder)
    found = {}
    for way in ("numba", "puck", "caller"):
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
