"""A function of C's convention: Python calls it as `puck.open()` would, jitted code declares it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from puck.packages._package import lookup
from puck.packages._plain import plain

if TYPE_CHECKING:
    from puck.packages._installed import Installed


class CFunction:
    """All functions of one name of a package that was built from C, Rust or another language."""

    def __init__(self, installed: Installed, series: str | None, name: str) -> None:
        self.__name__ = self.__qualname__ = name
        self.__module__ = f"puck.packages.{installed.name.replace('-', '_')}"
        self._installed = installed
        self._series = series

    @cached_property
    def _plain(self) -> Any:
        return plain(self._installed, self.__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._plain(*args, **kwargs)

    @property
    def __signature__(self) -> Any:
        return getattr(self._plain, "__signature__", None)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return getattr(self._plain, "__doc__", None)

    @cached_property
    def _dispatcher(self) -> Any:
        from puck.numba._c import CDispatcher

        return CDispatcher(self, self._installed, self._series, self.__name__)

    @property
    def _numba_type_(self) -> Any:
        """What numba.typeof() asks of objects that it does not know."""
        return self._dispatcher._numba_type_

    def __wrapper_address__(self) -> int:
        """Where it is, for parameters that are declared as functions of a type."""
        return self._dispatcher.only_address()

    def __reduce__(self) -> tuple[Any, ...]:
        return (lookup, (self._installed.name, self._series, self.__name__))

    def __repr__(self) -> str:
        installed = self._installed
        return f"<function {installed.name}.{self.__name__} of {installed.label}>"
