"""The tests of a session, in processes of their own: a session changes Numba for good."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import puck

pytest.importorskip("numba")

_HERE = Path(__file__).parent


@pytest.mark.parametrize("checks", sorted(path.name for path in _HERE.glob("session/check_*.py")))
def test_in_a_process_of_its_own(checks):
    # The helpers, the sources that are compiled, and the package that is tested here.
    folders = [_HERE, _HERE / "sources", Path(puck.__file__).parents[1]]
    paths = os.pathsep.join(filter(None, [*map(str, folders), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-P", "-m", "pytest", "-q", "--import-mode=importlib", "--tb=short"]
    command += ["-p", "session_first", "-p", "no:cacheprovider", "-o", "python_files=check_*.py"]
    ran = subprocess.run(
        [*command, str(_HERE / "session" / checks)],
        capture_output=True,
        text=True,
        cwd=_HERE.parents[1],
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
