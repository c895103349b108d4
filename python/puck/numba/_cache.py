"""What numba's cache of compiled functions does with guards, beyond calling them.

Three things that numba does not do by itself:

- a guard that raises is a miss: the caller is compiled again, for what is installed now;
- a function that comes from the cache hands its guards on to those that are compiled with it linked
  in, as one that was compiled just now does;
- the wrappers of `guvectorize`, which numba keeps in files of their own, have guards, too.
"""

from __future__ import annotations

import logging
from typing import Any

from numba.core import caching

from puck._errors import PackageError

_log = logging.getLogger("puck.numba")
_MARK = "puck guards 1"
_installed = False


def install() -> None:
    """Wrap `reduce` and `rebuild` of `numba.core.caching`'s two kinds of cache, once."""
    global _installed
    if _installed:
        return
    _installed = True
    _wrap_functions(caching.CompileResultCacheImpl)
    _wrap_libraries(caching.CodeLibraryCacheImpl)


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
        try:
            result = plain_rebuild(self, target_context, payload)
        except PackageError as error:
            return _miss(error)
        # Numba's CompileResult._rebuild leaves them in the result alone, and what links the library
        # in (CPUCodeLibrary.finalize) asks the library.
        result.library._reload_init.update(_own(result.reload_init or ()))
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
        if payload[0] != _MARK:
            return plain_rebuild(self, target_context, payload)
        _, guards, payload = payload
        try:
            for guard in guards:
                guard()
        except PackageError as error:
            return _miss(error)
        library = plain_rebuild(self, target_context, payload)
        library._reload_init.update(guards)
        return library

    implementation.reduce = reduce
    implementation.rebuild = rebuild


def _guards(library: Any) -> list[Any]:
    """The callees of a library, in an order that does not depend on the process."""
    return sorted(_own(library._reload_init), key=lambda guard: guard.link_name)


def _own(functions: Any) -> list[Any]:
    # Guards are `puck.numba._guard.Callee` and `puck.dropin._declared.Guard`.
    return [function for function in functions if hasattr(function, "link_name")]


def _miss(error: PackageError) -> None:
    """What numba's caches return for what they do not have."""
    _log.info("a cached function is compiled again: %s", error)
