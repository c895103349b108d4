"""What the process provides, through one table of addresses.

The table is an array of pointers that the loader fills. Nothing else in the module refers to a
symbol of the process:

- a function such as `NRT_Allocate` is one of the module's own, which jumps to where its slot points
- a cell that holds the address of an object, such as `PyExc_ValueError` (the class itself, not C's
  variable of that name, which points to it), is a slot
- a cell with a function's environment is a slot, too
- data of the process that the code reads, such as what Numba's hashes begin with, is read where its
  slot points

So a library needs no exotic symbol to be loaded, and what is missing is known before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from puck.frontend import _capture, _providers
from puck.frontend._errors import FrontEndError
from puck.frontend._text import ModuleText, quoted, replace_symbols
from puck.numba._portable import fingerprint

_LINK_NAME = re.compile(r"[a-z][a-z0-9_]*\.v\d+(_\d+)*\.[A-Za-z_][A-Za-z0-9_]*\.[0-9a-f]{8}$")
_SIZE = 8


@dataclass(frozen=True)
class Imports:
    """What a module needs from outside: slots by symbol, and functions of other packages."""

    table: str | None
    #: Symbols with providers, in the order of the slots.
    slots: tuple[tuple[str, str], ...]
    #: The symbol of a slot by the name that the module has for it before.
    symbols: dict[str, str]
    #: Numba's names of environments by the symbols of their slots.
    environments: dict[str, str]
    #: Link names.
    callees: tuple[str, ...]

    def reached(self, names: Iterable[str]) -> list[str]:
        """Those of the slots' symbols that are among `names`."""
        return sorted({self.symbols[name] for name in names if name in self.symbols})


def find(text: ModuleText, package: str, series: str, functions: Sequence[Any] = ()) -> Imports:
    """What `text`, an optimised module, needs.

    Raises `FrontEndError` for symbols that nobody provides, and says which of the compiled
    `functions` refers to them.
    """
    symbols: dict[str, str] = {}
    callees, strange = [], []
    used = set().union(*map(text.references, (*text.functions, *text.variables)))
    for name in text.declarations:
        if name.startswith("llvm.") or name not in used:
            continue
        if _LINK_NAME.match(name):
            callees.append(name)
        elif _providers.provider(name) is not None:
            symbols[name] = name
        elif not _providers.is_in_system(name):
            strange.append(name)
    for name in text.variables:
        if name.startswith(_capture.DATA_CELL):
            symbols[name] = name[len(_capture.DATA_CELL) :]
        elif text.is_declared_only(name) and not name.startswith(_capture.ENVIRONMENT):
            if _providers.provider(name) is not None:
                symbols[name] = name
            else:
                strange.append(name)
    if strange:
        raise _strange(text, sorted(strange), functions)
    found = sorted(n for n in text.variables if n.startswith(_capture.ENVIRONMENT) and n in used)
    environments = {}
    for index, name in enumerate(found):
        symbols[name] = f"environment.{index}"
        environments[symbols[name]] = name
    slots = sorted({(symbol, _providers.provider(symbol) or "") for symbol in symbols.values()})
    table = None
    if slots:
        digits = fingerprint("".join(f"{symbol}\n" for symbol, _ in slots))
        table = f"{package.replace('-', '_')}.{series}.host_imports.{digits}"
    return Imports(table, tuple(slots), symbols, environments, tuple(sorted(callees)))


def _strange(text: ModuleText, symbols: list[str], functions: Sequence[Any]) -> FrontEndError:
    """What to say of symbols that nobody provides."""
    subject, place = "the functions refer", ()
    for function in functions:
        reached = text.reach(function.link_name)
        found = [symbol for symbol in symbols if symbol in reached]
        if found:
            symbols, subject = found, f"`{function.name}` refers"
            place = (function.file, function.line)
            break
    names = ", ".join(f"`{symbol}`" for symbol in symbols)
    return FrontEndError(
        f"{subject} to {names}, which neither the C library nor Numba defines",
        "build the C source into the package and call it from C, or do without it",
        *place,
    )


