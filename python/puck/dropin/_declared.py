"""A compiled function of the local package as Numba sees it: declared, never embedded.

Numba keeps a `CompileResult` for each signature of a dispatcher and calls it from other jitted
functions through its descriptor (the symbol) and its code library (the definition). Here the
descriptor names a symbol of a loaded library and the code library defines nothing.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from llvmlite import binding
from numba.core import typing
from numba.core.codegen import JITCodeLibrary
from numba.core.funcdesc import FunctionDescriptor
from numba.core.registry import cpu_target

from puck._errors import PackageError
from puck.dropin import _registry
from puck.dropin._pickle import load_types
from puck.numba import _cache

if TYPE_CHECKING:
    from puck.dropin._function import LocalFunction

# A cached caller whose callee has another signature now is compiled again, also in mode `off`,
# where nothing but its cache file imports this.
_cache.install()


def descriptor(function: Any, signature: typing.Signature, link_name: str) -> FunctionDescriptor:
    """Numba's descriptor of a function that has the symbol `link_name`."""
    py_func = function.py_func
    return FunctionDescriptor(
        native=True,
        modname=py_func.__module__,
        qualname=py_func.__qualname__,
        unique_name=py_func.__qualname__,
        doc=py_func.__doc__ or "",
        typemap=None,
        restype=signature.return_type,
        calltypes=None,
        args=tuple(py_func.__code__.co_varnames[: len(signature.args)]),
        kws=(),
        mangler=lambda *_, **__: link_name,
        argtypes=tuple(signature.args),
        env_name=f"{link_name}.environment",
    )


class DeclaredLibrary(JITCodeLibrary):
    """A code library whose one function is defined elsewhere, at `address`."""

    def __init__(self, name: str, address: int) -> None:
        super().__init__(cpu_target.target_context.codegen(), name)
        self._address = address
        self._finalized = True
        self._c_wrapper: JITCodeLibrary | None = None
        # What other code libraries link in: nothing.
        self._shared_module = self._final_module

    def _get_module_for_linking(self) -> binding.ModuleRef:
        return self._shared_module

    def get_pointer_to_function(self, name: str) -> int:
        """The address of the function, or of its C wrapper if that was asked for."""
        if name == self.name:
            return self._address
        if self._c_wrapper is None:
            return 0
        return self._c_wrapper.get_pointer_to_function(name)

    def offer_c_wrapper(self, fndesc: FunctionDescriptor) -> None:
        """Make the wrapper that first-class functions are called through (needs a JIT)."""
        if self._c_wrapper is None:
            context = cpu_target.target_context
            wrapper = self._codegen.create_library(f"{self.name}.c")
            context.create_cfunc_wrapper(wrapper, fndesc, None, None)
            wrapper.finalize()
            self._c_wrapper = wrapper
            self._shared_module = wrapper._get_module_for_linking()


class Guard:
    """Loads a callee before a cached caller is: Numba keeps it in the caller's cache file.

    Numba runs what is in `CodeLibrary._reload_init` before it loads the object code.
    """

    def __init__(self, identity: str, request: str, link_name: str) -> None:
        self._facts = (identity, request, link_name)
        self.link_name = link_name
        """By which `puck.numba._cache` knows a guard."""

    def __call__(self) -> None:
        identity, request, link_name = self._facts
        function = _registry.find(identity)
        if function is None:
            raise PackageError(f"`{identity}`, which cached code calls, is not there any more")
        bound = function.bound(request)
        if bound is None or bound.record.link_name != link_name:
            raise PackageError(f"`{identity}{request}`, which cached code calls, has changed")
        binding.add_symbol(link_name, bound.address)

    def __hash__(self) -> int:
        return hash(self._facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Guard) and other._facts == self._facts

    def __reduce__(self) -> tuple[Any, ...]:
        return Guard, self._facts


class DeclaredResult:
    """What a dispatcher keeps for one signature, in the place of a `CompileResult`.

    Most of it is made when a jitted caller asks: calls from Python need only the entry point.
    """

    objectmode = False
    typing_error = None
    lifted = ()
    interpmode = False

    def __init__(self, function: LocalFunction, bound: Any) -> None:
        self.entry_point = bound.entry_point(function)
        self.bound = bound
        self.metadata: dict[str, Any] = {}
        self._function = function
        self.is_declared = False

    @cached_property
    def signature(self) -> typing.Signature:
        """Arguments' types and the result's."""
        return load_types(self.bound.record.signature)

    @cached_property
    def fndesc(self) -> FunctionDescriptor:
        """The descriptor that names the function's symbol."""
        return descriptor(self._function, self.signature, self.bound.record.link_name)

    @cached_property
    def library(self) -> DeclaredLibrary:
        """The code library that callers link in."""
        record = self.bound.record
        library = DeclaredLibrary(record.link_name, self.bound.address)
        guard = Guard(self._function.local.identity, record.request, record.link_name)
        library._reload_init.add(guard)
        return library

    @property
    def environment(self) -> None:
        """The library of the local package has its own."""
        return

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
            record = self.bound.record
            binding.add_symbol(record.link_name, self.bound.address)
            self.target_context.insert_user_function(self.entry_point, self.fndesc, [self.library])
            self.is_declared = True

    def dump(self, tab: str = "") -> None:
        """Print one line, as Numba's own results do."""
        print(f"{tab}DECLARED {self.bound.record.link_name}")
