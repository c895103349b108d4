"""A compiled function of the local package as Numba sees it: declared, never embedded.

Numba keeps a `CompileResult` for each signature of a dispatcher and calls it from other jitted
functions through its descriptor (the symbol) and its code library (the definition). Here these
are what `puck.numba._callee` has for functions that are compiled elsewhere.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from llvmlite import binding

from puck._errors import PackageError
from puck.dropin import _key, _registry
from puck.dropin._pickle import load_types
from puck.numba import _cache

if TYPE_CHECKING:
    from puck.dropin._function import LocalFunction
    from puck.numba._callee import CalleeDescriptor, CalleeLibrary

# A cached caller whose callee has another signature now is compiled again, also in mode `off`,
# where nothing but its cache file imports this.
_cache.install()
_cache.expect(_key.declares)


class Guard(_cache.Guard):
    """A function of the local package, as its caller was compiled for it."""

    __slots__ = ("identity", "request")

    def __init__(
        self, identity: str, request: str, link_name: str, declaration: str = "unknown"
    ) -> None:
        super().__init__(link_name, declaration)
        self.identity = identity
        self.request = request

    def address(self) -> int:
        """Where the function is, looked up or compiled as it is now."""
        function = _registry.find(self.identity)
        if function is None:
            raise PackageError(f"`{self.identity}`, which cached code calls, is not there any more")
        bound = None
        if _key.declaration(function) == self.declaration:
            bound = function.bound(self.request)
        if bound is None or bound.record.link_name != self.link_name:
            raise PackageError(
                f"`{self.identity}{self.request}`, which cached code calls, has changed"
            )
        return bound.address

    def _key(self) -> tuple[Any, ...]:
        return self.identity, self.request, self.link_name, self.declaration


def descriptor(function: Any, signature: Any, link_name: str) -> CalleeDescriptor:
    """Numba's descriptor of a function that has the symbol `link_name`."""
    from puck.numba._callee import CalleeDescriptor

    py_func = function.py_func
    names = py_func.__code__.co_varnames[: len(signature.args)]
    return CalleeDescriptor(link_name, signature, names, py_func.__module__)


class DeclaredResult:
    """What a dispatcher keeps for one signature, in the place of a `CompileResult`.

    Most of it is made when a jitted caller asks: calls from Python need only the entry point.
    """

    objectmode = False
    typing_error = None
    lifted = ()
    interpmode = False
    # The library of the local package has its own.
    environment = None

    def __init__(self, function: LocalFunction, bound: Any) -> None:
        self.entry_point = bound.entry_point(function)
        self.bound = bound
        self.metadata: dict[str, Any] = {}
        self._function = function
        self.is_declared = False

    @cached_property
    def signature(self) -> Any:
        """Arguments' types and the result's."""
        return load_types(self.bound.record.signature)

    @cached_property
    def fndesc(self) -> CalleeDescriptor:
        """The descriptor that names the function's symbol."""
        return descriptor(self._function, self.signature, self.bound.record.link_name)

    @cached_property
    def library(self) -> CalleeLibrary:
        """The code library that callers link in."""
        from puck.numba._callee import CalleeLibrary

        function, record = self._function, self.bound.record
        declaration = _key.declaration(function)
        guard = Guard(function.local.identity, record.request, record.link_name, declaration)
        return CalleeLibrary(self.fndesc, self.target_context, lambda: self.bound.address, guard)

    @property
    def target_context(self) -> Any:
        """Numba's context for this processor."""
        return self._function.targetctx

    @property
    def type_annotation(self) -> Any:
        """Annotated source: from a compilation that is made for this purpose."""
        return self._function.plain_result(self.signature).type_annotation

    def declare(self) -> None:
        """Let jitted functions call this one: `Dispatcher.compile` does so for what it compiles."""
        if not self.is_declared:
            binding.add_symbol(self.bound.record.link_name, self.bound.address)
            self.target_context.insert_user_function(self.entry_point, self.fndesc, [self.library])
            self.is_declared = True

    def dump(self, tab: str = "") -> None:
        """Print one line, as Numba's own results do."""
        print(f"{tab}DECLARED {self.bound.record.link_name}")
