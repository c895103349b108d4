"""Projects in temporary folders, run by processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("numba")
pytest.importorskip("puck._puck")

_REPORT = """
import json, sys
import puck
entries = [list(entry) for entry in puck.numba_report()]
print("REPORT " + json.dumps(entries))
"""


@dataclass
class Outcome:
    """What a process printed, and what became of its functions."""

    lines: list[str]
    report: list[list[str]]
    error: str

    def statuses(self) -> dict[str, str]:
        """By function: what became of it last."""
        return {entry[0].partition(".")[2]: entry[2] for entry in self.report}

    def of(self, status: str) -> set[str]:
        """The functions of which that became."""
        return {name for name, found in self.statuses().items() if found == status}


class Project:
    """A folder of modules that use `@puck.njit`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "pyproject.toml").write_text("")

    @property
    def store(self) -> Path:
        """Where its code lies."""
        return self.folder / "target" / "puck" / "numba"

    def write(self, name: str, text: str) -> None:
        """Write a module."""
        (self.folder / f"{name}.py").write_text(textwrap.dedent(text))

    def environment(self, mode: str | None = None, **more: str) -> dict[str, str]:
        """The environment of a process."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PUCK_")
        }
        # Not the sources: the package that is installed has the extension.
        environment["PYTHONPATH"] = str(self.folder)
        environment["XDG_CACHE_HOME"] = str(self.folder.parent / "cache")
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        if mode is not None:
            environment["PUCK_NUMBA"] = mode
        return environment | more

    def start(self, script: str, mode: str | None = None, **more: str) -> subprocess.Popen[str]:
        """Start a process."""
        path = self.folder / "run_this.py"
        text = textwrap.dedent(script) + _REPORT
        # Numba's cache looks at the time of the file.
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return subprocess.Popen(
            [sys.executable, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.environment(mode, **more),
        )

    def finish(self, process: subprocess.Popen[str]) -> Outcome:
        """What a process says; it must succeed."""
        out, error = process.communicate(timeout=300)
        assert process.returncode == 0, error
        lines = out.splitlines()
        report = [line for line in lines if line.startswith("REPORT ")]
        shown = [line for line in lines if not line.startswith("REPORT ")]
        return Outcome(shown, json.loads(report[-1].removeprefix("REPORT ")), error)

    def run(self, script: str, mode: str | None = None, **more: str) -> Outcome:
        """Run a process to its end."""
        return self.finish(self.start(script, mode, **more))

    def twice(self, script: str) -> Outcome:
        """Run a process that compiles, and one with what was compiled; what the second says."""
        first = self.run(script)
        second = self.run(script)
        assert second.lines == first.lines
        assert second.of("compiled") == set()
        return second

    def same_as_numba(self, script: str) -> Outcome:
        """As `twice`; Numba alone must say the same."""
        outcome = self.twice(script)
        assert self.run(script, "off").lines == outcome.lines
        return outcome


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return Project(tmp_path / "project")


class Chain(Project):
    """A project of functions that call each other; `script` calls the last of them."""

    script = "import module\nprint(module.f11(2.0).hex())"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        functions = "".join(_FUNCTION.format(i, i - 1) for i in range(1, 12))
        self.write("module", _FIRST + functions)

    def expected(self) -> list[str]:
        """What the script prints with Numba alone."""
        return self.run(self.script, "off").lines


_FIRST = """
    from puck import njit

    @njit("float64(float64)")
    def f0(x):
        return x + 1.0
"""
_FUNCTION = """
    @njit("float64(float64)")
    def f{0}(x):
        return f{1}(x) * 1.01 + {0}
"""


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    """A project of functions that call each other."""
    return Chain(tmp_path / "project")
