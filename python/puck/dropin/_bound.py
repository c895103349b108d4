"""Where the code of a function is: the stores to look into, and what this process has loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numba import _dynfunc
from numba.core.environment import Environment

from puck.dropin._folder import folders, platform_tag
from puck.dropin._library import LoadedLibrary
from puck.dropin._store import Record, Store

if TYPE_CHECKING:
    from puck.dropin._function import LocalFunction

_stores: dict[Path, Store] = {}
_stores_of: dict[tuple[str, str], tuple[Store, ...]] = {}
_environments: dict[str, Environment] = {}


class Bound:
    """Code for one function and argument types, ready to be called in this process."""

    def __init__(self, record: Record, store: Store, library: LoadedLibrary) -> None:
        self.record = record
        self.store = store
        self.library = library
        self.address = library.address(record.code)
        self._entry: Any = None

    def entry_point(self, function: LocalFunction) -> Any:
        """What Python calls."""
        if self._entry is None:
            py_func = function.py_func
            module = py_func.__module__ or "<dynamic>"
            environment = _environments.get(module)
            if environment is None:
                # Code finds its own environment through the library's table, not through this.
                environment = _environments[module] = Environment({"__name__": module})
            self._entry = _dynfunc.make_function(
                sys.modules.get(module, _dynfunc),
                py_func.__name__,
                f"compiled wrapper for {py_func.__qualname__!r}",
                self.library.address(self.record.entry),
                environment,
                (self.library,),
            )
        return self._entry


def stores_of(function: LocalFunction) -> tuple[Store, ...]:
    """The stores to read from; the last is the one to write to."""
    key = function.local.py_func.__code__.co_filename, platform_tag()
    found = _stores_of.get(key)
    if found is None:
        found = _stores_of[key] = tuple(map(_store, folders(key[0])))
    return found


def _store(folder: Path) -> Store:
    store = _stores.get(folder)
    if store is None:
        store = _stores[folder] = Store(folder)
    return store


def all_stores() -> list[Store]:
    """All stores that this process has looked into."""
    return list(_stores.values())


def folder(function: LocalFunction) -> str:
    """Where the code of a function lies."""
    return str(stores_of(function)[-1].folder)
