"""Writes three small callees: `write_calls.py STYLE FOLDER`."""

import sys
from pathlib import Path

import styles

FUNCTIONS = [
    styles.Function(
        "add_half", ["x", "y"], "float64(float64, float64)", ["return x + y * 0.5"], []
    ),
    styles.Function(
        "root",
        ["x"],
        "float64(float64)",
        [
            "if x < 0.0:",
            '    raise ValueError("x must not be negative")',
            "return math.sqrt(x)",
        ],
        [],
    ),
    styles.Function(
        "total",
        ["a"],
        "float64(float64[::1])",
        ["s = 0.0", "for i in range(a.shape[0]):", "    s += a[i]", "return s"],
        [],
    ),
]

if __name__ == "__main__":
    styles.write(sys.argv[1], "calls", FUNCTIONS, Path(sys.argv[2]))
