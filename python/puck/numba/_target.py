"""Dispatchers for Numba's CPU target whose context is made when something is compiled.

The context takes tens of milliseconds to make. Numba's `Dispatcher.__init__` asks for it; a
dispatcher whose functions are compiled already needs it only when jitted code calls them.
"""

from __future__ import annotations

import threading
from typing import Any

from numba.core.registry import CPUDispatcher, cpu_target


class _LazyTarget:
    """Stands for `numba.core.registry.cpu_target` as the `targetdescr` of dispatchers."""

    def __init__(self) -> None:
        self.making = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(cpu_target, name)

    @property
    def target_context(self) -> Any:
        """The context; `None` for a dispatcher that this thread is making."""
        return None if getattr(self.making, "now", False) else cpu_target.target_context


_target = _LazyTarget()


class LazyDispatcher(CPUDispatcher):
    """A dispatcher that asks for the context each time, and does not have it made."""

    targetdescr = _target

    def __init__(self, py_func: Any, locals_: dict[str, Any], options: dict[str, Any]) -> None:
        _target.making.now = True
        try:
            super().__init__(py_func, locals_, options)
        finally:
            _target.making.now = False

    @property
    def targetctx(self) -> Any:
        """Numba's context for this processor; dispatchers have it as a plain attribute."""
        return cpu_target.target_context

    @targetctx.setter
    def targetctx(self, value: Any) -> None:
        """Set by the base class."""
