"""A library of the local package in this process: its symbols, and the table of what it imports."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puck.dropin._store import Library, Part, Store

if TYPE_CHECKING:
    from numba.core.environment import Environment

LOCAL = "local"
"""The provider of functions of the local package itself."""
ENVIRONMENT = "environment"
"""The provider of Numba's environments, which hold Python objects that a function uses."""


class MissingImport(Exception):
    """This process does not provide what a function needs."""


class LoadedLibrary:
    """A library that is mapped into this process; it stays until the process ends."""

    def __init__(self, path: Path, library: Library) -> None:
        if path.stat().st_size != library.size:
            raise OSError(f"{path} is damaged")
        self._dll = ctypes.CDLL(str(path))
        try:
            self._parts = {
                name: _LoadedPart(self._dll, Part(*p)) for name, p in library.parts.items()
            }
        except ValueError as error:  # a symbol is not there
            raise OSError(f"{path} is damaged: {error}") from error

    def address(self, symbol: str) -> int:
        """The address of an exported symbol.

        Raises `OSError` if it is not there.
        """
        try:
            # `in_dll` takes any symbol and makes no function object as attribute access does.
            return ctypes.addressof(ctypes.c_char.in_dll(self._dll, symbol))
        except ValueError as error:
            raise OSError(f"the library is damaged: {error}") from error

    def fill(self, part: str, slots: tuple[int, ...], local: Callable[[str], int]) -> None:
        """Fill the places of a table that a function reads, before it is handed out.

        `local` gives the address of a function of the local package by its link name.
        """
        self._parts[part].fill(slots, local)


class _LoadedPart:
    """One of the tables of a library."""

    def __init__(self, dll: ctypes.CDLL, part: Part) -> None:
        self._slots = part.slots
        self._environments = {name: rest for name, *rest in part.environments}
        self._filled: set[int] = set()
        self._alive: list[Any] = []
        self._table: Any = None
        if part.table:
            self._table = (ctypes.c_void_p * len(part.slots)).in_dll(dll, part.table)

    def fill(self, slots: tuple[int, ...], local: Callable[[str], int]) -> None:
        for slot in slots:
            symbol, provider = self._slots[slot]
            if provider == LOCAL:
                # Set each time: the callee may have been compiled anew.
                self._table[slot] = local(symbol)
            elif slot not in self._filled:
                self._table[slot] = self._provide(symbol, provider)
                self._filled.add(slot)

    def _provide(self, symbol: str, provider: str) -> int:
        if provider == ENVIRONMENT:
            module, constants = self._environments[symbol]
            environment = _environment(module, constants)
            self._alive.append(environment)
            return id(environment)
        address = _host_address(symbol, provider)
        if not address:
            raise MissingImport(f"this process has no `{symbol}` (provider `{provider}`)")
        return address


def _environment(module: str, constants: bytes) -> Environment:
    from puck.numba import _host

    try:
        return _host.environment(module, constants)
    except _host.Unreadable as error:
        raise MissingImport(f"it uses a constant that cannot be read: {error}") from error


@cache
def _host_address(symbol: str, provider: str) -> int | None:
    from puck.numba._host import address

    return address(symbol, provider)


_loaded: dict[tuple[Path, str], LoadedLibrary] = {}


def load(store: Store, name: str) -> LoadedLibrary:
    """The loaded library of a store.

    Raises `FileNotFoundError` if it is not there, and `OSError` if it is damaged.
    """
    library = _loaded.get((store.folder, name))
    if library is None:
        path = store.path(name)
        description = store.library(name)
        if description is None:
            raise FileNotFoundError(f"{path} is not in the index")
        library = _loaded[store.folder, name] = LoadedLibrary(path, description)
    return library


def give_up(store: Store, name: str) -> None:
    """Take nothing more from a library that is gone or damaged."""
    _loaded.pop((store.folder, name), None)
    store.forget(name)
