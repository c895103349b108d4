"""The module that stands for a package: its attributes are the package's functions."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from puck._errors import PackageError
from puck.packages import _active

if TYPE_CHECKING:
    from puck.packages._installed import Installed


class Package(ModuleType):
    """Functions of a package, made when they are first asked for."""

    def __init__(self, installed: Installed, series: str | None) -> None:
        super().__init__(f"puck.packages.{installed.name.replace('-', '_')}")
        # What was asked for: cached callers ask the same of the environment of their time.
        self._puck_series = series
        self._puck_installed = installed
        if "numba" in sys.modules:
            import puck.numba._attributes  # noqa: F401 (it registers what it has)

    @property
    def __version__(self) -> str:
        return self._puck_installed.version

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return self._puck_installed.document.get("description") or ""

    @property
    def __all__(self) -> list[str]:
        return sorted(self._puck_installed.by_name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        try:
            made = function(self._puck_installed, self._puck_series, name)
        except PackageError as error:
            if name in self._puck_installed.by_name:
                raise
            raise AttributeError(str(error)) from error
        # The next look finds it in the module's dictionary.
        return vars(self).setdefault(name, made)

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *self._puck_installed.by_name})

    def __reduce__(self) -> tuple[Any, ...]:
        return (_package, (self._puck_installed.name, self._puck_series))

    def __repr__(self) -> str:
        # Short, and the same everywhere: numba writes it into the files of cached callers.
        return f"<package {self._puck_installed.name}>"


def function(installed: Installed, series: str | None, name: str) -> Any:
    """The object for the functions of a name."""
    installed.overloads(name)
    if not installed.is_numba(name):
        from puck.packages._c_function import CFunction

        return CFunction(installed, series, name)
    if find_spec("numba") is None:
        # Without Numba there is no jitted code either: what remains is to call it.
        from puck.packages._plain import plain

        return plain(installed, name)
    import puck.numba._attributes  # noqa: F401 (it registers what it has)
    from puck.numba._function import PackagedFunction

    return PackagedFunction(installed, series, name)


def lookup(package: str, series: str | None, name: str) -> Any:
    """What unpickles a function: that of the environment in use now.

    It does not raise: numba unpickles the index of a cache before it looks what in it fits, and an
    entry for a function that is gone fits nothing.
    """
    try:
        return getattr(_package(package, series), name)
    except (PackageError, AttributeError) as error:
        # Kept, for numba's types refer weakly to the functions that they are of.
        return _gone.setdefault((package, series, name), Gone(package, name, error))


def _package(name: str, series: str | None) -> Package:
    from puck.packages import _finder

    return _finder.package(_active.environment(), name, series)


_gone: dict[tuple[str, str | None, str], Gone] = {}


class Gone:
    """Stands for a function that was pickled and that the environment in use does not have."""

    def __init__(self, package: str, name: str, error: Exception) -> None:
        self.__name__ = name
        self._package = package
        self._error = error

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise PackageError(f"`{self._package}.{self.__name__}` is gone: {self._error}")

    def __repr__(self) -> str:
        return f"<gone: {self._package}.{self.__name__}>"
