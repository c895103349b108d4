"""What became of each function: declared, or left to plain Numba and why."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from puck.dropin._mode import logs

if TYPE_CHECKING:
    from puck.dropin._function import LocalFunction


class Entry(NamedTuple):
    """One function with one list of argument types."""

    function: str
    arguments: str
    status: str
    """`declared`, `compiled` (declared, and compiled by this process) or `numba`."""
    reason: str


class Report(list[Entry]):
    """A list of entries that prints as a table."""

    def __str__(self) -> str:
        if not self:
            return "no @puck.njit function has been used yet"
        width = max(len(f"{entry.function}{entry.arguments}") for entry in self)
        return "\n".join(
            f"{f'{e.function}{e.arguments}':{width}}  {e.status:8}  {e.reason}".rstrip()
            for e in self
        )


_entries: dict[tuple[str, str], Entry] = {}


def numba_report() -> Report:
    """What became of each `@puck.njit` function that this process has used so far."""
    return Report(_entries.values())


def add(function: LocalFunction, arguments: Any, status: str, reason: str = "") -> None:
    """Note what became of a function; one that is left to Numba is told with `PUCK_NUMBA_LOG`."""
    py_func = function.py_func
    name = f"{py_func.__module__}.{py_func.__qualname__}"
    shown = arguments if isinstance(arguments, str) else f"({', '.join(map(str, arguments))})"
    entry = Entry(name, shown, status, reason)
    previous = _entries.get((name, shown))
    _entries[name, shown] = entry
    if status == "numba" and entry != previous and logs():
        print(f"puck: {name}{shown} is left to Numba: {reason}", file=sys.stderr)


def note(function: LocalFunction, arguments: Any, text: str) -> None:
    """Tell something about a function with `PUCK_NUMBA_LOG`."""
    if logs():
        shown = ", ".join(map(str, arguments))
        print(f"puck: {function.py_func.__qualname__}({shown}): {text}", file=sys.stderr)
