"""Projects for the front end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import puck

# Where the package is that is tested here.
_ROOT = Path(puck.__file__).parents[1]


class Project:
    """A folder with sources, and what the front end says of them."""

    def __init__(self, folder):
        self.folder, self.output = folder, folder / "target" / "out"
        self.output.mkdir(parents=True)
        self.request = {
            "format": 1,
            "package": "fast-sums",
            "version": "1.2.0",
            "series": "v1",
            "directory": str(folder),
            "sources": [],
            "functions": [],
            "environment": None,
            "dependencies": [],
            "opt-level": 3,
            "debug": False,
            "output": str(self.output),
        }

    def write(self, name, text, source=True):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        if source:
            self.request["sources"].append(name)
        return self

    def run(self, **environment):
        path = self.output.parent / "request.json"
        path.write_text(json.dumps(self.request))
        # An empty part would stand for the current directory.
        paths = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        return subprocess.run(
            [sys.executable, "-P", "-m", "puck.frontend", str(path)],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": paths, **environment},
        )

    def answer(self, **environment):
        ran = self.run(**environment)
        assert ran.returncode == 0, ran.stderr + str(self.fault() if ran.returncode == 2 else "")
        return json.loads((self.output / "front-end.json").read_text())

    def fault(self):
        return json.loads((self.output / "error.json").read_text())

    def refused(self):
        ran = self.run()
        assert ran.returncode == 2, ran.stderr
        assert not (self.output / "front-end.json").exists()
        return self.fault()


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project")


@pytest.fixture
def project_in():
    """Makes a project in a folder."""
    return Project
