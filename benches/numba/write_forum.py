"""Writes the forum's example as its text describes it: `write_forum.py STYLE FOLDER`.

`foo` runs 20 * 10 * 10 steps and asks `np.finfo`; `bar` calls it. The original's body is not at
hand: this one has the same loops and the same question.
"""

import sys
from pathlib import Path

import styles

FOO = styles.Function(
    "foo",
    ["x"],
    "float64(float64)",
    [
        "eps = np.finfo(np.float64).eps",
        "total = 0.0",
        "for i in range(20):",
        "    for j in range(10):",
        "        for k in range(10):",
        "            total += np.sin(x * i) / (j + k + eps)",
        "return total",
    ],
    [],
)
BAR = styles.Function("bar", ["x"], "float64(float64)", ["return foo(x) + foo(2.0 * x)"], ["foo"])

if __name__ == "__main__":
    styles.write(sys.argv[1], "forum", [FOO], Path(sys.argv[2]))
    styles.write_caller(sys.argv[1], "forum", BAR, Path(sys.argv[2]))
