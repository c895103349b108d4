"""What a function was compiled from, as a digest: code, defaults, closure, globals, options.

Callees that are `@puck.njit` functions enter by name only, as they are declared and not embedded:
their signatures are compared separately (see `_resolve`). Everything else that Numba freezes
into the code enters by value, plain `@njit` functions with all that they refer to.
"""

from __future__ import annotations

import enum
import marshal
import sys
import types as pytypes
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numba.core.dispatcher import Dispatcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from puck.dropin._function import LocalFunction

# The second format of `marshal` writes no back references, which depend on reference counts.
_MARSHAL = 2
# Numba refers to larger global arrays by their address in the process.
_LARGEST_ARRAY = 10**6
# What these modules contain is fixed by the versions that name the store's folder.
_FIXED_MODULES = frozenset(
    {"numpy", "numba", "llvmlite", "scipy", "puck", *sys.stdlib_module_names}
)


# Classes of `@puck.njit` functions are those that have `identity_of`, also in `_pickle`, `_types`.


class NotPortable(Exception):
    """Something that a function refers to has no meaning in another process."""


class Content:
    """The digest of a function and the `@puck.njit` functions that it may call."""

    __slots__ = ("callees", "digest")

    def __init__(self, digest: bytes, callees: dict[str, LocalFunction]) -> None:
        self.digest = digest
        self.callees = callees


def content(function: LocalFunction) -> Content:
    """Describe `function` as it is now.

    Raises `NotPortable` if it refers to something of which no lasting description exists.
    """
    walk = _Walk()
    walk.function(function.local.py_func)
    walk.add(repr_of_options(function.targetoptions))
    walk.add(repr_of_options(function.locals))
    if function.local.mode == "inline":  # the code has that of callees in it
        walk.add("inline")
    return Content(walk.digest(), walk.callees)


def declaration(function: LocalFunction) -> str:
    """A digest of what callers are compiled for, beside the types of arguments and result.

    It fits nothing if a default value has no lasting description.
    """
    walk = _Walk()
    try:
        walk.declaration(function)
    except NotPortable:
        return ""
    return walk.digest().hex()


def repr_of_options(options: dict[str, Any]) -> str:
    """Compile options in one fixed order; functions among them by name."""
    parts = []
    for name in sorted(options):
        value = options[name]
        if isinstance(value, pytypes.FunctionType):
            code = blake2b(marshal.dumps(value.__code__, _MARSHAL)).hexdigest()
            value = f"{value.__module__}.{value.__qualname__} {code}"
        elif isinstance(value, set | frozenset):
            value = sorted(map(str, value))
        parts.append(f"{name}={value!s}")
    return ";".join(parts)


def declares(function: pytypes.FunctionType) -> bool:
    """Whether jitted code made of a Python function calls functions that are declared.

    Plain `@njit` functions that it calls have in them what they call.
    """
    seen: set[int] = set()
    todo: list[Any] = [function]
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if hasattr(type(value), "identity_of"):
            return True
        if type(value).__module__.startswith("numba."):
            value = getattr(value, "_dispatcher", value)  # of @vectorize
            value = getattr(value, "py_func", value)
        if not isinstance(value, pytypes.FunctionType) or is_fixed(value.__module__):
            continue
        names, scope = names_in(value.__code__), value.__globals__
        found = [scope[name] for name in names if name in scope]
        for cell in value.__closure__ or ():
            with suppress(ValueError):  # assigned later
                found.append(cell.cell_contents)
        for one in found:
            if isinstance(one, pytypes.ModuleType) and not is_fixed(one.__name__):
                members = vars(one)
                todo.extend(members[name] for name in names if name in members)
            elif isinstance(one, tuple):
                todo.extend(one)
            else:
                todo.append(one)
    return False


def is_fixed(module: str | None) -> bool:
    """Whether a module is of Python, NumPy or Numba: their versions name the store's folder."""
    return module is not None and module.partition(".")[0] in _FIXED_MODULES


