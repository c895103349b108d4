"""`@puck.njit` functions: Numba dispatchers that take their code from the local package.

A `LocalFunction` is a `CPUDispatcher`, so everything that Numba's users and Numba itself do with
dispatchers works; only where Numba would compile, the local package is asked first. A
`PendingFunction` is one that has not been used yet: it costs next to nothing, and becomes a
`LocalFunction` the first time that anything but its name is asked for. Until that is done, other
threads wait.
"""

from __future__ import annotations

import collections
import functools
import weakref
from contextlib import suppress
from threading import get_ident
from types import MethodType
from typing import Any

from numba.core import sigutils, typeinfer, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import _CompileStats
from numba.core.registry import CPUDispatcher, cpu_target
from numba.core.utils import shutting_down

from puck.dropin import _registry, _report, _resolve
from puck.dropin._bound import Bound, folder
from puck.dropin._declared import DeclaredResult
from puck.dropin._key import NotPortable, content
from puck.dropin._mode import Mode
from puck.dropin._types import request_in
from puck.numba._target import LazyDispatcher


class Local:
    """What Puck knows of a function beside what Numba's dispatcher does."""

    def __init__(
        self, function: LocalFunction, signatures: list[Any] | None, mode: Mode, cache: bool
    ) -> None:
        self._function = weakref.ref(function)
        # Here too, as a `PendingFunction` takes long to answer.
        self.py_func = function.py_func
        self.inlines = function.targetoptions.get("inline", "never") != "never"
        """Whether Numba copies the body into callers."""
        self.signatures = signatures
        self.mode = mode
        self.cache = cache
        self.plain: CPUDispatcher | None = None
        self._identity = _registry.name(function)
        self._naming = False

    # Made when they are needed: most functions of a project are not used by a process.

    @functools.cached_property
    def bound(self) -> dict[str, Bound]:
        """The code that this process has loaded, by request."""
        return {}

    @functools.cached_property
    def refused(self) -> dict[str, str]:
        """Why the server could not compile the function, by request."""
        return {}

    @functools.cached_property
    def forgotten(self) -> set[str]:
        """Libraries that are not looked at any more."""
        return set()

    @functools.cached_property
    def hits(self) -> collections.Counter[Any]:
        """How often code was found."""
        return collections.Counter()

    @functools.cached_property
    def misses(self) -> collections.Counter[Any]:
        """How often code was not found, and compiled."""
        return collections.Counter()

    @functools.cached_property
    def _requests(self) -> frozenset[str]:
        """What the signatures that the user gave mean."""
        requests = set()
        for signature in self.signatures or ():
            with suppress(NotPortable):
                requests.add(request_in(signature)[0])
        return frozenset(requests)

    @functools.cached_property
    def head(self) -> str:
        """Parameters, and the signatures that callers choose from, in words that last."""
        code = self.py_func.__code__
        choices = "any" if self.signatures is None else "; ".join(map(_lasting, self.signatures))
        return f"{code.co_varnames[: code.co_argcount]} {choices}"

    def allows(self, request: str) -> bool:
        """Whether callers may use the function for what a request names."""
        if self.signatures is None:
            return "->" not in request
        return request in self._requests

    @property
    def identity(self) -> str:
        """What names the function in the local package: its place, or else its contents."""
        if self._identity is None:
            function = self._function()
            assert function is not None
            name = f"{function.__module__}:{function.__qualname__}"
            if self._naming:  # it refers to itself
                return f"{name}#"
            self._naming = True
            try:
                digest = content(function).digest.hex()
            except NotPortable:
                digest = f"{id(function):x}"
            finally:
                self._naming = False
            self._identity = f"{name}#{digest}"
            _registry.register(self._identity, function)
        return self._identity


def _lasting(signature: Any) -> str:
    if not isinstance(signature, str):
        with suppress(NotPortable, TypeError):
            return request_in(signature)[0]
    return str(signature)