def through_table(text: ModuleText, imports: Imports) -> str:
    """The module's text where all that `imports` lists goes through the table."""
    if imports.table is None:
        return text.text
    places = {symbol: index * _SIZE for index, (symbol, _) in enumerate(imports.slots)}
    table = quoted(imports.table)

    def slot(name: str) -> str:
        return f"getelementptr inbounds (i8, ptr {table}, i64 {places[imports.symbols[name]]})"

    variables = {name for name in imports.symbols if name in text.variables}
    cells = {n for n in variables if n.startswith((_capture.DATA_CELL, _capture.ENVIRONMENT))}
    lines = _without(text, variables | imports.symbols.keys())
    if data := variables - cells:
        lines = _reading(lines, {quoted(name): slot(name) for name in data})
    body = replace_symbols("".join(lines), lambda name: slot(name) if name in cells else None)
    added = [
        f"{table} = externally_initialized global [{len(imports.slots)} x ptr] zeroinitializer, "
        f"align {_SIZE}\n"
    ]
    for name in sorted(imports.symbols.keys() - variables):
        added.append(_thunk(text.declarations[name], name, slot(name)))
    return body + "".join(added)


def _without(text: ModuleText, names: set[str]) -> Iterable[str]:
    """The lines of the module but those that define or declare `names`."""
    left_out = {text.variables[name] for name in names if name in text.variables}
    left_out |= {text.declarations[name] for name in names if name in text.declarations}
    # Cells of environments that nothing reads.
    left_out |= {
        line
        for name, line in text.variables.items()
        if name.startswith(_capture.ENVIRONMENT) and name not in names
    }
    return (line for line in text.text.splitlines(keepends=True) if line not in left_out)


_LOAD = re.compile(
    r'(?P<start>\s+%\S+ = load [^@]*, ptr )(?P<name>@"[^"]*"|@[-\w$.]+)(?P<end>.*)', re.DOTALL
)


def _reading(lines: Iterable[str], slots: dict[str, str]) -> Iterable[str]:
    """The lines, where data of the process is read from where its slot points."""
    for index, line in enumerate(lines):
        match = _LOAD.fullmatch(line)
        name = match and quoted(match["name"].strip('@"'))
        if match and name in slots:
            yield f"  %puck.data.{index} = load ptr, ptr {slots[name]}, align {_SIZE}\n"
            yield f"{match['start']}%puck.data.{index}{match['end']}"
            continue
        for name in slots:
            if not line.startswith("@") and (name in line or f"@{name[2:-1]}" in line):
                raise FrontEndError(
                    f"`{line.strip()}` uses data of the process, and is no load of it"
                )
        yield line


_DECLARED = re.compile(
    r"^declare (?P<head>[^@]*)@(?:\"[^\"]*\"|[-\w$.]+)\((?P<parameters>.*)\)[^()]*$"
)
# What stands before a type, and after one, and says more than how a value is passed.
_ATTRIBUTES = re.compile(
    r"\b(noundef|noalias|nonnull|signext|zeroext|nocapture|readonly|readnone|writeonly|returned"
    r"|local_unnamed_addr|unnamed_addr|dso_local|captures\([^)]*\)|align \d+"
    r"|dereferenceable(_or_null)?\(\d+\)|range\([^)]*\)|nofpclass\([^)]*\))\s*"
)


def _thunk(declaration: str, name: str, slot: str) -> str:
    """A function of the type of `declaration` that jumps to where `slot` points."""
    match = _DECLARED.match(declaration.strip())
    if match is None:
        raise FrontEndError(f"the declaration `{declaration.strip()}` is not understood")
    result = _ATTRIBUTES.sub("", match["head"]).strip()
    types = [_ATTRIBUTES.sub("", part).strip() for part in _split(match["parameters"])]
    variadic = bool(types) and types[-1] == "..."
    if variadic:
        types.pop()
    given = ", ".join(f"{ty} %{index}" for index, ty in enumerate(types))
    ending = (", ..." if types else "...") if variadic else ""
    ty = f"{result} ({', '.join(types)}{ending})" if variadic else result
    call = f"musttail call {ty} %callee({given}{', ...' if variadic and types else ''})"
    returned = "  ret void\n" if result == "void" else f"  ret {result} %result\n"
    return (
        f"define internal {result} {quoted(name)}({given}{ending}) {{\n"
        f"  %callee = load ptr, ptr {slot}, align {_SIZE}\n"
        f"  {'' if result == 'void' else '%result = '}{call}\n{returned}}}\n"
    )


def _split(parameters: str) -> list[str]:
    """The parameters of a declaration, which may have commas within brackets."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(parameters):
        if character in "({[<":
            depth += 1
        elif character in ")}]>":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(parameters[start:index])
            start = index + 1
    last = parameters[start:]
    return [*parts, last] if last.strip() else parts
