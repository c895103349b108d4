"""What stands for the user's `@puck.njit` functions in the compile server.

A mirror is compiled as any dispatcher is, but other functions do not get its code: they call its
link name, which is a slot of their library's table.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from numba import _dynfunc
from numba.core import sigutils, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.environment import Environment
from numba.core.registry import CPUDispatcher

from puck.dropin import _pickle
from puck.dropin._batch import Definition
from puck.dropin._declared import descriptor
from puck.dropin._key import NotPortable
from puck.dropin._store import code_symbol, entry_symbol
from puck.dropin._types import request_of, type_key
from puck.frontend import _capture, _link
from puck.numba._callee import CalleeLibrary
from puck.numba._portable import fingerprint

# In mode `inline`, functions of which Numba makes no more lines of IR than this are embedded.
_SMALL = 120
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(eq=False)
class Compiled:
    """A function as it was compiled for one list of argument types."""

    mirror: Mirror
    request: str
    result: Any
    """Numba's `CompileResult`."""
    link_name: str
    part: str = ""
    """The object that it goes to."""

    @property
    def mangled_name(self) -> str:
        """Numba's name of it."""
        return self.result.fndesc.llvm_func_name

    @property
    def code(self) -> str:
        """The symbol of the code."""
        return code_symbol(self.link_name, self.part)

    @property
    def cpython_link_name(self) -> str:
        """The symbol that Python calls."""
        return entry_symbol(self.link_name, self.part)

    @property
    def signature(self) -> Any:
        """Arguments' and result's types."""
        return self.result.signature


@dataclass
class _Known:
    """A function that is compiled already: what a dispatcher asks of a `CompileResult`."""

    signature: Any
    entry_point: Any
    objectmode = False
    typing_error = None
    lifted = ()


def _nothing() -> Any:
    """What a dispatcher takes for an entry point: it raises, and is the key of a declaration."""
    address = ctypes.cast(ctypes.pythonapi.PyErr_BadArgument, ctypes.c_void_p).value
    environment = Environment({"__name__": __name__})
    return _dynfunc.make_function(_dynfunc, "declared", "", address, environment, ())


class Mirror(CPUDispatcher):
    """One of the user's functions, to be typed, compiled, or declared."""

    identity: str
    definition: Definition
    given: list[Any] | None

    def identity_of(self) -> str:
        """Asked by `_pickle.Pickler`."""
        return self.identity

    def fill(self, identity: str, definition: Definition, contents: tuple[Any, ...]) -> None:
        """Become a dispatcher; others may hold references to this one before."""
        py_func, locals_, options, given = contents
        CPUDispatcher.__init__(self, py_func, locals_, options)
        self.identity = identity
        self.definition = definition
        self.given = given
        self.compiled: dict[str, Compiled] = {}
        self.refused: dict[tuple[types.Type, ...], str] = {}
        self._completing = False
        self._declared: dict[tuple[types.Type, ...], tuple[str, Any, str]] = {}

    def read_known(self, mirror: Callable[[str], Any]) -> None:
        """Read what is compiled already; types may refer to other mirrors."""
        for request, data, link_name in self.definition.known:
            with suppress(KeyError):  # it takes a function that has no part in this
                signature = _pickle.Unpickler(data, mirror).load()
                self._declared[tuple(signature.args)] = request, signature, link_name

    def compile(self, sig: Any) -> Any:
        """As `Dispatcher.compile`; what is compiled already is declared."""
        with global_compiler_lock:
            args, result = sigutils.normalize_signature(sig)
            args = tuple(args)
            if args in self.overloads:
                return self.overloads[args].entry_point
            known = self._declared.get(args)
            if known is not None and (result is None) == ("->" not in known[0]):
                return self._declare(known[1], known[2])
            entry_point = super().compile(sig)
            self._compiled(args, result)
            return entry_point

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Callers see all signatures that the user gave."""
        self.complete()
        return super().get_call_template(args, kws)

    def complete(self) -> None:
        """Compile the signatures that the user gave, and accept no others."""
        if self.given is None or self._completing:
            return
        self._completing = True
        for signature in self.given:
            self.compile(signature)
        self.disable_compile()

    def _declare(self, signature: Any, link_name: str) -> Any:
        entry_point = _nothing()
        self._insert([ty._code for ty in signature.args], entry_point, False)
        self.overloads[tuple(signature.args)] = _Known(signature, entry_point)
        self._register(entry_point, signature, link_name)
        return entry_point

    def _register(self, entry_point: Any, signature: Any, link_name: str) -> None:
        fndesc = descriptor(self, signature, link_name)
        library = CalleeLibrary(fndesc, self.targetctx)
        self.targetctx.insert_user_function(entry_point, fndesc, [library])

    def _compiled(self, args: tuple[types.Type, ...], given: types.Type | None) -> None:
        """Have callers declare what was compiled, if that is possible."""
        # What Numba keeps for those who look into it is most of the memory that it takes.
        result = self.overloads[args]
        result.fndesc.typemap = result.fndesc.calltypes = None
        result = result._replace(type_annotation=None, metadata=None)
        self.overloads[args] = result
        try:
            request = request_of(args, given)
            name = self._link_name(request, result.signature)
        except NotPortable as error:
            self.refused[args] = f"its types: {error}"
            return
        reason = _obstacle(result)
        if reason is not None:
            self.refused[args] = reason
            return
        self.compiled[request] = Compiled(self, request, result, name)
        if self.definition.mode == "inline" and _is_small(result.library):
            return
        # What Numba's NativeLowering registered links the code into callers.
        self.targetctx.remove_user_function(result.entry_point)
        self._register(result.entry_point, result.signature, name)

    def _link_name(self, request: str, signature: Any) -> str:
        returned = type_key(signature.return_type)
        name = _NOT_IN_NAMES.sub("_", self.py_func.__name__) or "_"
        name = f"{'_' if name[0].isdigit() else ''}{name}_{fingerprint(self.identity)}"
        return f"local.v1.{name}.{fingerprint(f'{request}=>{returned}')}"


def _obstacle(result: Any) -> str | None:
    """Why a compiled function can be used in this process only."""
    if result.objectmode:
        return "it is compiled in object mode"
    if isinstance(result.signature.return_type, types.Generator):
        return "it is a generator"
    if any(isinstance(ty, types.FunctionType) for ty in result.signature.args):
        return "it takes a function by its address"
    for library in _link.closure([result.library]):
        for variable in _link.own_module(library).global_variables:
            if variable.name.startswith(_capture.DYNAMIC):
                address = _capture.dynamic_address(variable.name)
                what = address.info if address is not None else "something"
                return f"it uses {what} by its address in the process"
    return None


def _is_small(library: Any) -> bool:
    return str(_link.own_module(library)).count("\n") <= _SMALL


def unpickled(definitions: dict[str, Definition], targets: bytes) -> tuple[dict[str, Mirror], Any]:
    """The mirrors of all definitions, and the targets with these in their types."""
    mirrors = {identity: Mirror.__new__(Mirror) for identity in definitions}
    for identity, definition in definitions.items():
        contents = _pickle.Unpickler(definition.payload, mirrors.__getitem__).load()
        mirrors[identity].fill(identity, definition, contents)
    for mirror in mirrors.values():
        mirror.read_known(mirrors.__getitem__)
    return mirrors, _pickle.Unpickler(targets, mirrors.__getitem__).load()
