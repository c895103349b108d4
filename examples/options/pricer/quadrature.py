"""Gauss and Legendre's nodes and weights, by Newton's method on the polynomials."""

import math

import numpy as np
import puck

from .errors import check_count


@puck.njit("UniTuple(float64, 2)(int64, float64)", cache=True)
def legendre(degree, x):
    """A Legendre polynomial and its derivative at x, by the recurrence of three terms."""
    before, value = 1.0, x
    for n in range(2, degree + 1):
        before, value = value, ((2 * n - 1) * x * value - (n - 1) * before) / n
    return value, degree * (x * value - before) / (x * x - 1.0)


@puck.njit("Tuple((float64[::1], float64[::1]))(int64)", cache=True)
def gauss_legendre(count):
    """Nodes between -1 and 1, and their weights: exact for polynomials of degree 2 * count - 1."""
    check_count(count, 2)
    nodes, weights = np.empty(count), np.empty(count)
    for i in range(count):
        x = -math.cos(math.pi * (i + 0.75) / (count + 0.5))
        for _ in range(20):
            value, slope = legendre(count, x)
            step = value / slope
            x -= step
            if abs(step) < 1e-15:
                break
        _, slope = legendre(count, x)
        nodes[i] = x
        weights[i] = 2.0 / ((1.0 - x * x) * slope * slope)
    return nodes, weights
