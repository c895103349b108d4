"""What `import puck.packages.NAME` finds: a module whose attributes are a package's functions."""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

from puck._errors import PackageError
from puck.packages import _active
from puck.packages._package import Package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from puck.packages._installed import Environment

PREFIX = "puck.packages."


class _Loader(Loader):
    """Makes the module of one package."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._package

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run: functions are made when they are asked for."""


class _Finder(MetaPathFinder):
    """Finds packages of the environment in use; `-` in their names is `_` in Python's."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(PREFIX):
            return None
        name = fullname.removeprefix(PREFIX)
        if "." in name or name.startswith("_"):
            return None
        environment = _active.environment()
        found = environment.named(name)
        if found is None:
            raise environment.not_installed(name)
        module = package(environment, found, None)
        return ModuleSpec(fullname, _Loader(module), origin=environment.path)


def install() -> None:
    """Let Python's import ask for packages."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


def forget() -> None:
    """Let the next import of each package look again."""
    parent = sys.modules.get("puck.packages")
    for name in [name for name in sys.modules if name.startswith(PREFIX)]:
        if isinstance(sys.modules[name], Package):
            del sys.modules[name]
            if parent is not None:
                vars(parent).pop(name.removeprefix(PREFIX), None)


def package(environment: Environment, name: str, series: str | None) -> Package:
    """The module of a package, always the same for the same environment, name and series."""
    try:
        installed = environment.find(name, series)
    except PackageError as error:
        error.name = PREFIX + name.replace("-", "_")
        raise
    module = environment.modules.get((name, series))
    if module is None:
        module = environment.modules.setdefault((name, series), Package(installed, series))
    return module


def names(environment: Environment) -> list[str]:
    """What may be imported, as Python names it."""
    return sorted({name.replace("-", "_") for name, *_ in environment.packages})
