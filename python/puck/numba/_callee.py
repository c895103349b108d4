"""What stands for a function that is compiled elsewhere where Numba links callees into callers.

Numba calls a jitted function through two things: a descriptor, which says what the function's
symbol and types are, and a code library, whose module is linked into the caller
(`CPUCodeLibrary.finalize`). The library here has an empty module, or the body that may be inlined.
So the caller's module keeps a plain declaration of the link name, and its guards (`_reload_init`)
make sure of what it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from llvmlite import binding
from numba.core.codegen import CodeLibrary
from numba.core.compiler import compile_result
from numba.core.compiler_lock import global_compiler_lock
from numba.core.funcdesc import FunctionDescriptor

from puck.numba import _inline

if TYPE_CHECKING:
    from puck.numba._cache import Guard

CFUNC_PREFIX = "cfunc."


class CalleeDescriptor(FunctionDescriptor):
    """Says that a function's symbol is a link name."""

    __slots__ = ("library",)

    def __init__(self, symbol: str, signature: Any, names: Iterable[str], module: str) -> None:
        super().__init__(
            native=True,
            modname=module,
            qualname=symbol,
            unique_name=symbol,
            doc="",
            typemap=None,
            restype=signature.return_type,
            calltypes=None,
            args=list(names),
            kws=(),
            mangler=lambda *_, **__: symbol,
            argtypes=tuple(signature.args),
            env_name="",
        )
        self.library: CalleeLibrary | None = None

    @property
    def llvm_cfunc_wrapper_name(self) -> str:
        """What first-class functions are called through where there is no exception to hand on.

        Libraries have no such wrapper. Who asks for its name gets one that is made here.
        """
        if self.library is not None:
            self.library.need_c_wrapper()
        return CFUNC_PREFIX + self.mangled_name


class CalleeLibrary(CodeLibrary):
    """Stands for one function among the libraries that a caller links in.

    `address` says where the function is, having loaded it if need be; without it, nothing that is
    compiled here is called in this process. `guard` is for callers that numba caches.
    """

    def __init__(
        self,
        descriptor: CalleeDescriptor,
        context: Any,
        address: Callable[[], int] | None = None,
        guard: Guard | None = None,
        body: _inline.Body | None = None,
    ) -> None:
        # Not CodeLibrary's own: that needs numba's code generator, which Python's calls do not.
        self._name = descriptor.mangled_name
        self._finalized = True
        self._dynamic_globals: list[str] = []
        self._linking_libraries: list[Any] = []
        self.fndesc = descriptor
        self._context = context
        self._body = body
        self._wrapper: str | None = None
        self._wrapper_library: Any = None
        self._empty: binding.ModuleRef | None = None
        self._address = address
        self._guard = guard
        descriptor.library = self

    @property
    def codegen(self) -> Any:
        """The code generator of the context."""
        return self._context.codegen()

    @property
    def _codegen(self) -> Any:
        return self.codegen

    @property
    def _reload_init(self) -> set[Guard]:
        """The guards that a caller gets; numba's `CPUCodeLibrary.finalize` takes them over."""
        if self._guard is None:
            return set()
        digest = self._body.offered() if self._body is not None else None
        return {self._guard if digest is None else self._guard.with_body(digest)}

    @property
    def _final_module(self) -> binding.ModuleRef:
        """What merges modules finds nothing to merge: callers declare the function themselves."""
        if self._empty is None:
            self._empty = _inline.empty(self.codegen, self._name)
        return self._empty

    def resolve(self) -> None:
        """Let code that is linked in this process find the function."""
        if self._address is not None and self._guard is not None:
            binding.add_symbol(self._guard.link_name, self._address())

    def _get_module_for_linking(self) -> binding.ModuleRef:
        """What `CPUCodeLibrary.finalize` of a caller links in, right before it needs symbols."""
        self.resolve()
        module = self._body.module() if self._body is not None else None
        if self._wrapper is None:
            return self._final_module if module is None else module
        # The wrapper is not often there; then it is worth a copy.
        both = self._wrapper_module()
        if module is not None:
            both.link_in(module, preserve=True)
        return both

    def _wrapper_module(self) -> binding.ModuleRef:
        """The wrapper, of which a caller needs one, whoever brings it."""
        module = parsed(self._wrapper or "")
        for function in module.functions:
            if not function.is_declaration:
                function.linkage = binding.Linkage.linkonce_odr
        return module

    def need_c_wrapper(self) -> None:
        """Make the function of C's convention that numba's own functions have beside them.

        Numba's `CPUContext.create_cfunc_wrapper` writes it; it asks for its name again, so what is
        under way counts as done.
        """
        if self._wrapper is None:
            self._wrapper = ""
            made = _Collector()
            self._context.create_cfunc_wrapper(made, self.fndesc, None, None)
            self._wrapper = made.text

    def get_pointer_to_function(self, name: str) -> int:
        """The address of the function or of its C wrapper, as first-class functions need it."""
        if name == self.fndesc.llvm_func_name and self._address is not None:
            return self._address()
        if name != CFUNC_PREFIX + self._name:
            raise KeyError(name)
        if self._wrapper_library is None:
            with global_compiler_lock:
                library = self.codegen.create_library(name)
                # It brings the wrapper, which nothing else of the library would keep.
                library.add_llvm_module(parsed(self._wrapper or ""))
                self.resolve()
                library.finalize()
            self._wrapper_library = library
        return self._wrapper_library.get_pointer_to_function(name)

    def get_llvm_str(self) -> str:
        """The IR that is linked into callers."""
        return str(self._get_module_for_linking())

    def get_asm_str(self) -> str:
        """There is none: the code is in another library."""
        return ""

    def get_function(self, name: str) -> Any:
        """A function of the module that is linked into callers."""
        return self._get_module_for_linking().get_function(name)

    def finalize(self) -> None:
        """There is nothing to do."""

    def add_linking_library(self, library: Any) -> None:
        """Refused: nothing is linked into a function that is declared."""
        raise RuntimeError(f"{self._name} is only declared")

    def add_ir_module(self, ir_module: Any) -> None:
        """Refused: nothing is added to a function that is declared."""
        raise RuntimeError(f"{self._name} is only declared")


def result_of(
    dispatcher: Any,
    signature: Any,
    library: CalleeLibrary,
    entry_point: Any,
    annotation: str,
    environment: Any = None,
) -> Any:
    """What a dispatcher keeps of an overload that is compiled elsewhere."""
    return compile_result(
        typing_context=dispatcher.typingctx,
        target_context=dispatcher.targetctx,
        entry_point=entry_point,
        typing_error=None,
        type_annotation=annotation,
        library=library,
        call_helper=None,
        signature=signature,
        objectmode=False,
        lifted=(),
        fndesc=library.fndesc,
        environment=environment,
        metadata={},
        reload_init=[],
    )


class _Collector:
    """Takes the module that numba has written for a library."""

    text = ""

    def add_ir_module(self, module: Any) -> None:
        from numba.core import cgutils

        self.text = cgutils.normalize_ir_text(str(module))


def parsed(text: str) -> binding.ModuleRef:
    """The module of a text."""
    module = binding.parse_assembly(text)
    module.verify()
    return module
