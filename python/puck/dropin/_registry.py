"""Which functions of this process are `@puck.njit` functions, by identity."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from weakref import WeakSet, WeakValueDictionary

if TYPE_CHECKING:
    from puck.dropin._function import LocalFunction

_functions: WeakValueDictionary[str, LocalFunction] = WeakValueDictionary()
# Functions that are told apart by what they contain, which is looked at when it is asked for.
_unnamed: WeakSet[LocalFunction] = WeakSet()
# Functions with signatures, none of which has been needed yet.
pending: WeakSet[LocalFunction] = WeakSet()


def name(function: LocalFunction) -> str | None:
    """The identity of a function that its place in the source identifies, if it is the first.

    Functions made at run time have none, nor has a second definition in the same place.
    """
    py_func = function.py_func
    file = py_func.__code__.co_filename
    module = py_func.__module__
    if (
        "<locals>" in py_func.__qualname__
        or "<lambda>" in py_func.__qualname__
        or module is None
        or file.startswith("<")
        or not os.path.exists(file)
    ):
        _unnamed.add(function)
        return None
    place = os.path.abspath(file) if module == "__main__" else module
    identity = f"{place}:{py_func.__qualname__}"
    if identity in _functions:
        _unnamed.add(function)
        return None
    _functions[identity] = function
    return identity


def register(identity: str, function: LocalFunction) -> None:
    """Remember a function whose identity was found out later."""
    _functions.setdefault(identity, function)


def find(identity: str) -> LocalFunction | None:
    """The function of this process with an identity."""
    function = _functions.get(identity)
    if function is None and "#" in identity:
        for unnamed in list(_unnamed):
            if unnamed.local.identity == identity:
                return unnamed
    return function
