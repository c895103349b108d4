"""One module of all functions that are exported together, with every helper once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import llvmlite.binding as llvm

from puck.frontend import _capture
from puck.frontend._errors import FrontEndError


def merge(
    package: str, code: Any, functions: Iterable[Any], elsewhere: Iterable[Any]
) -> llvm.ModuleRef:
    """The modules of compiled `functions` and of all that they call, linked.

    Functions `elsewhere` are those of other modules: they stay declared. Functions have Numba's names
    still; those of `functions` are visible, all others go where nothing needs them.
    """
    functions, elsewhere = list(functions), list(elsewhere)
    roots = [function.result.library for function in functions]
    exported = {function.mangled_name for function in functions}
    without = {id(function.result.library) for function in elsewhere}
    libraries = _capture.closure(roots, frozenset(without - set(map(id, roots))))
    linked = _capture.link(code, package, libraries, exported)
    done = {id(library) for library in libraries} | without
    _resolve_recursion(linked, done, exported, {callee.mangled_name for callee in elsewhere})
    return linked


def _resolve_recursion(
    linked: llvm.ModuleRef, done: set[int], exported: set[str], elsewhere: set[str]
) -> None:
    """Gives the cells through which functions call those that were being compiled their values.

    Numba fills such a cell at run time; here it is known who is meant.
    """
    resolved: set[str] = set()
    while True:
        cells = [
            variable.name
            for variable in linked.global_variables
            if variable.name.startswith(_capture.UNRESOLVED) and variable.name not in resolved
        ]
        if not cells:
            break
        text = ""
        callees = [cell[len(_capture.UNRESOLVED) :] for cell in cells]
        for cell, callee in zip(cells, callees, strict=True):
            text += f'declare void @"{callee}"()\n@"{cell}" = constant ptr @"{callee}"\n'
        linked.link_in(llvm.parse_assembly(text))
        resolved.update(cells)
        for callee in callees:
            if linked.get_function(callee).is_declaration and callee not in elsewhere:
                _add_callee(linked, callee, done, exported)
    for cell in resolved:
        linked.get_global_variable(cell).linkage = "internal"


def _add_callee(linked: llvm.ModuleRef, name: str, done: set[int], exported: set[str]) -> None:
    """Links in the function `name`, which no library before has said that it needs."""
    library = _capture.defining(name)
    if library is None:
        raise FrontEndError(f"the recursive function `{name}` was not compiled")
    for needed in _capture.closure([library]):
        if needed is library or id(needed) not in done:
            done.add(id(needed))
            _capture.add(linked, needed, exported)


def rename(linked: llvm.ModuleRef, functions: Iterable[Any], elsewhere: Iterable[Any]) -> None:
    """Gives functions their link names, also those that are declared."""
    for function in (*functions, *elsewhere):
        try:
            found = linked.get_function(function.mangled_name)
        except NameError:
            continue
        found.name = function.link_name


def internalise(linked: llvm.ModuleRef, exported: set[str]) -> None:
    """Makes everything but `exported` functions invisible from outside.

    Cells of environments stay visible until it is known who reads them: LLVM would take them for null.
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
