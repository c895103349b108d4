"""An environment's packages as Python needs them: what each offers, and loading it once.

Everything here is read lazily, so that importing a package costs one small file. Nothing here needs
NumPy or Numba.
"""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from puck._description import NUMBA_FILE, Description, chosen
from puck._errors import PackageError, nearest
from puck.packages._lock import lock

if TYPE_CHECKING:
    from puck import _puck
    from puck.packages._package import Package

INLINE_FILE = "numba-inline.json"


class Environment:
    """The packages of one environment."""

    def __init__(self, native: _puck.Environment) -> None:
        self.native = native
        self.path = native.path
        self.packages = native.packages()
        # Modules that were made, by name and the series that was asked for.
        self.modules: dict[tuple[str, str | None], Package] = {}
        self._installed: dict[tuple[str, str], Installed] = {}
        # Link names of functions that this Python can run, with all that they call.
        self.runnable: set[str] = set()

    def named(self, name: str) -> str | None:
        """The package that Python knows by that name: `fast_math` may be `fast-math`."""
        names = {package for package, *_ in self.packages}
        return next((known for known in sorted(names) if known.replace("-", "_") == name), None)

    def find(self, name: str, series: str | None = None) -> Installed:
        """The package of a name, of that series, or else of the one that the project chose.

        :raises PackageError: if there is none.
        """
        found = [entry for entry in self.packages if entry[0] == name]
        if not found:
            raise self.not_installed(name)
        if series is None:
            _, version, series, _ = chosen(found)
        else:
            version = next((entry[1] for entry in found if entry[2] == series), None)
            if version is None:
                there = ", ".join(entry[2] for entry in found)
                raise PackageError(
                    f"package `{name}` is installed in series {there}, not in {series}",
                    hint=f"ask for one of these, or change the requirement and run `puck install` "
                    f"(environment: {self.path})",
                )
        key = (name, series)
        if key not in self._installed:
            self._installed.setdefault(key, Installed(self, name, version, series))
        return self._installed[key]

    def not_installed(self, name: str) -> PackageError:
        """The error that says which packages there are instead."""
        names = sorted({package for package, *_ in self.packages})
        near = nearest(name.replace("_", "-"), names)
        return PackageError(
            f"package `{name}` is not in the environment {self.path}",
            hint=f"there is `{near}`"
            if near
            else f"run `puck add {name.replace('_', '-')}` and `puck install` in the project, or "
            "name another environment with puck.packages.use() or PUCK_ENVIRONMENT",
        )