class LocalFunction(LazyDispatcher):
    """A dispatcher whose compiled code lies in the local package."""

    local: Local

    def _make_finalizer(self) -> Any:
        overloads = self.overloads

        def finalizer() -> None:
            # As `_DispatcherBase._make_finalizer`: forget what jitted code calls.
            for result in () if shutting_down() else overloads.values():
                with suppress(KeyError):
                    if not isinstance(result, DeclaredResult) or result.is_declared:
                        cpu_target.target_context.remove_user_function(result.entry_point)

        return finalizer

    def identity_of(self) -> str:
        """Asked by `_pickle.Pickler`."""
        return self.local.identity

    def compile(self, sig: Any) -> Any:
        """Find the code for a signature, have it compiled, or leave it to Numba."""
        # The order of the two locks is always this: compiling callers hold Numba's.
        with global_compiler_lock:
            args, return_type = sigutils.normalize_signature(sig)
            args = tuple(args)
            existing = self.overloads.get(args)
            if existing is not None:
                return existing.entry_point
            if not self._can_compile:
                raise RuntimeError("compilation disabled")
            bound = None
            if not self.is_compiling:
                bound = _resolve.bind(self, args, return_type)
            if bound is None:
                return self._compile_plain(sig, args, return_type)
            result = DeclaredResult(self, bound)
            self._insert([a._code for a in args], result.entry_point, False)
            self.overloads[args] = result
            return result.entry_point

    def _compile_plain(self, sig: Any, args: tuple[types.Type, ...], result: Any) -> Any:
        if self.local.cache:
            try:
                self.enable_caching()
            except RuntimeError as error:  # Numba knows no place for it
                _report.note(self, args, f"not cached: {error}")
            self.local.cache = False
        entry_point = super().compile(sig)
        _resolve.leave_to_numba(self, args, result)
        return entry_point

    def bound(self, request: str) -> Bound | None:
        """The code for arguments that are named as the index names them; never compiles plainly."""
        return _resolve.bind_request(self, request)

    def get_overload(self, sig: Any) -> Any:
        """The entry point for a signature, which the target context knows from now on."""
        args, _ = sigutils.normalize_signature(sig)
        return self._declared(self.overloads[tuple(args)]).entry_point

    def get_compile_result(self, sig: Any) -> Any:
        """The result for a signature; asked for where the function becomes a first-class one."""
        with global_compiler_lock:  # asked for where types of arguments are compared, too
            return self._declared(super().get_compile_result(sig))

    def _compile_given(self) -> None:
        _registry.pending.discard(self)
        if self.local.signatures is not None:
            # As numba.core.decorators._jit does for signatures.
            with typeinfer.register_dispatcher(self):
                for signature in self.local.signatures:
                    self.compile(signature)
                self.disable_compile()

    @staticmethod
    def _declared(result: Any) -> Any:
        if isinstance(result, DeclaredResult):
            result.declare()
        return result

    def recompile(self) -> None:
        """Compile all signatures again."""
        _resolve.forget(self)
        super().recompile()

    @property
    def stats(self) -> Any:
        """Where compiled code lies, and how often it was found there or not."""
        local = self.local
        return _CompileStats(folder(self), local.hits, local.misses)

    def plain(self) -> CPUDispatcher:
        """The same function as Numba alone compiles it, for looking into it."""
        if self.local.plain is None:
            options = dict(self.targetoptions)
            self.local.plain = CPUDispatcher(self.py_func, dict(self.locals), options)
        return self.local.plain

    def plain_result(self, signature: Any) -> Any:
        """Numba's own compile result for a signature."""
        plain = self.plain()
        args = tuple(getattr(signature, "args", signature))
        plain.compile(args)
        return plain.overloads[args]

    def _inspected(self, signature: Any) -> CPUDispatcher:
        for args in self.overloads if signature is None else (signature,):
            self.plain_result(args)
        return self.plain()

    def inspect_llvm(self, signature: Any = None) -> Any:
        """The LLVM IR that Numba alone makes of the function."""
        return self._inspected(signature).inspect_llvm(signature)

    def inspect_asm(self, signature: Any = None) -> Any:
        """The assembly code that Numba alone makes of the function."""
        return self._inspected(signature).inspect_asm(signature)

    def inspect_types(self, file: Any = None, signature: Any = None, **options: Any) -> Any:
        """The annotated source."""
        return self._inspected(signature).inspect_types(file, signature, **options)

    def inspect_cfg(self, signature: Any = None, **options: Any) -> Any:
        """The control flow of what Numba alone makes of the function."""
        return self._inspected(signature).inspect_cfg(signature, **options)

    def inspect_disasm_cfg(self, signature: Any = None) -> Any:
        """The control flow of the machine code that Numba alone makes of the function."""
        return self._inspected(signature).inspect_disasm_cfg(signature)

    def get_annotation_info(self, signature: Any = None) -> Any:
        """Annotations of the source."""
        return self._inspected(signature).get_annotation_info(signature)

    def parallel_diagnostics(self, signature: Any = None, level: int = 1) -> None:
        """Tell how loops were parallelised."""
        self._inspected(signature).parallel_diagnostics(signature, level)

    def get_metadata(self, signature: Any = None) -> Any:
        """What Numba notes while it compiles."""
        return self._inspected(signature).get_metadata(signature)

    def _reduce_class(self) -> type:
        return LocalFunction

    def _reduce_states(self) -> dict[str, Any]:
        local = self.local
        return {
            "identity": local.identity,
            "py_func": self.py_func,
            "locals": dict(self.locals),
            "targetoptions": dict(self.targetoptions),
            "signatures": local.signatures,
            "cache": local.cache,
            "mode": local.mode,
        }

    @classmethod
    def _rebuild(cls, identity: str, **states: Any) -> LocalFunction:
        known = _registry.find(identity)
        return known if known is not None else pending(**states)


