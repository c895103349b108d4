"""A module's text, read: its functions and variables, and who refers to whom."""

from __future__ import annotations

import re
from collections.abc import Callable

_NAME = r'@(?:"((?:[^"\\]|\\.)*)"|([-a-zA-Z$._0-9]+))'
SYMBOL = re.compile(_NAME)
_DEFINE = re.compile(rf"^define [^@]*{_NAME}")
_DECLARE = re.compile(rf"^declare [^@]*{_NAME}")
_VARIABLE = re.compile(rf"^{_NAME} = ")
_STRING = re.compile(r' c"[^"]*"')
# LLVM writes a backslash as two of them, other bytes by their numbers.
_BYTES = re.compile(r' c"((?:[^"\\]|\\(?:\\|[0-9A-Fa-f]{2}))*)"')
_ESCAPE = re.compile(rb"\\(?:\\|([0-9A-Fa-f]{2}))")


class ModuleText:
    """The text of a module as LLVM writes it: every definition starts a line."""

    def __init__(self, text: str) -> None:
        self.text = text
        #: The text of each function, from `define` to the closing brace.
        self.functions: dict[str, str] = {}
        #: The line of each function that is declared only.
        self.declarations: dict[str, str] = {}
        #: The line of each variable, also of those that are declared only.
        self.variables: dict[str, str] = {}
        self._references: dict[str, set[str]] = {}
        self._read()

    def _read(self) -> None:
        body: list[str] | None = None
        name = ""
        for line in self.text.splitlines(keepends=True):
            if body is not None:
                body.append(line)
                if line.startswith("}"):
                    self.functions[name] = "".join(body)
                    body = None
            elif line.startswith("define "):
                name, body = _matched(_DEFINE, line), [line]
            elif line.startswith("declare "):
                self.declarations[_matched(_DECLARE, line)] = line
            elif line.startswith("@"):
                self.variables[_matched(_VARIABLE, line)] = line

    def is_declared_only(self, variable: str) -> bool:
        """Whether a variable is defined elsewhere."""
        line = self.variables[variable].partition(" = ")[2]
        return line.startswith(("external ", "extern_weak "))

    def references(self, name: str) -> set[str]:
        """The symbols in a function's body or a variable's value."""
        found = self._references.get(name)
        if found is None:
            text = self.functions.get(name) or self.variables.get(name, "")
            # A string may look like anything.
            text = _STRING.sub("", text)
            found = {quoted or plain for quoted, plain in SYMBOL.findall(text)} - {name}
            self._references[name] = found
        return found

    def reach(self, name: str) -> set[str]:
        """All symbols that `name` leads to, itself among them."""
        reached: set[str] = set()
        left = [name]
        while left:
            symbol = left.pop()
            if symbol not in reached:
                reached.add(symbol)
                left.extend(self.references(symbol) - reached)
        return reached


def pickled(line: str) -> bytes | None:
    """The bytes of a constant, by its line, if they may be a pickle."""
    match = _BYTES.search(line)
    if match is None or not match[1].startswith("\\80"):
        return None
    raw = match[1].encode("latin-1")
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]) if found[1] else b"\\", raw)


def replace_symbols(text: str, replacement: Callable[[str], str | None]) -> str:
    """`text` with each symbol replaced by what `replacement` says of its name, if anything."""

    def replaced(match: re.Match[str]) -> str:
        return replacement(match[1] if match[1] is not None else match[2]) or match[0]

    return "".join(
        line if _STRING.search(line) else SYMBOL.sub(replaced, line)
        for line in text.splitlines(keepends=True)
    )


def quoted(name: str) -> str:
    """A symbol as the text has it."""
    return f'@"{name}"'


def _matched(pattern: re.Pattern[str], line: str) -> str:
    match = pattern.match(line)
    if match is None:
        raise ValueError(f"no symbol in {line[:200]!r}")
    return match[1] if match[1] is not None else match[2]
