"""The lock under which things are made that a process has once: environments, loaded packages.

Whoever needs numba's compiler lock, too, takes that first.
"""

from __future__ import annotations

import os
import threading
from types import TracebackType


class Lock:
    """A lock that the same thread may take again, and that a fork leaves free."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        # A thread that holds it is not in the child, and would never release it there.
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()


lock = Lock()
