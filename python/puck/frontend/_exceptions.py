"""The exceptions that a module's functions raise: found in its constants, by their digests.

An exception is a pickled tuple of class, arguments and place. Whoever has no Python finds it
described in `numba.json` by the SHA-1 of these bytes, which the function's error points to.
"""

from __future__ import annotations

import builtins
import hashlib
import pickle
from typing import Any

from llvmlite import ir
from numba.core import serialize

from puck.frontend._text import ModuleText, pickled


def find(text: ModuleText) -> dict[str, str]:
    """The SHA-1 of each pickled exception, by the name of the constant."""
    found = {}
    for name, line in text.variables.items():
        data = pickled(line)
        if data is not None and _exception(data) is not None:
            found[name] = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return found


def describe(text: ModuleText, found: dict[str, str]) -> dict[str, Any]:
    """What `numba.json` says of the exceptions that were `found`."""
    described = {}
    for name, digest in sorted(found.items(), key=lambda item: item[1]):
        data = pickled(text.variables[name])
        exception = None if data is None else _exception(data)
        if exception is None:
            continue
        cls, arguments, location = exception
        described[digest] = {
            "class": _class_name(cls),
            "base": _class_name(_nearest_builtin(cls)),
            "arguments": [_shown(argument) for argument in arguments or ()],
            "location": list(location) if location else None,
        }
    return described


def _exception(data: bytes) -> tuple[Any, Any, Any] | None:
    """Class, arguments and place of a pickled exception; `None` for other pickles."""
    try:
        value = serialize.loads(data)
    except (pickle.UnpicklingError, ImportError, AttributeError, EOFError, TypeError, ValueError):
        return None
    if not isinstance(value, tuple) or len(value) != 3:
        return None
    cls = value[0]
    return value if isinstance(cls, type) and issubclass(cls, BaseException) else None


def _nearest_builtin(cls: type) -> type:
    """The first of a class's bases that every Python has."""
    return next(base for base in cls.__mro__ if getattr(builtins, base.__name__, None) is base)


def _class_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _shown(argument: Any) -> str:
    """An argument as text; what is known at run time only is an ellipsis."""
    return "…" if isinstance(argument, ir.Value) else repr(argument)
