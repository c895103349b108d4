"""One library of compiled functions: merged, optimised as Numba does, linked, and described.

Functions do not call each other directly, but through slots of the library's table, so that one
of them can be replaced by a later library. Their helpers are in the library once.
"""

from __future__ import annotations

import os
import pickle
import zlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from numba.core.codegen import AOTCPUCodegen
from numba.core.environment import lookup_environment
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from puck import linker
from puck.dropin._library import LOCAL
from puck.dropin._mirror import Compiled, Mirror
from puck.dropin._pickle import dump_types
from puck.dropin._sources import Sources
from puck.dropin._store import Library, Part, Record, Store
from puck.frontend import FrontEndError, _host, _link, _merge, _passes, _wrappers
from puck.frontend._text import ModuleText

_PACKAGE, _SERIES = "local", "v1"


class _HostCodegen(AOTCPUCodegen):
    """Numba's pipeline for this processor, as for its JIT, but to be linked into a library."""

    def __init__(self) -> None:
        super().__init__("puck.local", "host")

    def _customize_tm_features(self) -> str:
        # As JITCPUCodegen.
        return self._get_host_cpu_features()


@cache
def _codegen() -> _HostCodegen:
    return _HostCodegen()


def emit(store: Store, functions: list[Compiled], batch: Names) -> str:
    """Compile `functions` into a new library of `store`, and add them to its index.

    Returns the library's name. Raises `FrontEndError` if one of them cannot be in a library, and
    `Changed` if one of them may not be what the user's files are now.
    """
    code = _codegen()
    name = os.urandom(6).hex()
    for function in functions:
        function.part = name
    module = _merge.merge(_PACKAGE, functions[0].result.library._codegen, functions)
    for entry in _wrappers.python_entries(functions):
        module.link_in(entry)
    # Converting values may count references where the function itself does not.
    _link.add(module, rtsys.library, set())
    for function in functions:
        module.get_function(function.mangled_name).name = function.code
    exports = [name for one in functions for name in (one.code, one.cpython_link_name)]
    _merge.internalise(module, set(exports))
    _passes.drop_unused(module, code._tm)
    text = ModuleText(str(module))
    imports = _with_callees(_host.find(text, _PACKAGE, _SERIES), name)
    codes = {one.code: one.mirror for one in functions}
    records = [
        (one.mirror.identity, _record(one, text, imports, batch, codes)) for one in functions
    ]
    library = code.create_library(_PACKAGE)
    library._final_module = llvm.parse_assembly(_host.through_table(text, imports))
    library._final_module.data_layout = code._data_layout
    library._optimize_final_module()
    library._final_module.verify()
    object_ = code._tm.emit_object(library._final_module)
    if imports.table is not None:
        exports.append(imports.table)
    store.folder.mkdir(parents=True, exist_ok=True)
    store.write(store.object(name).name, zlib.compress(object_, 6))
    environments = tuple(
        (symbol, *_environment(numba_name)) for symbol, numba_name in imports.environments.items()
    )
    part = Part(imports.table or "", imports.slots, environments)
    added: dict[str, list[Record]] = {}
    for identity, record in records:
        added.setdefault(identity, []).append(record._replace(library=name))
    try:
        linker.link([object_], store.path(name), exports, soname=f"{name}.so")
        described = Library(store.flushed(name), {name: tuple(part)})
        store.add({name: described}, added)
    except BaseException:  # nobody would find them; the disk may be full
        store.path(name).unlink(missing_ok=True)
        store.object(name).unlink(missing_ok=True)
        raise
    return name


def _with_callees(imports: _host.Imports, part: str) -> _host.Imports:
    """Imports where functions of local packages come from the table, too."""
    slots = sorted({*imports.slots, *((callee, LOCAL) for callee in imports.callees)})
    if not slots:
        return imports
    symbols = {**imports.symbols, **{callee: callee for callee in imports.callees}}
    # Tables of the same symbols may come to be in one library.
    table = f"{_PACKAGE}.{_SERIES}.host_imports.{part}"
    return replace(imports, table=table, slots=tuple(slots), symbols=symbols, callees=())


def _environment(name: str) -> tuple[str, bytes]:
    """The module and the constants of one of Numba's environments."""
    found = lookup_environment(name)
    if found is None:
        return "", pickle.dumps([])
    return found.globals.get("__name__", ""), dumps(list(found.consts))


def _record(
    function: Compiled,
    text: ModuleText,
    imports: _host.Imports,
    batch: Names,
    codes: dict[str, Mirror],
) -> Record:
    reached = text.reach(function.code) | text.reach(function.cpython_link_name)
    symbols = {imports.symbols[name] for name in reached if name in imports.symbols}
    calls = []
    for symbol, provider in imports.slots:
        if provider == LOCAL and symbol in symbols:
            if symbol not in batch.functions:
                raise FrontEndError(f"it calls `{symbol}`, which is not among what was sent")
            calls.append((*batch.functions[symbol], symbol))
    libraries = _link.closure([function.result.library])
    embedded = batch.embedded(function, reached, libraries, codes)
    places = {symbol: place for place, (symbol, _) in enumerate(imports.slots)}
    return Record(
        digest=function.mirror.definition.digest,
        request=function.request,
        refused="",
        part=function.part,
        link_name=function.link_name,
        signature=dump_types(function.signature),
        calls=tuple(calls),
        embedded=tuple(sorted(embedded)),
        slots=tuple(sorted(places[symbol] for symbol in symbols)),
        stamps=batch.sources.stamps(libraries),
        file=function.mirror.py_func.__code__.co_filename,
    )


class Names:
    """What the functions of a batch are called, and which code libraries are whose."""

    def __init__(self, mirrors: Iterable[Mirror], sources: Sources) -> None:
        self.sources = sources
        self.functions: dict[str, tuple[str, str]] = {}
        """Identity and request by link name."""
        self._libraries: dict[int, Mirror] = {}
        for mirror in mirrors:
            for request, _, link_name in mirror.definition.known:
                self.functions[link_name] = mirror.identity, request
            for request, compiled in mirror.compiled.items():
                self.functions[compiled.link_name] = mirror.identity, request
            for result in mirror.overloads.values():
                if hasattr(result, "library"):
                    self._libraries[id(result.library)] = mirror

    def embedded(
        self,
        function: Compiled,
        reached: set[str],
        libraries: Iterable[Any],
        codes: dict[str, Mirror],
    ) -> set[tuple[str, bytes]]:
        """The functions whose code is part of `function`: identity and digest."""
        found = {codes[name] for name in reached if name in codes}
        found |= {self._libraries[id(one)] for one in libraries if id(one) in self._libraries}
        found.discard(function.mirror)
        return {(mirror.identity, mirror.definition.digest) for mirror in found}
