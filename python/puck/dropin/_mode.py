"""The switch: plain Numba, declared callees, or declared ones of which the small are inlined."""

from __future__ import annotations

import os
from typing import Literal

Mode = Literal["off", "declare", "inline"]
_MODES: tuple[Mode, ...] = ("off", "declare", "inline")
_DEFAULT: Mode = "declare"
_mode: Mode | None = None


def numba_mode(mode: Mode | None = None) -> Mode:
    """Set what `@puck.njit` does to the functions that it decorates from now on, and tell it.

    `"off"` is `numba.njit` itself. `"declare"`, the default, compiles each function once and
    declares it in its callers. `"inline"` does the same and inlines small bodies into callers.
    Without an argument the mode stays: what was set, or `PUCK_NUMBA`, or `"declare"`.
    """
    global _mode
    if mode is not None:
        _mode = _checked(mode, "numba_mode()")
    elif _mode is None:
        _mode = _checked(os.environ.get("PUCK_NUMBA") or _DEFAULT, "PUCK_NUMBA")
    return _mode


def logs() -> bool:
    """Whether functions that fall back to plain Numba are reported as it happens."""
    return os.environ.get("PUCK_NUMBA_LOG", "") not in ("", "0")


def _checked(mode: str, source: str) -> Mode:
    for known in _MODES:
        if mode == known:
            return known
    raise ValueError(f"{source}: {mode!r} is none of {', '.join(_MODES)}")
