"""`@puck.njit`: Numba's `@njit` for projects whose functions are compiled once and declared.

    switch ── _mode            `PUCK_NUMBA`, `numba_mode()`
    `njit` ── _function        a dispatcher that takes code from the local package
                 │
              _resolve         from a function and argument types to an address
             ╱   │    ╲
        _key  _types  _store   what a function was compiled from; names of types; what is on disk
                 │
          _batch, _client      have compiled what is missing ⇄ `server`, a process of its own:
                                   _build, _mirror (types and compiles), _emit (links, describes)

`_declared` is what jitted callers see of a function, `_bound` its code in this process, `_library`
a loaded library, `_folder` where stores lie, `_pickle` and `classes` how functions travel to the
server, `_registry` which functions this process has, `_report` what became of them.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib.util import find_spec
from types import FunctionType, MappingProxyType
from typing import Any

try:
    import numba
except ModuleNotFoundError as error:
    if error.name != "numba":
        raise
    message = "puck.njit needs Numba, which is not installed\nhint: `pip install numba`"
    raise ModuleNotFoundError(message, name="numba") from None

from numba.core.sigutils import is_signature

from puck.dropin._mode import numba_mode

__all__ = ["njit", "numba_mode", "numba_report"]


def njit(signature_or_function: Any = None, **options: Any) -> Any:
    """Numba's `njit`, with the same arguments; what it does is set by `numba_mode`.

    In modes `declare` (the default) and `inline` each function is compiled once, by the first
    process that needs it, into a local package beside the sources. Callers, plain `@njit` ones
    too, declare it and do not embed it. Functions with signatures are compiled together when the
    first of them is used, functions without when they are called with new types. What cannot be
    declared is compiled by Numba as ever; `numba_report()` tells why.
    """
    mode = numba_mode()
    if mode == "off" or _is_numbas_own(options) or not _can_compile():
        if signature_or_function is None:
            return numba.njit(**options)
        return numba.njit(signature_or_function, **options)
    signatures = signature_or_function
    if signatures is not None and not isinstance(signatures, list):
        if not is_signature(signatures):
            return _made(signatures, None, options, mode)
        signatures = [signatures]
    return lambda function: _made(function, signatures, options, mode)


@cache
def _can_compile() -> bool:
    """Whether the extension module is there, which links what is compiled; warns if it is not."""
    if find_spec("puck._puck") is not None:
        return True
    warnings.warn(
        "puck.njit is plain numba.njit here: the extension module `puck._puck` is not installed\n"
        "hint: install Puck's wheel, or `pip install -e python` in its sources; with "
        "PUCK_NUMBA=off this is not told",
        RuntimeWarning,
        stacklevel=3,
    )
    return False


def _is_numbas_own(options: dict[str, Any]) -> bool:
    """Whether options ask for what only Numba does, or has to complain of."""
    known = {"nopython", "forceobj", "pipeline_class", "_target", "argtypes", "restype", "debug"}
    return bool(known & options.keys()) or bool(numba.config.DISABLE_JIT)


def _made(function: Any, signatures: list[Any] | None, options: dict[str, Any], mode: Any) -> Any:
    if not isinstance(function, FunctionType):
        return numba.njit(**options)(function)  # Numba says what is wrong
    from puck.dropin._function import pending

    options = dict(options)
    cache = bool(options.pop("cache", False))
    locals_ = dict(options.pop("locals", MappingProxyType({})))
    # As numba.core.decorators.jit passes them on.
    options["nopython"] = True
    options["boundscheck"] = options.get("boundscheck")
    return pending(function, locals_, options, signatures, cache, mode)


def numba_report() -> Any:
    """What became of each `@puck.njit` function so far: a list that prints as a table."""
    from puck.dropin._report import numba_report as report

    return report()