class Installed(Description):
    """One package of an environment, which is loaded when it is needed."""

    def __init__(self, environment: Environment, name: str, version: str, series: str) -> None:
        super().__init__(environment.native, name, version, series)
        self.environment = environment
        self._loaded = False

    @cached_property
    def bodies(self) -> dict[str, str]:
        """Bodies that may be inlined: bitcode in base 64, by link name."""
        text = self.share(INLINE_FILE)
        if text is None:
            return {}
        document = self.parsed(text, INLINE_FILE)
        return document.get("bodies", {}) if document.get("format") == 1 else {}

    @cached_property
    def _declared(self) -> dict[str, str | None]:
        functions = self.document["functions"]
        return {function["link-name"]: function.get("declared") for function in functions}

    def declared(self, function: dict[str, Any]) -> str:
        """A function's type as people write it."""
        return self._declared.get(function["link-name"]) or function["signature"]

    def is_numba(self, name: str) -> bool:
        """Whether functions of that name have Numba's convention."""
        return name in self.of_numba

    def overloads(self, name: str) -> list[dict[str, Any]]:
        """The functions of that name.

        :raises PackageError: if there is none.
        """
        try:
            return self.by_name[name]
        except KeyError:
            raise self.no_function(name) from None

    def no_function(self, name: str) -> PackageError:
        """The error that says which functions there are instead."""
        near = nearest(name, self.by_name)
        return PackageError(
            f"package {self.label} has no function `{name}`",
            hint=f"there is `{near}`" if near else f"it has {_listed(self.by_name)}",
        )

    def load(self) -> None:
        """Load the library, after those of the packages that it calls.

        Everything that the process must provide is looked up first, so that what is missing is
        named before any code of the package is there.

        :raises PackageError: if something is missing, or the library cannot be loaded.
        """
        if self._loaded:
            return
        with lock:
            if self._loaded:
                return
            for name, series in self._callees():
                self.environment.find(name, series).load()
            if self.document.get("host-imports"):
                from puck.numba import _host

                _host.load(self)
            else:
                self.native.load(self.name, self.series)
            self._loaded = True

    def address(self, link_name: str) -> int:
        """Where a function is, in the library that is loaded if need be.

        :raises PackageError: if it, or what it calls, has code that only another Python can run.
        """
        self.load()
        self._check_python(link_name)
        return self.native.address(link_name)

    def _check_python(self, link_name: str) -> None:
        """Refuses bytecode of another Python, which this one would run as something else."""
        if not self._is_near_bytecode:
            return
        runnable, known = self.environment.runnable, set[str]()
        left: list[tuple[Installed, str]] = [(self, link_name)]
        while left:
            installed, name = left.pop()
            if name in runnable or name in known:
                continue
            known.add(name)
            function = installed._by_entry.get(name)
            if function is None:
                calls = [entry["link-name"] for entry in installed.document.get("imports", ())]
            else:
                installed._refuse_bytecode(function)
                calls = function.get("calls", ())
            left.extend((installed._owner(callee), callee) for callee in calls)
        runnable |= known

    @cached_property
    def _is_near_bytecode(self) -> bool:
        """Whether it, or a package that it calls, has bytecode at all.

        It is known without reading what all of them say of their functions.
        """
        text = self.share(NUMBA_FILE)
        if text is not None and b'"bytecode": true' in text:
            return True
        callees = (self.environment.find(*callee) for callee in self._callees())
        return any(callee._is_near_bytecode for callee in callees)

    def _refuse_bytecode(self, function: dict[str, Any]) -> None:
        made_with = str((self.numba or {}).get("python", "?"))
        version = ".".join(made_with.split(".")[:2])
        if function.get("bytecode") and version != ".".join(map(str, sys.version_info[:2])):
            raise PackageError(
                f"`{function['name']}` of package {self.label} was exported with Python "
                f"{made_with} and has code that only Python {version} can run (object mode); this "
                f"is Python {sys.version.split()[0]}",
                hint=f"use Python {version}, or build the package with this Python",
            )

    def _owner(self, link_name: str) -> Installed:
        """The package of a function that this one calls."""
        symbol, series = link_name.split(".")[:2]
        names = (entry["package"] for entry in self.document.get("imports", ()))
        name = next((name for name in names if name.replace("-", "_") == symbol), symbol)
        return self.environment.find(name, series)

    @cached_property
    def _by_entry(self) -> dict[str, dict[str, Any]]:
        """The functions that `numba.json` describes, by the link names of their entry points."""
        return {
            function[key]: function
            for function in (self.numba or {}).get("functions", ())
            for key in ("link-name", "c", "cpython")
            if function.get(key)
        }

    def _callees(self) -> list[tuple[str, str]]:
        imported = {entry["package"] for entry in self.document.get("imports", ())}
        return [
            (entry["name"], entry["series"])
            for entry in self.document.get("dependencies", ())
            if entry["name"] in imported
        ]

    def __repr__(self) -> str:
        return f"<package {self.name} {self.version}>"


def _listed(names: Any, most: int = 12) -> str:
    shown = [f"`{name}`" for name in sorted(names)]
    if not shown:
        return "none"
    if len(shown) > most:
        return ", ".join(shown[:most]) + f" and {len(shown) - most} more"
    return ", ".join(shown)
