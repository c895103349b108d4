"""Which environment packages come from, and whether callees may be inlined."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from puck import _puck
from puck.packages._installed import Environment
from puck.packages._lock import lock

INLINE_MODES = ("auto", "never", "always")

_environment: Environment | None = None
_opened: dict[str, Environment] = {}
_inline: str | None = None


def use(environment: str | os.PathLike[str] | Any) -> None:
    """Take packages from that environment from now on."""
    global _environment
    if isinstance(environment, (str, os.PathLike)):
        chosen = _open(_puck.Environment.open(os.fspath(environment)))
    else:
        native = getattr(environment, "_native", environment)
        if not isinstance(native, _puck.Environment):
            raise TypeError(
                "an environment is expected: a path, or what puck.open() returns; "
                f"found {type(environment).__name__}"
            )
        chosen = _open(native)
    with lock:
        _environment = chosen


def environment() -> Environment:
    """The environment in use; it is looked for when it is first needed.

    :raises puck.PackageError: if there is none, or it cannot be opened.
    """
    global _environment
    with lock:
        if _environment is None:
            _environment = _open(_find())
        return _environment


def _open(native: _puck.Environment) -> Environment:
    with lock:
        return _opened.setdefault(native.path, Environment(native))


def _find() -> _puck.Environment:
    """The environment that the surroundings name."""
    named = os.environ.get("PUCK_ENVIRONMENT")
    if named:
        return _puck.Environment.open(named)
    here = Path.cwd()
    folders = [here, *here.parents]
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if script:
        folders.append(Path(script).resolve().parent)
    for folder in folders:
        if (folder / ".puck").exists():
            return _puck.Environment.open(str(folder))
    return _puck.Environment.user()


def inline() -> str:
    """`"auto"`, `"never"` or `"always"`: what may be done with bodies that packages offer."""
    if _inline is not None:
        return _inline
    return _inline_mode(os.environ.get("PUCK_INLINE") or "auto", "the variable PUCK_INLINE")


def set_inline(mode: str) -> None:
    """Let that hold instead of what the variable says."""
    global _inline
    _inline = _inline_mode(mode, "inline")


def _inline_mode(mode: str, where: str) -> str:
    if mode not in INLINE_MODES:
        expected = ", ".join(repr(known) for known in INLINE_MODES)
        raise ValueError(f"{where}: one of {expected} is expected, found {mode!r}")
    return mode
