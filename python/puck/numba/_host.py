"""What packages need of the process that loads them, and loading them with it.

A package names each function and each datum that the process must have, and who provides it. All
are looked up before the library is loaded, so that one that is missing is a sentence and not a
crash.
"""

from __future__ import annotations

import base64
import binascii
import ctypes
import pickle
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from llvmlite import binding
from numba import __version__ as numba_version
from numba import _dynfunc, _helperlib
from numba.core.environment import Environment
from numba.core.runtime import _nrt_python

from puck._errors import PackageError
from puck.numba import _exceptions

if TYPE_CHECKING:
    from puck.packages._installed import Installed

# What code with parallel loops calls; numba defines these when it has started its threads
# (numba.np.ufunc.parallel._launch_threads and _load_threading_functions).
PARALLEL = frozenset(
    {
        "allocate_sched",
        "deallocate_sched",
        "do_scheduling_signed",
        "do_scheduling_unsigned",
        "get_num_threads",
        "get_parallel_chunksize",
        "get_sched_size",
        "get_thread_id",
        "numba_parallel_for",
        "set_num_threads",
        "set_parallel_chunksize",
    }
)

_HINTS = {
    "scipy": "install SciPy in this Python: Numba takes its BLAS and LAPACK from it",
    "numba": "install the version of Numba that the package was made with: {made}",
    "numba-runtime": "install the version of Numba that the package was made with: {made}",
    "python": "use the version of Python that the package was made with: {made}",
    "environment": "the package is damaged: install it again",
}

# Code of packages holds their addresses for as long as the process lives.
_environments: list[Environment] = []


def load(installed: Installed) -> None:
    """Load a package's library, and fill the table of what it needs of the process.

    :raises PackageError: if the process lacks something, before anything is loaded.
    """
    numba = installed.numba or {}
    addresses: dict[str, int] = {}
    missing: dict[str, list[str]] = {}
    for wanted in installed.document["host-imports"]:
        symbol, provider = wanted["symbol"], wanted["provider"]
        if provider == "environment":
            continue
        found = address(symbol, provider)
        if found:
            addresses[symbol] = found
        else:
            missing.setdefault(provider, []).append(symbol)
    if missing:
        raise _missing(installed, missing, numba)
    for symbol, described in (numba.get("environments") or {}).items():
        addresses[symbol] = id(_environment(installed, symbol, described))
    _exceptions.register(numba.get("exceptions") or {})
    installed.environment.native.load(
        installed.name, installed.series, lambda symbol, _: addresses.get(symbol)
    )


def address(symbol: str, provider: str) -> int | None:
    """Where this process has a symbol; `None` if it has not."""
    if provider == "scipy" and find_spec("scipy") is None:
        return None
    if provider == "python":
        return _of_python(symbol)
    if symbol in PARALLEL:
        from numba.np.ufunc.parallel import _launch_threads

        _launch_threads()
        return binding.address_of_symbol(symbol)
    if symbol.startswith("_numba_hashsecret_"):
        # It makes them known to LLVM when it is imported.
        import numba.cpython.hashing  # noqa: F401
    # Numba's tables of C functions: the runtime's, then the helpers'. What code calls
    # `numba_NAME` or `NRT_NAME` is `NAME` there.
    if symbol.startswith("NRT_") and symbol[4:] in _nrt_python.c_helpers:
        return _nrt_python.c_helpers[symbol[4:]]
    for table in (_nrt_python.c_helpers, _helperlib.c_helpers, _dynfunc.c_helpers):
        found = table.get(symbol.removeprefix("numba_")) or table.get(symbol)
        if found:
            return found
    return binding.address_of_symbol(symbol) or _of_python(symbol)


def _of_python(symbol: str) -> int | None:
    """Where the interpreter has a function or a datum of its C API."""
    try:
        return ctypes.cast(getattr(ctypes.pythonapi, symbol), ctypes.c_void_p).value
    except AttributeError:
        return None


class Unreadable(Exception):
    """Constants that were pickled mean nothing in this process."""


def environment(module: str, constants: bytes) -> Environment:
    """The object that holds a function's constants: code finds them there by their numbers.

    As `numba.core.environment._rebuild_env` makes it for a cached function.

    :raises Unreadable: if a constant is of a class or a module that is not there.
    """
    made = Environment({"__name__": module})
    try:
        made.consts[:] = pickle.loads(constants)
    except (
        pickle.UnpicklingError, ImportError, AttributeError, TypeError, ValueError, EOFError,
    ) as error:  # fmt: skip
        raise Unreadable(str(error)) from error
    return made


def _environment(installed: Installed, symbol: str, described: dict[str, Any]) -> Environment:
    """An environment of a package."""
    try:
        made = environment(described["module"], base64.b64decode(described["constants"]))
    except (Unreadable, binascii.Error) as error:
        numba = installed.numba or {}
        raise PackageError(
            f"package {installed.label} has constants that this Python cannot read: {error}",
            hint=f"it was made with {_made_with(numba)}; this is {_this_process()}",
        ) from error
    made.env_name = f"{installed.name}.{installed.series}.{symbol}"
    _environments.append(made)
    return made


def _missing(
    installed: Installed, missing: dict[str, list[str]], numba: dict[str, Any]
) -> PackageError:
    parts = [
        f"of `{provider}` " + ", ".join(sorted(symbols)[:6]) + (", …" if len(symbols) > 6 else "")
        for provider, symbols in sorted(missing.items())
    ]
    hints = [
        _HINTS.get(provider, "nothing here provides it").format(made=_made_with(numba))
        for provider in sorted(missing)
    ]
    return PackageError(
        f"package {installed.label} needs what this process does not provide: {'; '.join(parts)}",
        hint="; ".join(dict.fromkeys(hints)),
    )


def _made_with(numba: dict[str, Any]) -> str:
    return f"Numba {numba.get('numba', '?')}, Python {numba.get('python', '?')}"


def _this_process() -> str:
    return f"Numba {numba_version}, Python {sys.version.split()[0]}"
