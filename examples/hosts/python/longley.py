#!/usr/bin/env python3
"""Longley's regression from Python: ctypes on the installed libraries, no Puck library.

    longley.py [PROJECT] [DATA]

PROJECT is the folder that holds .puck, DATA the one that holds longley.csv.
"""

import csv
import ctypes
import json
import math
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VARIABLES = ["GNPDEFL", "GNP", "UNEMP", "ARMED", "POP", "YEAR"]
DIGITS_WANTED = 9


def function(environment, package, name, result, *parameters):
    """The C function `package::name` of an environment, with the ctypes types that are given.

    A library exports its functions under their link names, which hold the signature: the package's
    description says which. A release with another signature has no such symbol."""
    described = sorted((environment / "packages").glob(f"{package}-*.json"))
    if not described:
        sys.exit(f"error: {package} is not installed in {environment}")
    document = json.loads(described[-1].read_text())
    link_names = [f["link-name"] for f in document["functions"] if f["name"] == name]
    if len(link_names) != 1:
        sys.exit(f"error: {package} has {len(link_names)} functions called {name}")
    # linalg.v1.dot.1a2b3c4d is in linalg.v1.so
    library = ".".join(link_names[0].split(".")[:2]) + ".so"
    found = ctypes.CDLL(str(environment / "lib" / library))[link_names[0]]
    found.restype, found.argtypes = result, parameters
    return found


def array(values):
    return (ctypes.c_double * len(values))(*values)


def digits(computed, certified):
    """How many leading decimal digits agree: the negative logarithm of the relative error."""
    if math.isnan(computed):
        return 0.0
    if computed == certified:
        return 15.0
    return min(15.0, -math.log10(abs(computed - certified) / abs(certified)))


def main():
    project = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent
    data = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE.parents[1] / "data"
    with open(data / "longley.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    certified = json.loads((data / "longley-certified.json").read_text())

    numbers = ctypes.POINTER(ctypes.c_double)
    ols = function(
        project / ".puck", "stats", "ols", ctypes.c_int32,
        ctypes.c_uint64, ctypes.c_uint64, numbers, numbers, numbers, numbers, numbers,
    )

    x = array([float(row[name]) for name in VARIABLES for row in rows])
    y = array([float(row["TOTEMP"]) for row in rows])
    coefficients, errors = array([0.0] * 7), array([0.0] * 7)
    r_squared = ctypes.c_double()
    status = ols(len(rows), len(VARIABLES), x, y, coefficients, errors, ctypes.byref(r_squared))
    if status != 0:
        sys.exit(f"error: stats::ols returned {status}")

    worst = 15.0
    print(f"{'':10} {'computed':>22} {'certified':>22}  digits")
    for title, key, values in [
        ("coefficients", "coefficients", coefficients),
        ("standard errors", "standard_errors", errors),
    ]:
        print(title)
        for name, value in zip(["intercept"] + VARIABLES, values):
            expected = certified[key][name]
            correct = digits(value, expected)
            worst = min(worst, correct)
            print(f"  {name:10} {value:22.15g} {expected:22.15g}  {correct:6.1f}")
    print(f"R squared    {r_squared.value:22.15g} {certified['r_squared']:22.15g}"
          f"  {digits(r_squared.value, certified['r_squared']):6.1f}")
    print(f"\nfewest correct digits: {worst:.1f}")
    return 0 if worst >= DIGITS_WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
