"""Compiled functions as packages: called from Python and from Numba, made of jitted functions.

Importing this imports neither NumPy nor Numba; what needs them imports them when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from puck._errors import PackageError

if TYPE_CHECKING:
    from puck._environment import Environment, Function, Package, user
    from puck._environment import open_environment as open  # noqa: A004
    from puck._export import export
    from puck.dropin import njit, numba_mode, numba_report

__all__ = [
    "Environment",
    "Function",
    "Package",
    "PackageError",
    "export",
    "njit",
    "numba_mode",
    "numba_report",
    "open",
    "user",
]

# What is imported when it is first asked for: where it is, and what it is called there.
_LAZY = {
    "Environment": ("puck._environment", "Environment"),
    "Function": ("puck._environment", "Function"),
    "Package": ("puck._environment", "Package"),
    "open": ("puck._environment", "open_environment"),
    "user": ("puck._environment", "user"),
    "export": ("puck._export", "export"),
    "njit": ("puck.dropin", "njit"),
    "numba_mode": ("puck.dropin", "numba_mode"),
    "numba_report": ("puck.dropin", "numba_report"),
}
_MODULES = ("numba", "packages", "dropin", "frontend", "linker")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        module, attribute = _LAZY[name]
        value = getattr(import_module(module), attribute)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_MODULES})