# What is answered of a function that was not used yet, without using it.
_KNOWN = frozenset(
    {
        *functools.WRAPPER_ASSIGNMENTS,
        "__class__",
        "__dict__",
        "__wrapped__",
        "__reduce__",
        "__reduce_ex__",
        "_reduce_class",
        "_reduce_states",
        "local",
        "locals",
        "py_func",
        "targetoptions",
    }
)


class PendingFunction(LocalFunction):
    """A function of which nothing but the name has been used yet.

    It stays one until all of it is made: another thread that asks for something waits. It may be
    one no more when a method begins, which therefore finds nothing by way of `self`.
    """

    def __init__(self) -> None:
        """The dispatcher is made by `_use`."""

    def __getattribute__(self, name: str) -> Any:
        if name in _KNOWN or PendingFunction._use(self):
            return object.__getattribute__(self, name)
        return getattr(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _KNOWN:
            PendingFunction._use(self)
        object.__setattr__(self, name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if PendingFunction._use(self):
            return super().__call__(*args, **kwargs)
        return self(*args, **kwargs)

    def __repr__(self) -> str:
        return f"LocalFunction({self.py_func!r})"

    def __get__(self, obj: Any, objtype: Any = None) -> Any:
        return self if obj is None else MethodType(self, obj)

    def _use(self) -> bool:
        """Become a dispatcher that Numba knows, with the signatures that were given.

        Whether this is what asks, further up in this thread: what it needs of itself is there.
        """
        state = self.__dict__
        if state.get("_maker") == get_ident():
            return True
        with global_compiler_lock:
            if type(self) is not PendingFunction:  # another thread was first
                return False
            state["_maker"] = get_ident()
            try:
                if "_compiler" not in state:  # it is there after a failure
                    LazyDispatcher.__init__(self, self.py_func, self.locals, self.targetoptions)
                self._compile_given()
                self.__class__ = LocalFunction
            finally:
                del state["_maker"]
            return False


def pending(
    py_func: Any,
    locals: dict[str, Any],  # noqa: A002
    targetoptions: dict[str, Any],
    signatures: list[Any] | None,
    cache: bool,
    mode: Mode,
) -> LocalFunction:
    """A function that is not compiled or looked up before it is used."""
    function = LocalFunction.__new__(PendingFunction)
    state = object.__getattribute__(function, "__dict__")
    state.update(py_func=py_func, locals=locals, targetoptions=targetoptions)
    # As functools.update_wrapper, which takes longer: projects have many functions.
    for name in functools.WRAPPER_ASSIGNMENTS:
        state[name] = getattr(py_func, name, None)
    state.update(py_func.__dict__, __wrapped__=py_func)
    state["local"] = Local(function, signatures, mode, cache)
    if signatures is not None:
        _registry.pending.add(function)
    return function
