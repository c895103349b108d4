"""Numba's CPU target, whose context is made when something is compiled, and not before.

The context takes tens of milliseconds to make. Numba's `Dispatcher.__init__` asks for it; a
dispatcher whose functions are compiled already needs it only when jitted code calls them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core.registry import cpu_target


class LazyTarget:
    """Stands for `numba.core.registry.cpu_target` as the `targetdescr` of dispatchers."""

    def __init__(self) -> None:
        self._state = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(cpu_target, name)

    @property
    def target_context(self) -> Any:
        """The context; `None` while a dispatcher is being made."""
        return None if getattr(self._state, "making", False) else cpu_target.target_context

    @contextmanager
    def making(self) -> Iterator[None]:
        """While this is entered, a dispatcher is being made."""
        self._state.making = True
        try:
            yield
        finally:
            self._state.making = False


target = LazyTarget()
