"""How functions travel to the compile server: by value, without importing the user's modules."""

from __future__ import annotations

import builtins
import enum
import io
import pickle
from collections import namedtuple
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.core.serialize import NumbaPickler

from puck.dropin import _registry, classes
from puck.dropin._key import NotPortable, is_fixed


class Pickler(NumbaPickler):
    """Numba's pickler, for which `@puck.njit` functions are references.

    The functions that were met are in `functions`, by identity.
    """

    def __init__(self, file: io.BytesIO, names: frozenset[str]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.functions: dict[str, Any] = {}
        self._names = names

    def persistent_id(self, value: Any) -> str | None:
        """The identity of a `@puck.njit` function."""
        identity_of = getattr(type(value), "identity_of", None)
        if identity_of is None:
            return None
        identity = identity_of(value)
        self.functions[identity] = value
        return identity

    def reducer_override(self, value: Any) -> Any:
        """Classes of the user's modules become stand-ins, and so do the modules."""
        if isinstance(value, ModuleType) and not is_fixed(value.__name__):
            members = {
                name: member
                for name, member in vars(value).items()
                if name in self._names and _travels(member)
            }
            if members:
                return _module, (value.__name__,), members
        if isinstance(value, type) and not is_fixed(value.__module__):
            if issubclass(value, BaseException):
                return _exception, (_name(value), _builtin_base(value))
            if issubclass(value, tuple) and hasattr(value, "_fields"):
                return _named_tuple, (_name(value), value._fields)
            if value.__module__ == "__main__" or issubclass(value, enum.Enum):
                raise NotPortable(f"the class `{value.__qualname__}`")
        return super().reducer_override(value)


class Unpickler(pickle.Unpickler):
    """Reads what `Pickler` wrote; `function` gives what stands for a reference."""

    def __init__(self, data: bytes, function: Callable[[str], Any]) -> None:
        super().__init__(io.BytesIO(data))
        self._function = function

    def persistent_load(self, identity: str) -> Any:
        """The function with an identity."""
        return self._function(identity)


def dumps(value: Any, names: frozenset[str] = frozenset()) -> tuple[bytes, dict[str, Any]]:
    """Pickle a value; also the `@puck.njit` functions that it refers to.

    `names` are the attributes of modules that it uses.
    """
    file = io.BytesIO()
    pickler = Pickler(file, names)
    pickler.dump(value)
    return file.getvalue(), pickler.functions


class _Module(ModuleType):
    """Stands for a module of the user's; what did not travel is looked up by importing it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


def _module(name: str) -> ModuleType:
    return _Module(name)


def _travels(member: Any) -> bool:
    return isinstance(member, Dispatcher | bool | int | float | complex | str | np.ndarray)


def _name(value: type) -> str:
    # Pickles split qualified names at dots.
    return f"{value.__module__}:{value.__qualname__}".replace(".", "/")


def _builtin_base(value: type) -> str:
    for base in value.__mro__:
        if base.__module__ == "builtins":
            return base.__name__
    return "Exception"


def _exception(name: str, base: str) -> type:
    return _stand_in(name, lambda: type(name, (getattr(builtins, base),), {}))


def _named_tuple(name: str, fields: tuple[str, ...]) -> type:
    return _stand_in(name, lambda: namedtuple(name.rpartition("/")[2].rpartition(":")[2], fields))


def _stand_in(name: str, make: Callable[[], type]) -> type:
    """The one class of this process that stands for a class of the user's."""
    known = vars(classes).get(name)
    if known is None:
        known = make()
        known.__module__ = classes.__name__
        known.__qualname__ = known.__name__ = name
        setattr(classes, name, known)
    return known


def dump_types(signature: Any) -> bytes:
    """Types as the index keeps them."""
    return dumps(signature)[0]


def load_types(data: bytes) -> Any:
    """Types that were read from an index, functions among them being those of this process.

    Raises `NotPortable` if one of these is not there.
    """
    return Unpickler(data, _function).load()


def _function(identity: str) -> Any:
    function = _registry.find(identity)
    if function is None:
        raise NotPortable(f"`{identity}`, which is not there any more")
    return function
