"""What a call from a jitted loop costs: `time_call.py STYLE FUNCTION FOLDER CALLS`.

The loop is serial: it needs what the call before returned. Prints nanoseconds for each call, the
least of several timings in this process.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numba import njit

TIMINGS = 5


def add_half_loop(callee: Any) -> Callable[[int], float]:
    """A loop around `x + y * 0.5`."""

    @njit
    def loop(count: int) -> float:
        x = 0.0
        for _ in range(count):
            x = callee(x, 1e-3)
        return x

    return loop


def root_loop(callee: Any) -> Callable[[int], float]:
    """A loop around a square root that raises for negative numbers."""

    @njit
    def loop(count: int) -> float:
        x = 0.0
        for i in range(count):
            x += callee(i * 0.5)
        return x

    return loop


def total_loop(callee: Any) -> Callable[[int], float]:
    """A loop around the sum of an array of four, one of which is the sum before."""

    @njit
    def filled(a: np.ndarray, count: int) -> float:
        for _ in range(count):
            a[0] = callee(a) * 0.25
        return a[0]

    return lambda count: filled(np.ones(4), count)


LOOPS = {"add_half": add_half_loop, "root": root_loop, "total": total_loop}


def callee(style: str, name: str) -> Any:
    """The function, as a jitted caller sees it."""
    if style == "export":
        return getattr(import_module("puck.packages.calls"), name)
    return getattr(import_module(name), name)


def main(style: str, name: str, folder: str, calls: str) -> None:
    """Times and prints."""
    sys.path.insert(0, folder)
    loop = LOOPS[name](callee(style, name))
    loop(10)
    times = []
    for _ in range(TIMINGS):
        start = time.perf_counter()
        loop(int(calls))
        times.append(time.perf_counter() - start)
    print(json.dumps({"nanoseconds": min(times) / int(calls) * 1e9}))


if __name__ == "__main__":
    main(*sys.argv[1:])
