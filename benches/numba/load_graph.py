"""Loads a graph in this process and calls it: `load_graph.py STYLE N FOLDER`.

Where nothing is compiled yet, loading compiles. Prints what took how long (milliseconds, after
`import numba`), the sum of what the highest layer returns, and the peak of resident memory.
"""

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import write_graph


def load(style: str, count: int) -> list[Callable[[float, int], float]]:
    """The functions of the highest layer, with all others there: a leaf has been called."""
    leaf, tops = write_graph.name(0), write_graph.highest(count)
    if style == "export":
        # Others are in the library; whoever calls the highest layer does not ask for them.
        package: Any = import_module("puck.packages.graph")
        found = {one: getattr(package, one) for one in (leaf, *tops)}
    else:
        names = [write_graph.name(number) for number in range(count)]
        found = {one: getattr(import_module(one), one) for one in names}
    found[leaf](0.5, 2)
    return [found[top] for top in tops]


def main(style: str, count: str, folder: str) -> None:
    """Loads, calls and prints."""
    sys.path.insert(0, folder)
    import numba  # noqa: F401

    if style == "numbox":
        import_module("numbox.core.proxy.proxy")
    # What importing Numba left behind is not to be collected while this is measured.
    gc.collect()
    start = time.perf_counter()
    tops = load(style, int(count))
    loaded = time.perf_counter()
    result = 0.0
    for top in tops:
        result += top(0.5, 2)
    called = time.perf_counter()
    found = {
        "load": (loaded - start) * 1e3,
        "call": (called - loaded) * 1e3,
        "result": result,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
