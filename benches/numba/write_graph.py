"""Writes a layered call graph of jitted functions: `write_graph.py STYLE N FOLDER [REVISION]`.

A module each, in layers of ten; a function calls three of the layer below, drawn by a generator of
its own, so that the graph is the same everywhere. REVISION changes the lowest function's code.

Also writes `caller.py`, a cached caller of the ten functions of the highest layer, and
`trivial.py`, a cached function that calls nothing: what loading any cached function costs.
"""

import json
import sys
from pathlib import Path

import styles

LAYER = 10
CALLEES = 3


class Random:
    """Lehmer's generator with the constants of Park and Miller."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, bound: int) -> int:
        """The next number from 0 to below `bound`."""
        self.state = self.state * 48271 % 2147483647
        return self.state * bound // 2147483647


def callees(count: int) -> list[list[int]]:
    """For each function, those that it calls."""
    random = Random(7)
    graph = []
    for number in range(count):
        first = (number // LAYER - 1) * LAYER
        chosen: set[int] = set()
        while first >= 0 and len(chosen) < CALLEES:
            chosen.add(first + random.below(LAYER))
        graph.append(sorted(chosen))
    return graph


def name(number: int) -> str:
    """The name of a function, and of its module."""
    return f"f{number:04}"


def highest(count: int) -> list[str]:
    """The functions of the highest layer."""
    return [name(number) for number in range((count - 1) // LAYER * LAYER, count)]


def function(number: int, calls: list[int], revision: int) -> styles.Function:
    """A function: fills two arrays, sums them, and adds what its callees return."""
    shift = revision * 0.125 if number == 0 else 0.0
    body = [
        "a = np.zeros(n)",
        "for i in range(n):",
        f"    a[i] = np.sin(x * {number + 1}) + i * {number % 7 + 0.5}",
        f"b = np.full(2 * n, {number + 0.25 + shift})",
        "s = np.sum(a) + np.sum(b)",
    ]
    body += [f"s += {name(called)}(x + {called}.5, n) * 1e-3" for called in calls]
    return styles.Function(
        name(number),
        ["x", "n"],
        "float64(float64, int64)",
        [*body, "return s"],
        [name(called) for called in calls],
    )


def reaching(graph: list[list[int]]) -> list[str]:
    """The functions that call the lowest one, by whatever way, and itself."""
    reach = {0}
    for number, calls in enumerate(graph):
        if reach.intersection(calls):
            reach.add(number)
    return [name(number) for number in sorted(reach)]


def write(style: str, count: int, folder: Path, revision: int = 0) -> None:
    """Writes everything, and prints which functions a change of the lowest one reaches."""
    graph = callees(count)
    functions = [function(number, calls, revision) for number, calls in enumerate(graph)]
    styles.write(style, "graph", functions, folder)
    tops = highest(count)
    body = ["return " + " + ".join(f"{top}(x, n)" for top in tops)]
    caller = styles.Function("caller", ["x", "n"], "float64(float64, int64)", body, tops)
    styles.write_caller(style, "graph", caller, folder)
    trivial = styles.Function("trivial", ["x"], "float64(float64)", ["return x + 1.0"], [])
    styles.write_caller("numba", "graph", trivial, folder)
    print(json.dumps({"reach": reaching(graph)}))


if __name__ == "__main__":
    _, style, count, folder, *rest = sys.argv
    write(style, int(count), Path(folder), int(rest[0]) if rest else 0)
