"""The module of functions that are exported together: linked, named, and closed to the outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import llvmlite.binding as llvm

from puck.frontend import _capture, _link


def merge(name: str, code: Any, functions: Sequence[Any]) -> llvm.ModuleRef:
    """The modules of compiled `functions` and of all that they call, linked.

    All have Numba's names still.
    """
    return _link.linked(
        code,
        name,
        [function.result.library for function in functions],
        {function.mangled_name for function in functions},
    )


def rename(linked: llvm.ModuleRef, functions: Iterable[Any]) -> None:
    """Gives functions their link names."""
    for function in functions:
        linked.get_function(function.mangled_name).name = function.link_name


def internalise(linked: llvm.ModuleRef, exported: set[str]) -> None:
    """Makes everything but `exported` functions invisible from outside.

    Cells of environments stay visible until it is known who reads them: LLVM would take them for
    null.
    """
    for function in linked.functions:
        if not function.is_declaration:
            function.linkage = "external" if function.name in exported else "internal"
    for variable in linked.global_variables:
        name = variable.name
        if variable.is_declaration or name.startswith(_capture.DYNAMIC):
            continue
        is_environment = name.startswith(_capture.ENVIRONMENT)
        variable.linkage = "external" if is_environment else "internal"
