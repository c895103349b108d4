"""Guards: what cached callers do before their code is loaded, and how numba's cache treats them.

Numba keeps in each cache file functions that it calls before it loads the file's code
(`reload_init`). A guard is one of these and stands for one callee: it checks that the function of
*that* time is the one that was declared, and makes its address known to the code that is loaded
next. What it raises becomes a recompilation, so a callee that is gone or has changed is an error
with words at worst, and never a call of nothing.

Four things are added to what numba does by itself:

- a guard that raises is a miss: the caller is compiled again, for what is installed now;
- a function that comes from the cache hands its guards on to those that are compiled with it linked
  in, as one that was compiled just now does;
- the wrappers of `guvectorize`, which numba keeps in files of their own, have guards, too;
- what was compiled while callees were plain functions of Numba's, and has them in it, is a miss
  where they are declared now (`expect`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from llvmlite import binding
from numba.core import caching

from puck._errors import PackageError

_log = logging.getLogger("puck.numba")
_MARK = "puck guards 1"
# The place of `reload_init` in what numba's CompileResult._reduce returns.
_RELOAD_INIT = 7
_installed = False
_expects: Callable[[Any], bool] | None = None


class Guard:
    """One callee as its caller was compiled for it; it never changes.

    `declaration` says what callers are compiled for beside the types: with another parameter,
    default value or overload, the caller would have been compiled otherwise.
    """

    __slots__ = ("declaration", "link_name")

    def __init__(self, link_name: str, declaration: str) -> None:
        self.link_name = link_name
        self.declaration = declaration

    def __call__(self) -> None:
        """Called by numba's `CompileResult._rebuild`."""
        binding.add_symbol(self.link_name, self.address())

    def address(self) -> int:
        """Where the callee is, loaded, if it is still what was declared.

        :raises PackageError: if it is not.
        """
        raise NotImplementedError

    def _key(self) -> tuple[Any, ...]:
        """What it is made of: the arguments of its class."""
        raise NotImplementedError

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), self._key())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Guard) and self.__reduce__() == other.__reduce__()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"<callee {self.link_name}>"


class Declares(Guard):
    """Says of a cached function that it was compiled where its callees were declared."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("", "")

    def __call__(self) -> None:
        """There is nothing to make sure of."""

    def _key(self) -> tuple[Any, ...]:
        return ()


def install() -> None:
    """Wrap what `numba.core.caching`'s two kinds of cache do, once."""
    global _installed
    if _installed:
        return
    _installed = True
    _wrap_caches(caching.Cache)
    _wrap_functions(caching.CompileResultCacheImpl)
    _wrap_libraries(caching.CodeLibraryCacheImpl)


def expect(declares: Callable[[Any], bool]) -> None:
    """Take nothing from caches that should have been compiled with declared callees, and was not.

    `declares` tells whether a Python function has callees that are declared.
    """
    global _expects
    _expects = declares


def _wrap_caches(cache: type) -> None:
    plain_load, plain_save = cache._load_overload, cache._save_overload

    def load(self: Any, sig: Any, target_context: Any) -> Any:
        # For `rebuild`, which knows of the function no more than what its files are called.
        self._impl.puck_function = self._py_func
        return plain_load(self, sig, target_context)

    def save(self: Any, sig: Any, data: Any) -> None:
        if _expects is not None and _expects(self._py_func):
            getattr(data, "library", data)._reload_init.add(Declares())
        plain_save(self, sig, data)

    cache._load_overload = load
    cache._save_overload = save


def _is_foreign(implementation: Any, guards: Any) -> bool:
    """Whether what is in the cache has in it what would be declared now."""
    function = getattr(implementation, "puck_function", None)
    if _expects is None or function is None or any(type(one) is Declares for one in guards or ()):
        return False
    return _expects(function)


def _wrap_functions(implementation: type) -> None:
    plain_reduce, plain_rebuild = implementation.reduce, implementation.rebuild

    def reduce(self: Any, result: Any) -> Any:
        # Guards reach `reload_init` when the library is finalized, which may be after numba's
        # NativeLowering has copied them (ufuncs have no entry point to be made at that time).
        result.library._ensure_finalized()
        for guard in _guards(result.library):
            if guard not in result.reload_init:
                result.reload_init.append(guard)
        return plain_reduce(self, result)

    def rebuild(self: Any, target_context: Any, payload: Any) -> Any:
        if _is_foreign(self, payload[_RELOAD_INIT]):
            return _miss("its callees were not declared when it was compiled")
        try:
            result = plain_rebuild(self, target_context, payload)
        except PackageError as error:
            return _miss(error)
        # Numba's CompileResult._rebuild leaves them in the result alone, and what links the library
        # in (CPUCodeLibrary.finalize) asks the library.
        result.library._reload_init.update(_callees(result.reload_init or ()))
        return result

    implementation.reduce = reduce
    implementation.rebuild = rebuild


def _wrap_libraries(implementation: type) -> None:
    plain_reduce, plain_rebuild = implementation.reduce, implementation.rebuild

    def reduce(self: Any, library: Any) -> Any:
        library._ensure_finalized()
        guards = _guards(library)
        payload = plain_reduce(self, library)
        return (_MARK, guards, payload) if guards else payload

    def rebuild(self: Any, target_context: Any, payload: Any) -> Any:
        guards: Any = ()
        if payload[0] == _MARK:
            _, guards, payload = payload
        if _is_foreign(self, guards):
            return _miss("its callees were not declared when it was compiled")
        try:
            for guard in guards:
                guard()
        except PackageError as error:
            return _miss(error)
        library = plain_rebuild(self, target_context, payload)
        library._reload_init.update(_callees(guards))
        return library

    implementation.reduce = reduce
    implementation.rebuild = rebuild


def _guards(library: Any) -> list[Guard]:
    """The callees of a library, in an order that does not depend on the process."""
    return sorted(_own(library._reload_init), key=lambda guard: guard.link_name)


def _own(functions: Any) -> list[Guard]:
    return [function for function in functions if isinstance(function, Guard)]


def _callees(functions: Any) -> list[Guard]:
    """What callers get of a function's guards."""
    return [guard for guard in _own(functions) if type(guard) is not Declares]


def _miss(reason: object) -> None:
    """What numba's caches return for what they do not have."""
    _log.info("a cached function is compiled again: %s", reason)
