"""Packages that the real command builds and installs, and processes that use them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PUCK = os.environ.get("PUCK")


class World:
    """Packages, and one project that depends on them by path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.cache = folder / "cache"
        self.project.mkdir()
        self._dependencies: list[str] = []

    def package(
        self,
        name: str,
        source: str,
        *,
        version: str = "1.0.0",
        dependencies: tuple[str, ...] = (),
        file: str = "kernels.py",
        manifest: str = "",
    ) -> None:
        """Write a package, or another version of it."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / file).write_text(textwrap.dedent(source))
        lines = [
            f'[package]\nname = "{name}"\nversion = "{version}"',
            f'[build]\nsources = ["{file}"]\ntargets = ["x86-64"]',
            textwrap.dedent(manifest),
            "[dependencies]",
            *(f'{needed} = {{ path = "../{needed}" }}' for needed in dependencies),
        ]
        (folder / "Puck.toml").write_text("\n".join(lines) + "\n")

    def install(self, *names: str) -> None:
        """Make the project depend on those, and install."""
        lines = ["[dependencies]", *(f'{name} = {{ path = "../{name}" }}' for name in names)]
        (self.project / "Puck.toml").write_text("\n".join(lines) + "\n")
        self.puck("install")

    def puck(self, *arguments: str) -> str:
        """Run the command in the project."""
        run = subprocess.run(
            [PUCK or "puck", *arguments],
            cwd=self.project,
            env=self.variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"puck {' '.join(arguments)}:\n{run.stdout}{run.stderr}"
        return run.stdout

    def module(self, name: str, source: str) -> None:
        """Write a module of the project, which functions that are cached need."""
        (self.project / f"{name}.py").write_text(textwrap.dedent(source))

    def run(self, script: str, python: str = sys.executable, **variables: str) -> str:
        """Run Python in the project; what it prints. It must succeed."""
        run = self.attempt(script, python, **variables)
        assert run.returncode == 0, f"exit code {run.returncode}:\n{run.stdout}\n{run.stderr}"
        return run.stdout.strip()

    def attempt(
        self, script: str, python: str = sys.executable, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run Python in the project."""
        return subprocess.run(
            [python, "-c", "import sys\nsys.path[0] = '.'\n" + textwrap.dedent(script)],
            cwd=self.project,
            env=self.variables() | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def variables(self) -> dict[str, str]:
        """The environment variables of processes: no setting of whoever runs the tests."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PUCK_", "NUMBA_"))
        }
        return kept | {
            "PUCK_HOME": str(self.folder / "home"),
            "PUCK_PYTHON": sys.executable,
            "NUMBA_CACHE_DIR": str(self.cache),
        }

    def cached(self, function: str) -> list[Path]:
        """The files that hold the code of a cached function."""
        return sorted(self.cache.rglob(f"*.{function}-*.nbc"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty world."""
    return _world(tmp_path)


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world for tests that change nothing in it."""
    return _world(tmp_path_factory.mktemp("world"))


def _world(folder: Path) -> World:
    pytest.importorskip("numba")
    if PUCK is None:
        pytest.skip("the variable PUCK names no command to build packages with")
    return World(folder)
