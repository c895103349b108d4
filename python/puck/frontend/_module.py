"""A module: compiled functions merged, optimised, and described."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import llvmlite.binding as llvm
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys

from puck.frontend import (
    _checks,
    _description,
    _environments,
    _exceptions,
    _host,
    _inline,
    _link,
    _merge,
    _objmode,
    _passes,
    _providers,
    _wrappers,
)
from puck.frontend._text import ModuleText
from puck.numba import _header

# Names that Numba makes of addresses in memory.
_UNSTABLE = re.compile(r"0x_?[0-9a-f]{6,}|(?<=\.kernel\.)\d+")
_METADATA = re.compile(r"^!.*$", re.MULTILINE)
_SOURCE = re.compile(r"^source_filename = .*\n", re.MULTILINE)
_DIRECTORY = re.compile(r'(?<=directory: )"[^"]*"')


def _stable(line: re.Match[str]) -> str:
    """A line of metadata without addresses and folders."""
    return _DIRECTORY.sub('"."', _UNSTABLE.sub("", line[0]))


class Module:
    """One LLVM module with the entry points of functions, and what is known of them.

    It is made by `Session.module`.
    """

    def __init__(
        self,
        package: str,
        series: str,
        functions: Sequence[Any],
        c: bool = True,
        cpython: bool = True,
        needs_elsewhere: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.package, self.series = package, series
        self.name = f"{package}.{series}"
        self.functions = list(functions)
        self._cpython, self._needs_elsewhere = cpython, needs_elsewhere or {}
        # Arrays of all layouts are the same to C: of overloads that differ in them, the first has
        # the view.
        self._viewed: dict[str, Any] = {}
        for function in self.functions:
            if c and _wrappers.is_portable(function.portable):
                self._viewed.setdefault(function.c_link_name, function)
        code = cpu_target.target_context.codegen()
        self._machine = code._tm
        linked = self._merged(code)
        _passes.simplify(linked, self._machine)
        text = ModuleText(str(linked))
        _checks.refuse_addresses(text, self.functions)
        #: What the module needs from outside.
        self.imports = _host.find(text, package, series, self.functions)
        self._raised = _exceptions.find(text)
        self.exceptions = _exceptions.describe(text, self._raised)
        self.environments = _environments.describe(self.imports.environments)
        self._bytecode = _objmode.bytecode(text, self.imports.environments)
        header = f'target datalayout = "{linked.data_layout}"\ntarget triple = "{linked.triple}"\n'
        self.bodies = _inline.find(text, self.functions, header, self._machine)
        self._reached = {
            function.link_name: text.reach(function.link_name) for function in self.functions
        }
        del linked
        #: The module, as llvmlite has it.
        self.llvm = self._finished(_host.through_table(text, self.imports))

    @property
    def bitcode(self) -> bytes:
        """The module as LLVM stores it."""
        return self.llvm.as_bitcode()

    @property
    def symbols(self) -> list[str]:
        """All that the module defines for others: functions, and the table of the process."""
        symbols = [export["link-name"] for export in self.exports]
        return symbols + ([self.imports.table] if self.imports.table else [])

    @property
    def exports(self) -> list[dict[str, Any]]:
        """The entry points of all functions, as `front-end.json` lists them."""
        return [entry for function in self.functions for entry in self.entries(function)]

    def entries(self, function: Any) -> list[dict[str, Any]]:
        """The entry points of one function."""
        return _description.entries(
            function, self.needs(function), self.has_c(function), self.has_cpython(function)
        )

    @property
    def host_imports(self) -> list[dict[str, str]]:
        """What the process must provide, in the order of the table's slots."""
        return [{"symbol": symbol, "provider": provider} for symbol, provider in self.imports.slots]

    @property
    def description(self) -> dict[str, Any]:
        """What `share/numba.json` says."""
        return _description.numba_json(self)

    @property
    def inline(self) -> dict[str, Any]:
        """What `share/numba-inline.json` says."""
        bodies = {name: body.to_json() for name, body in sorted(self.bodies.items())}
        return {"format": 1, "bodies": bodies}

    @property
    def header(self) -> str:
        """The C header with the structures of the views for C."""
        return _header.header(
            function.portable for function in self.functions if self.has_c(function)
        )

    def has_c(self, function: Any) -> bool:
        """Whether `function` has a view for C."""
        return any(viewed is function for viewed in self._viewed.values())

    def has_cpython(self, function: Any) -> bool:
        """Whether `function` has an entry point for Python."""
        return self._cpython and function.result.library.python_request is not None

    def reached_slots(self, function: Any) -> list[str]:
        """The symbols of the process that calling `function` may need."""
        return self.imports.reached(self._reached[function.link_name])

    def raised(self, function: Any) -> list[str]:
        """The exceptions that calling `function` may end with."""
        reached = self._reached[function.link_name]
        return sorted({digest for name, digest in self._raised.items() if name in reached})

    def called(self, function: Any) -> list[str]:
        """The functions of other packages that calling `function` may call."""
        reached = self._reached[function.link_name]
        return [callee for callee in self.imports.callees if callee in reached]

    def needs_python(self, function: Any) -> bool:
        """Whether `function` needs a process with Python, be it for its exceptions only."""
        return _providers.PYTHON in self.needs(function)

    def needs(self, function: Any) -> list[str]:
        """Who must provide something to the process that calls `function`."""
        found = _providers.needs(self.reached_slots(function))
        for callee in self.called(function):
            found.update(self._needs_elsewhere.get(callee, ()))
        return sorted(found)

    def has_bytecode(self, function: Any) -> bool:
        """Whether `function` runs code of this version of Python's: object mode."""
        return not self._bytecode.isdisjoint(self._reached[function.link_name])

    def requirements(self) -> list[str]:
        """What a process needs for all of the module."""
        symbols = [symbol for symbol, _ in self.imports.slots]
        needs = {
            "python": any(map(_providers.needs_python, symbols)),
            "parallel": any(map(_providers.is_parallel, symbols)),
            "scipy": any(_providers.provider(symbol) == "scipy" for symbol in symbols),
        }
        return [need for need, needed in needs.items() if needed]

    def _merged(self, code: Any) -> llvm.ModuleRef:
        linked = _merge.merge(self.name, code, self.functions)
        with_c = [function for function in self.functions if self.has_c(function)]
        with_python = [function for function in self.functions if self.has_cpython(function)]
        linked.link_in(_wrappers.c_views(with_c))
        for module in _wrappers.python_entries(with_python):
            linked.link_in(module)
        # Entries count references where the function itself may not.
        _link.add(linked, rtsys.library, set())
        _merge.rename(linked, self.functions)
        exported = {function.link_name for function in self.functions}
        exported |= {function.c_link_name for function in with_c}
        exported |= {function.cpython_link_name for function in with_python}
        _merge.internalise(linked, exported)
        return linked

    def _finished(self, text: str) -> llvm.ModuleRef:
        """The module of `text`, with names that are the same every time."""
        text = _METADATA.sub(_stable, _SOURCE.sub("", text))
        module = llvm.parse_assembly(f'source_filename = "{self.name}"\n{text}')
        module.name = self.name
        visible = set(self.symbols)
        functions = [f.name for f in module.functions]
        variables = [v.name for v in module.global_variables]
        _passes.remove_names(module, self._machine)
        for function, name in zip(module.functions, functions, strict=True):
            if name not in visible and not function.is_declaration:
                function.name = _UNSTABLE.sub("", name)
        counted = (v for v, name in zip(module.global_variables, variables, strict=True)
                   if name not in visible and not v.is_declaration)  # fmt: skip
        for index, variable in enumerate(counted):
            variable.name = f"constant.{index}"
        module.verify()
        return module
