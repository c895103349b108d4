"""C's signatures as packages have them: `fn(n: u64, x: *const f64) -> f64`."""

from __future__ import annotations

import re

# A word of Rust's is a name where `r#` is in front.
_NAMED = re.compile(r"(?:r#)?([^\W\d]\w*)\s*:(?!:)\s*(.*)", re.DOTALL)


def parse(signature: str) -> tuple[list[tuple[str | None, str]], str]:
    """The names and types of the parameters, and the type of the result, or nothing.

    A parameter without a name has `None`.
    """
    opening = signature.find("(")
    closing = _closing(signature, opening)
    if opening < 0 or closing < 0:
        raise ValueError(f"{signature!r} is no signature")
    parameters = [_parameter(text) for text in _split(signature[opening + 1 : closing])]
    return parameters, signature[closing + 1 :].strip().removeprefix("->").strip()


def _parameter(text: str) -> tuple[str | None, str]:
    named = _NAMED.fullmatch(text)
    name, ty = (named[1], named[2]) if named else (None, text)
    return name, " ".join(ty.split())


def _closing(text: str, opening: int) -> int:
    """Where the parenthesis is that closes the one at `opening`; -1 if none does."""
    depth = 0
    for index in range(max(opening, 0), len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    return -1


def _split(text: str) -> list[str]:
    """The parts between commas that are in no parentheses."""
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]
