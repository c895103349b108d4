"""A project whose environment has a package of C functions, and one of Numba's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import puck

SOURCES = Path(__file__).parent / "sources"
NUMBA_RUNTIME = Path(__file__).parents[2] / "numba-runtime"


class Packages:
    """A package of C's functions and one of Numba's, and projects that depend on them."""

    def __init__(self, command: str, root: Path) -> None:
        self.command, self.root = command, root
        for name, files in [("sums", ["sums.c"]), ("kernels", ["kernels.py"])]:
            folder = root / name
            folder.mkdir()
            manifest = (SOURCES / f"{name.capitalize()}.toml").read_text()
            (folder / "Puck.toml").write_text(manifest)
            for file in files:
                (folder / file).write_bytes((SOURCES / file).read_bytes())

    def install(self, name: str, more: str = "") -> Path:
        """A project that has them installed, and more."""
        project = self.root / name
        project.mkdir()
        (project / "Puck.toml").write_text(
            "[dependencies]\n"
            'fast-sums = { path = "../sums" }\n'
            f'kernels = {{ path = "../kernels" }}\n{more}'
        )
        variables = {name: value for name, value in os.environ.items() if "PUCK" not in name}
        variables |= {"PUCK_HOME": str(self.root / "home"), "PUCK_PYTHON": sys.executable}
        run = subprocess.run(
            [self.command, "install"], cwd=project, env=variables, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return project


@pytest.fixture(scope="session")
def packages(tmp_path_factory) -> Packages:
    command = os.environ.get("PUCK")
    if command is None:
        pytest.skip("the variable PUCK names no command to build packages with")
    return Packages(command, tmp_path_factory.mktemp("runtime"))


@pytest.fixture(scope="session")
def project(packages) -> Path:
    """The project's folder, installed once for all tests, which change nothing in it."""
    return packages.install("project", f'numba-runtime = {{ path = "{NUMBA_RUNTIME}" }}\n')


@pytest.fixture(scope="session")
def bare_project(packages) -> Path:
    """The same without the package numba-runtime."""
    return packages.install("bare")


@pytest.fixture(scope="session")
def environment(project) -> puck.Environment:
    return puck.open(project)


@pytest.fixture(scope="session")
def sums(environment) -> puck.Package:
    return environment.fast_sums


@pytest.fixture(scope="session")
def kernels(environment) -> puck.Package:
    return environment.kernels
