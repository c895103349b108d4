"""Exceptions of Numba functions that were called without Numba."""

from __future__ import annotations

import ast
import builtins
import ctypes
import hashlib
import pickle
from typing import Any

_STOP = -3


class _ExceptionInfo(ctypes.Structure):
    """What a Numba function leaves of an exception: `excinfo_t` of `numba.core.callconv`."""

    _fields_ = (
        ("pickle", ctypes.c_void_p),
        ("length", ctypes.c_int32),
        ("digest", ctypes.c_void_p),
        ("unwrap", ctypes.c_void_p),
        ("allocated", ctypes.c_int32),
    )


def raised(
    label: str, exceptions: dict[str, dict[str, Any]], status: int, address: int
) -> BaseException:
    """The exception that a function of the package `label` ended with.

    `exceptions` are those that `numba.json` describes; `address` is of what came with the status.
    """
    if status == _STOP:
        return StopIteration()
    if status < 1 or not address:
        return SystemError(f"a function of {label} returned the status {status}")
    info = _ExceptionInfo.from_address(address)
    data = ctypes.string_at(info.pickle, info.length)
    described = exceptions.get(hashlib.sha1(data, usedforsecurity=False).hexdigest())
    if info.allocated:
        # Its arguments are known at run time only, in a form that is Numba's own.
        return _of_description(label, described)
    try:
        cls, args, location = pickle.loads(data)
    except (pickle.UnpicklingError, ImportError, AttributeError, EOFError, TypeError):
        return _of_description(label, described)
    if cls is None:
        return RuntimeError("No active exception to reraise")
    return _located(cls(*(args or ())), location)


def _of_description(label: str, described: dict[str, Any] | None) -> BaseException:
    """The nearest of Python's own exceptions, with the class named."""
    if described is None:
        return RuntimeError(f"an exception of {label} that it does not describe")
    name = described["class"]
    base = _builtin(described.get("base") or name)
    arguments = described.get("arguments", [])
    if name == f"builtins.{base.__name__}":
        error = base(*map(_literal, arguments))
    else:
        error = base(": ".join([name, *(str(_literal(argument)) for argument in arguments)]))
    return _located(error, described.get("location"))


def _builtin(name: str) -> type[Exception]:
    module, _, short = name.rpartition(".")
    found = getattr(builtins, short, None) if module == "builtins" else None
    if isinstance(found, type) and issubclass(found, Exception):
        return found
    return RuntimeError


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _located(error: BaseException, location: Any) -> BaseException:
    """The exception with the place that raised it, which no traceback shows."""
    if location:
        function, file, line = location
        error.add_note(f'File "{file}", line {line}, in {function}')
    return error
