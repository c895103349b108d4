"""Vectors of doubles: dot, center."""

from math import nan

import puck
from numba import njit


@puck.export("float64(float64[::1], float64[::1])")
def dot(x, y):
    """The dot product of x and y: the sum of x[i] * y[i]."""
    if x.size != y.size:
        raise ValueError("x and y are not of the same length")
    total = 0.0
    for i in range(x.size):
        total += x[i] * y[i]
    return total


# Not exported: compiled into what calls it.
@njit
def mean(x):
    """The mean of x; NaN if it is empty."""
    return x.sum() / x.size if x.size else nan


@puck.export("float64(float64[::1])")
def center(x):
    """Subtracts the mean of x from each of its elements, and returns the mean."""
    middle = mean(x)
    for i in range(x.size):
        x[i] -= middle
    return middle
