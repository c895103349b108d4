"""Linking: the modules of libraries of Numba's, each once, into one."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import llvmlite.binding as llvm
from numba.core.codegen import RuntimeLinker

from puck.frontend._errors import FrontEndError

#: What Numba calls a cell that holds the address of a function whose compilation has not ended.
UNRESOLVED = RuntimeLinker.PREFIX

_libraries: list[weakref.ref[Any]] = []


def remember(library: Any) -> None:
    """Notes a library, for those that refer to its functions by name only."""
    _libraries.append(weakref.ref(library))


def linked(code: Any, name: str, roots: Iterable[Any], exported: set[str]) -> llvm.ModuleRef:
    """One module of the modules of `roots` and of all libraries that these need.

    Every helper is there once, and only if something needs it; functions that are `exported` stay
    visible.
    """
    done: set[int] = set()
    module = llvm.parse_assembly(str(code._create_empty_module(name)))
    module.name = name
    # Callers before callees: what nobody has asked for is left out.
    for library in closure(roots):
        done.add(id(library))
        add(module, library, exported)
    _resolve_recursion(module, done, exported)
    return module


def closure(roots: Iterable[Any]) -> list[Any]:
    """The libraries that `roots` need, themselves first, callers before callees."""
    ended: list[Any] = []
    seen: set[int] = set()
    for root in roots:
        if id(root) in seen:
            continue
        seen.add(id(root))
        stack: list[tuple[Any, Iterator[Any]]] = [(root, iter(root._linking_libraries))]
        while stack:
            library, callees = stack[-1]
            for callee in callees:
                if id(callee) not in seen:
                    seen.add(id(callee))
                    stack.append((callee, iter(callee._linking_libraries)))
                    break
            else:
                ended.append(library)
                stack.pop()
    return ended[::-1]


def add(module: llvm.ModuleRef, library: Any, exported: set[str]) -> None:
    """Links a copy of a library's own module into `module`."""
    own = own_module(library)
    for function in own.functions:
        if function.is_declaration:
            continue
        name = function.name
        if name.startswith("__excinfo_unwrap_args"):
            # Only its own module refers to it, and older Numbas call different ones the same.
            function.linkage = "internal"
        elif name in exported:
            function.linkage = "external"
        elif function.linkage in (llvm.Linkage.external, llvm.Linkage.weak_odr):
            function.linkage = "linkonce_odr"
    module.link_in(own, preserve=True)


def own_module(library: Any) -> llvm.ModuleRef:
    """The module with a library's own code."""
    if getattr(library, "is_captured", False):
        return library._final_module
    return library._get_module_for_linking()


def _resolve_recursion(module: llvm.ModuleRef, done: set[int], exported: set[str]) -> None:
    """Gives the cells through which functions call those that were being compiled their values.

    Numba fills such a cell at run time; here it is known who is meant.
    """
    resolved: set[str] = set()
    while True:
        cells = [
            variable.name
            for variable in module.global_variables
            if variable.name.startswith(UNRESOLVED) and variable.name not in resolved
        ]
        if not cells:
            break
        callees = [cell[len(UNRESOLVED) :] for cell in cells]
        text = "".join(
            f'declare void @"{callee}"()\n@"{cell}" = constant ptr @"{callee}"\n'
            for cell, callee in zip(cells, callees, strict=True)
        )
        module.link_in(llvm.parse_assembly(text))
        resolved.update(cells)
        for callee in callees:
            if module.get_function(callee).is_declaration:
                _add_callee(module, callee, done, exported)
    for cell in resolved:
        module.get_global_variable(cell).linkage = "internal"


def _add_callee(module: llvm.ModuleRef, name: str, done: set[int], exported: set[str]) -> None:
    """Links in the function `name`, which no library before has said that it needs."""
    library = _defining(name)
    if library is None:
        raise FrontEndError(
            f"the recursive function `{name}` was not compiled to its end",
            "compile the functions that call each other together",
        )
    for needed in closure([library]):
        if needed is library or id(needed) not in done:
            done.add(id(needed))
            add(module, needed, exported)


def _defining(name: str) -> Any | None:
    """The library that defines the function `name`, among all that were captured."""
    for reference in reversed(_libraries):
        library = reference()
        if library is None:
            continue
        try:
            function = library._final_module.get_function(name)
        except NameError:
            continue
        if not function.is_declaration:
            return library
    return None
