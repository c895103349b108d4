"""Files of the user's that compiled code comes from, besides what functions carry with them.

The server imports the modules of `@overload`s. What such a helper is depends on its own file, and
on those whose constants it, or the function that chose it, has taken: any that was imported.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from numba.core import event

from puck.dropin._key import is_fixed

Stamp = tuple[str, int, int]
"""A file with its time and size."""

_INSTALLED = tuple({
    sysconfig.get_paths()[key] + os.sep for key in ("purelib", "platlib", "stdlib", "platstdlib")
})  # fmt: skip
# By how much the times of files may be behind the clock.
_TICK = 0.02


class Sources(event.Listener):
    """Notes from which modules the helpers are that Numba compiled, and what these were then."""

    def __init__(self) -> None:
        self._modules: dict[int, str] = {}
        self._alive: list[Any] = []
        self._files: dict[str, Stamp] = {}
        self._since = time.time()

    def on_start(self, event: Any) -> None:
        """A dispatcher starts to compile."""

    def on_end(self, event: Any) -> None:
        """A dispatcher has compiled something."""
        function = event.data["dispatcher"]
        if hasattr(type(function), "identity_of"):  # one of the user's, not a helper
            return
        py_func = function.py_func
        module = sys.modules.get(py_func.__module__)
        # What came by value is part of its callers' digests.
        if module is None or vars(module) is not py_func.__globals__:
            return
        if not is_fixed(py_func.__module__):
            for result in function.overloads.values():
                self._modules[id(result.library)] = py_func.__module__
                self._alive.append(result.library)

    def look(self) -> None:
        """Note what the files of modules are that were imported since the last look."""
        now = time.time()
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name in self._files or not isinstance(file, str) or is_fixed(name):
                continue
            with suppress(OSError):
                status = os.stat(file)
                self._files[name] = file, status.st_mtime_ns, status.st_size
                if max(status.st_mtime, status.st_ctime) > self._since - _TICK:
                    self._files[name] = file, 0, 0  # it may not be what was imported
        self._since = now

    def stamps(self, libraries: Iterable[Any]) -> tuple[Stamp, ...]:
        """The files that the helpers among `libraries` may have been made from.

        Raises `Changed` if one of them is not any more what was imported.
        """
        modules = {
            self._modules[id(library)] for library in libraries if id(library) in self._modules
        }
        if not modules:
            return ()
        tops = {name.partition(".")[0] for name in modules}
        found = []
        for name, stamp in self._files.items():
            if name == "__main__" or (
                name.partition(".")[0] not in tops and stamp[0].startswith(_INSTALLED)
            ):
                continue
            if _stamp(stamp[0]) != stamp:
                raise Changed(f"`{stamp[0]}` was changed after the compile server had imported it")
            found.append(stamp)
        return tuple(sorted(found))


class Changed(Exception):
    """A file is not what was imported: only another process can compile what is in it."""


def _stamp(file: str) -> Stamp | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return file, status.st_mtime_ns, status.st_size
