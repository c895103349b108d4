"""The tests of a session, in a process of their own: a session changes Numba for good."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

_FOLDER = Path(__file__).parent / "session"


@pytest.mark.parametrize("checks", sorted(path.name for path in _FOLDER.glob("check_*.py")))
def test_in_a_process_of_its_own(checks):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", "-x"]
    command += ["-o", "python_files=check_*.py", "-p", "no:cacheprovider", str(_FOLDER / checks)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=root, env={**os.environ})
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
