"""Who provides a symbol that no package and no system library defines."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable
from functools import cache

from puck.numba._host import PARALLEL

#: What Numba's runtime and typed containers are made of, without Python.
RUNTIME = "numba-runtime"
#: What only a process with Numba has.
NUMBA = "numba"
#: Linear algebra, which Numba takes from SciPy.
SCIPY = "scipy"
#: The interpreter.
PYTHON = "python"
#: A cell that holds what a function's Python objects are kept in.
ENVIRONMENT = "environment"

# Of Numba's runtime, what converts Python's objects.
_NRT_WITH_PYTHON = re.compile(r"NRT_(adapt_|meminfo_(as|from|new_from)_py)")
# Helpers of Numba's that are plain C, which the package numba-runtime has too: containers, random
# numbers, and what C's mathematical library lacks.
_PLAIN_C = re.compile(
    r"numba_(list|dict)_"
    r"|numba_set_(add|contains|discard|dump|free|iter|length|new|set_method_table)"
    r"|numba_(rnd_(init|shuffle)|get_(np|py|internal)_random_state|poisson_ptrs)$"
    r"|numba_(gamma|lgamma|erf|erfc|frexp|ldexp|nextafter|cpow|fixed_fmod)f?$"
    r"|numba_(sdiv|srem|udiv|urem|fptoui|fptouif|attempt_nocopy_reshape)$"
)
#: Data that Numba's hashes of text begin with, which is another in each process.
_HASH_SECRET = "_numba_hashsecret_"
_LINEAR_ALGEBRA = re.compile(r"numba_(xx|ez_|xgesv)")


def provider(symbol: str) -> str | None:
    """Who provides `symbol`; `None` where it is not for the process itself to provide."""
    if symbol.startswith("NRT_"):
        return NUMBA if _NRT_WITH_PYTHON.match(symbol) else RUNTIME
    if _LINEAR_ALGEBRA.match(symbol):
        return SCIPY
    if _PLAIN_C.match(symbol):
        return RUNTIME
    if symbol.startswith(("numba_", _HASH_SECRET)) or symbol in PARALLEL:
        return NUMBA
    if symbol.startswith(("Py", "_Py")):
        return PYTHON
    if symbol.startswith("environment."):
        return ENVIRONMENT
    return None


def is_parallel(symbol: str) -> bool:
    """Whether `symbol` belongs to Numba's threads."""
    return symbol in PARALLEL


def needs_python(symbol: str) -> bool:
    """Whether only a process with Python has what `symbol` stands for."""
    return provider(symbol) not in (None, RUNTIME)


def needs(symbols: Iterable[str]) -> set[str]:
    """Who must provide something to a process that uses `symbols`."""
    found = {provider(symbol) or "" for symbol in symbols} - {"", ENVIRONMENT}
    # Whatever is not the runtime's comes with Python.
    return found | {PYTHON} if any(map(needs_python, symbols)) else found


@cache
def is_in_system(symbol: str) -> bool:
    """Whether a system library that every process may use defines `symbol`."""
    return any(hasattr(library, symbol) for library in _system_libraries())


@cache
def _system_libraries() -> list[ctypes.CDLL]:
    found = []
    for name in ("libm.so.6", "libc.so.6", "libgcc_s.so.1"):
        try:
            found.append(ctypes.CDLL(name))
        except OSError:
            continue
    return found
