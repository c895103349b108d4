"""Exceptions of packages whose classes this process cannot import.

A package's code carries exceptions as pickles, by their classes' names. Where the module of such a
class is not installed, what is raised instead is an exception of a class made here: it bears the
name, is derived from the nearest class of Python's own, and so is caught as that.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import pickle
from typing import Any

from numba.core import serialize

# What packages that were loaded say of their exceptions, by the SHA-1 of the pickle.
_known: dict[str, dict[str, Any]] = {}
_made: dict[str, type[BaseException]] = {}


class _Pickle:
    """`cloudpickle` as `numba.core.serialize` sees it.

    Both functions that turn the pickle of an exception into objects, `_numba_unpickle` and
    `runtime_build_excinfo_struct`, call `cloudpickle.loads` through the name in that module.
    """

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def loads(self, data: bytes, **options: Any) -> Any:
        """As the original, but for exceptions of packages whose classes cannot be had."""
        try:
            return self._module.loads(data, **options)
        except (ImportError, AttributeError):
            known = _known.get(hashlib.sha1(data).hexdigest())
            if known is None:
                raise
            return _Unpickler(io.BytesIO(data), known).load()


class _Unpickler(pickle.Unpickler):
    """Puts a class of its own in the place of the exception's, if that cannot be imported."""

    def __init__(self, data: io.BytesIO, known: dict[str, Any]) -> None:
        super().__init__(data)
        self._known = known

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError):
            if f"{module}.{name}" != self._known["class"]:
                raise
            return substitute(self._known["class"], self._known.get("base"))


def register(exceptions: dict[str, dict[str, Any]]) -> None:
    """Remember what a package says of its exceptions."""
    _known.update(exceptions)
    if not isinstance(serialize.cloudpickle, _Pickle):
        serialize.cloudpickle = _Pickle(serialize.cloudpickle)


def substitute(name: str, base: str | None) -> type[BaseException]:
    """A class that bears the name of one that cannot be imported.

    It is derived from `base`, its nearest base among Python's own exceptions.
    """
    if name not in _made:
        module, _, short = name.rpartition(".")
        _made[name] = type(
            short,
            (_builtin(base),),
            {
                "__module__": module,
                "__doc__": f"Stands for {name}, which this process cannot import.",
                "__reduce__": lambda self: (_remake, (name, base, self.args)),
            },
        )
    return _made[name]


def _builtin(name: str | None) -> type[BaseException]:
    module, _, short = (name or "").rpartition(".")
    found = getattr(builtins, short, None) if module == "builtins" else None
    return found if isinstance(found, type) and issubclass(found, BaseException) else Exception


def _remake(name: str, base: str | None, args: tuple[Any, ...]) -> BaseException:
    return substitute(name, base)(*args)