class _Walk:
    """Feeds everything that a function refers to into one digest."""

    def __init__(self) -> None:
        self.callees: dict[str, LocalFunction] = {}
        self._parts: list[bytes] = []
        self._seen: dict[Any, int] = {}
        self._alive: list[Any] = []
        self._names: frozenset[str] = frozenset()

    def digest(self) -> bytes:
        whole = [piece for part in self._parts for piece in (len(part).to_bytes(4, "little"), part)]
        return blake2b(b"".join(whole), digest_size=16).digest()

    def add(self, text: str) -> None:
        self._parts.append(text.encode("utf-8", "surrogatepass"))

    def function(self, function: pytypes.FunctionType) -> None:
        """Add a Python function: its code and whatever the code refers to."""
        if self._first(function):
            return
        code = function.__code__
        self._parts.append(marshal.dumps(code, _MARSHAL))
        names = names_in(code)
        before, self._names = self._names, frozenset(names)
        try:
            scope = function.__globals__
            for name in names:
                if name in scope:
                    self.named(name, scope[name])
            for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
                try:
                    self.named(name, cell.cell_contents)
                except ValueError:  # assigned later, as in a recursive closure
                    self.add(f"{name} unbound")
            if function.__defaults__:
                self.value(function.__defaults__)
            if function.__kwdefaults__:
                self.value(function.__kwdefaults__)
        finally:
            self._names = before

    def named(self, name: str, value: Any) -> None:
        """Add what a name stands for; a failure names it."""
        self.add(name)
        try:
            self.value(value)
        except NotPortable as error:
            if "`" in str(error):
                raise
            raise NotPortable(f"`{name}` is {error}") from None

    def value(self, value: Any) -> None:
        """Add one value."""
        writer = _WRITERS.get(type(value))
        if writer is not None:
            writer(self, value)
        else:
            self._other(value)

    def _first(self, value: Any) -> bool:
        """Whether `value` was added before; if so only its place in the order is written."""
        place = self._seen.get(id(value))
        if place is not None:
            self.add(f"again {place}")
            return True
        self._seen[id(value)] = len(self._seen)
        self._alive.append(value)
        return False

    def _scalar(self, value: Any) -> None:
        self.add(f"{type(value).__name__} {value!r}")

    def _bytes(self, value: bytes) -> None:
        self._parts.append(bytes(value))

    def _sequence(self, values: Any) -> None:
        if self._first(values):
            return
        self.add(f"{type(values).__name__} {len(values)}")
        for value in values:
            self.value(value)

    def _set(self, values: Any) -> None:
        self._sequence(sorted(values, key=repr))

    def _mapping(self, values: dict[Any, Any]) -> None:
        if self._first(values):
            return
        self.add(f"dict {len(values)}")
        for key, value in values.items():
            self.value(key)
            self.value(value)

    def _array(self, array: np.ndarray) -> None:
        if array.nbytes > _LARGEST_ARRAY:
            raise NotPortable(f"an array of {array.nbytes} bytes, which Numba takes by its address")
        if array.dtype.hasobject:
            raise NotPortable("an array of Python objects")
        flags = array.flags
        self.add(
            f"array {array.dtype.descr} {array.shape} {flags.c_contiguous} {flags.f_contiguous}"
        )
        self._parts.append(array.tobytes())

    def _module(self, module: pytypes.ModuleType) -> None:
        self.add(f"module {module.__name__}")
        if is_fixed(module.__name__):
            return
        self._alive.append(module)
        members = vars(module)
        for name in sorted(self._names & members.keys()):
            # Each function that refers to the module may use other names of it.
            if (id(module), name) not in self._seen:
                self._seen[id(module), name] = len(self._seen)
                self.named(name, members[name])

    def _builtin(self, function: Any) -> None:
        self.add(f"builtin {getattr(function, '__module__', '')}.{function.__qualname__}")

    def _python(self, function: pytypes.FunctionType) -> None:
        self.add(f"function {function.__module__}.{function.__qualname__}")
        if not is_fixed(function.__module__):
            self.function(function)

    def _other(self, value: Any) -> None:
        kind = type(value)
        if hasattr(kind, "identity_of"):
            self._callee(value)
        elif isinstance(value, Dispatcher):
            self._dispatcher(value)
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, np.generic):
            self.add(f"{value.dtype.str} {value!r}")
        elif isinstance(value, np.ndarray):
            self._array(value)
        elif isinstance(value, tuple):
            self._class(kind)
            self._sequence(value)
        elif isinstance(value, enum.Enum):
            self.add(f"{kind.__module__}.{kind.__qualname__}.{value.name}")
            self.value(value.value)
        elif is_fixed(kind.__module__) and not hasattr(value, "address"):
            self._of_numba(value)
        else:
            raise NotPortable(f"of type {kind.__module__}.{kind.__qualname__}")

    def _callee(self, function: LocalFunction) -> None:
        identity = function.local.identity
        self.callees[identity] = function
        self.add(f"puck {identity}")
        self.declaration(function)

    def _dispatcher(self, function: Dispatcher) -> None:
        self.add(f"njit {repr_of_options(function.targetoptions)}")
        self.add(repr_of_options(function.locals))
        # Functions of packages make theirs when they are needed.
        if not function._can_compile and type(function).__module__.startswith("numba."):
            self.add(str(function.nopython_signatures))
        self.function(function.py_func)

    def declaration(self, function: LocalFunction) -> None:
        """What callers are compiled for, beside the types: parameters, and what may be chosen."""
        local = function.local
        self.add(local.head)
        self.value(local.py_func.__defaults__)
        if local.inlines:
            self.function(local.py_func)

    def _class(self, value: type) -> None:
        self.add(f"class {value.__module__}.{value.__qualname__}")
        if issubclass(value, enum.Enum):
            for member in value:
                self.add(member.name)
                self.value(member.value)
        elif issubclass(value, tuple):
            self.add(str(getattr(value, "_fields", "")))  # in another order they are other places
        elif hasattr(value, "class_type"):  # a jitclass
            raise NotPortable("a jitclass")

    def _of_numba(self, value: Any) -> None:
        """Objects of NumPy's, Numba's or the standard library's own classes."""
        kind = type(value)
        self.add(f"{kind.__module__}.{kind.__qualname__}")
        if hasattr(value, "_dispatcher"):  # @vectorize, @guvectorize
            self._ufunc(value)
            return
        for attribute in ("_defn", "py_func"):  # @intrinsic, @stencil
            inner = getattr(value, attribute, None)
            if inner is not None:
                self.value(inner)
                return
        if isinstance(value, np.ufunc) or hasattr(value, "__qualname__"):
            self.add(f"{value.__name__}")
        elif kind.__module__.startswith(("numba.core.types", "numpy")) or kind in _BY_REPR:
            self.add(str(value))
        else:
            raise NotPortable(f"of type {kind.__module__}.{kind.__qualname__}")

    def _ufunc(self, value: Any) -> None:
        dispatcher = value._dispatcher
        signatures = list(dispatcher.overloads) if getattr(value, "_frozen", True) else "any"
        writable = getattr(getattr(value, "gufunc_builder", None), "writable_args", ())
        self.add(f"{value.signature} {value.identity} {writable} {signatures}")
        self.add(repr_of_options(dispatcher.targetoptions))
        self.add(repr_of_options(dispatcher.locals))
        self.value(dispatcher.py_func)


def names_in(code: pytypes.CodeType) -> list[str]:
    """Global names and attributes that a code object and those inside it use, in order."""
    names = dict.fromkeys(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, pytypes.CodeType):
            names.update(dict.fromkeys(names_in(constant)))
    return list(names)


_BY_REPR = frozenset({type(Ellipsis), slice, range, type(NotImplemented), type(np.dtype("f8"))})

_WRITERS: dict[type, Callable[[_Walk, Any], None]] = {
    **dict.fromkeys((type(None), bool, int, float, complex, str), _Walk._scalar),
    **dict.fromkeys((bytes, bytearray), _Walk._bytes),
    **dict.fromkeys((tuple, list), _Walk._sequence),
    **dict.fromkeys((set, frozenset), _Walk._set),
    dict: _Walk._mapping,
    np.ndarray: _Walk._array,
    pytypes.ModuleType: _Walk._module,
    pytypes.FunctionType: _Walk._python,
    pytypes.BuiltinFunctionType: _Walk._builtin,
}
