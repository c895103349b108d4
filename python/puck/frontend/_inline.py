"""Small bodies that callers may inline: a function by itself, with the constants that it needs."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm

from puck.frontend import _passes, _providers
from puck.frontend._text import SYMBOL, ModuleText

#: The longest body, in lines of LLVM's text.
MOST_LINES = 80
_DEFINE = re.compile(r"^define (?:dso_local )?")
_ATTRIBUTE_GROUP = re.compile(r" #\d+")
_METADATA = re.compile(r", ![\w.]+ !\d+")


@dataclass(frozen=True)
class Body:
    """The bitcode of a function that may be copied into its callers."""

    bitcode: bytes

    @property
    def digest(self) -> str:
        """What callers that copied it remember."""
        return hashlib.sha256(self.bitcode).hexdigest()

    def to_json(self) -> str:
        """As `numba-inline.json` has it."""
        return base64.b64encode(self.bitcode).decode()


def find(text: ModuleText, functions: list[Any], header: str, machine: Any) -> dict[str, Body]:
    """The bodies that may be inlined of compiled functions, by link name.

    One refers to nothing but intrinsics, the mathematical library and constants, so that it means
    the same in any module. `header` is the target that it is written for.
    """
    found = {}
    for function in functions:
        source = _alone(text, function.link_name, header)
        if source is not None:
            module = llvm.parse_assembly(source)
            module.name = function.link_name
            # Callers with a copy compare bytes, and names are not the same each time.
            _passes.remove_names(module, machine)
            found[function.link_name] = Body(module.as_bitcode())
    return found


def _alone(text: ModuleText, name: str, header: str) -> str | None:
    """The text of a module with the function `name` and its constants; `None` if it needs more."""
    body = text.functions[name]
    # A copy has no place to take debug information from.
    if body.count("\n") > MOST_LINES or "!dbg" in body:
        return None
    parts, declared = [], []
    for symbol in _needed(text, name):
        line = text.variables.get(symbol)
        if line is not None:
            if not re.search(r"= (internal|private) (unnamed_addr )?constant ", line):
                return None
            parts.append(line)
        elif symbol in text.declarations:
            is_free = symbol.startswith("llvm.") or (
                _providers.provider(symbol) is None and _providers.is_in_system(symbol)
            )
            if not is_free:
                return None
            declared.append(text.declarations[symbol])
        else:
            return None
    body = _DEFINE.sub("define available_externally ", body, count=1)
    # Groups of attributes and metadata are elsewhere in the module, and say what LLVM finds again.
    # Whether the function's address matters, it has from the other functions of the module.
    body = body.replace(" local_unnamed_addr ", " ", 1)
    plain = _METADATA.sub("", _ATTRIBUTE_GROUP.sub("", "".join([*parts, *declared, body])))
    return header + plain


def _needed(text: ModuleText, name: str) -> list[str]:
    """The symbols that `name` leads to, in the order in which they are met."""
    needed: dict[str, None] = {name: None}
    left = [name]
    while left:
        symbol = left.pop(0)
        found = text.functions.get(symbol) or text.variables.get(symbol, "")
        for quoted, plain in SYMBOL.findall(found):
            other = quoted or plain
            if other in text.references(symbol) and other not in needed:
                needed[other] = None
                left.append(other)
    return list(needed)[1:]
