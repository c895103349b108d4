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


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """The project's folder, installed once for all tests, which change nothing in it."""
    command = os.environ.get("PUCK")
    if command is None:
        pytest.skip("the variable PUCK names no command to build packages with")
    root = tmp_path_factory.mktemp("runtime")
    for name, files in [("sums", ["sums.c"]), ("kernels", ["kernels.py"])]:
        folder = root / name
        folder.mkdir()
        manifest = (SOURCES / f"{name.capitalize()}.toml").read_text()
        (folder / "Puck.toml").write_text(manifest)
        for file in files:
            (folder / file).write_bytes((SOURCES / file).read_bytes())
    project = root / "project"
    project.mkdir()
    (project / "Puck.toml").write_text(
        "[dependencies]\n"
        'fast-sums = { path = "../sums" }\n'
        'kernels = { path = "../kernels" }\n'
        f'numba-runtime = {{ path = "{NUMBA_RUNTIME}" }}\n'
    )
    variables = {name: value for name, value in os.environ.items() if "PUCK" not in name}
    variables |= {"PUCK_HOME": str(root / "home"), "PUCK_PYTHON": sys.executable}
    run = subprocess.run(
        [command, "install"], cwd=project, env=variables, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return project


@pytest.fixture(scope="session")
def environment(project) -> puck.Environment:
    return puck.open(project)


@pytest.fixture(scope="session")
def sums(environment) -> puck.Package:
    return environment.fast_sums


@pytest.fixture(scope="session")
def kernels(environment) -> puck.Package:
    return environment.kernels
