"""A module compiled for the processor at hand, as Numba itself would."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import llvmlite.binding as llvm
from numba.core import codegen

from puck.frontend import _passes
from puck.frontend._module import Module


def native_object(module: Module) -> bytes:
    """A relocatable object of `module`, optimised with Numba's own passes for this processor."""
    code = _code()
    # The passes change what they are given.
    copy = llvm.parse_bitcode(module.bitcode)
    library = code.create_library(module.name)
    copy.data_layout = code._data_layout
    library._final_module = copy
    library._optimize_final_module()
    _passes.drop_unused(copy, code._tm)
    copy.verify()
    return code._tm.emit_object(copy)


@lru_cache(maxsize=1)
def _code() -> Any:
    """Numba's compiler of position-independent code (`numba.core.codegen`)."""
    return codegen.AOTCPUCodegen("puck", cpu_name="host")
