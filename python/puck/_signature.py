"""Signatures of packages' functions as `inspect` has them."""

from __future__ import annotations

from inspect import Parameter, Signature
from keyword import iskeyword
from typing import Any

#: That of a function with overloads, which take different things.
ANYTHING = Signature(
    [
        Parameter("args", Parameter.VAR_POSITIONAL),
        Parameter("kwargs", Parameter.VAR_KEYWORD),
    ]
)


def signature(names: list[str | None], has_default: list[bool], defaults: list[Any]) -> Signature:
    """The signature of a function with these parameters; `None` is the name of one without."""
    plain = [name is not None and name.isidentifier() and not iskeyword(name) for name in names]
    # What comes before one that has no name cannot be given by name, as Python sees it.
    positional = max((index + 1 for index, is_plain in enumerate(plain) if not is_plain), default=0)
    parameters = []
    optional = _trailing(has_default)
    for index, name in enumerate(names):
        kind = Parameter.POSITIONAL_OR_KEYWORD
        if index < positional:
            kind = Parameter.POSITIONAL_ONLY
        default = defaults[index] if index >= optional else Parameter.empty
        given = name if plain[index] else f"argument_{index + 1}"
        parameters.append(Parameter(str(given), kind, default=default))
    return Signature(parameters)


def _trailing(has_default: list[bool]) -> int:
    """From which on all have defaults."""
    first = len(has_default)
    while first and has_default[first - 1]:
        first -= 1
    return first
