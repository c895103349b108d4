"""Functions that cannot be exported, each with what is said of it in the tests."""

import ctypes

import numpy as np
from numba import float64, njit
from numba.experimental import jitclass

LARGE = np.arange(300_000, dtype=np.float64)
STRIDED = np.arange(20.0)[::2]
COS = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(("cos", ctypes.CDLL("libm.so.6")))


@jitclass([("x", float64)])
class Box:
    def __init__(self, x):
        self.x = x


@njit
def of_text(text):
    return len(text)


@njit
def of_none(x, y=None):
    return x


@njit
def of_list(items):
    return items[0]


@njit
def of_box(box):
    return box.x


@njit
def boxed(x):
    return Box(x)


@njit
def counting(n):
    for i in range(n):  # noqa: UP028 (Numba has no `yield from`)
        yield i


@njit
def from_large(i):
    return LARGE[i]


@njit
def through_large(i):
    return from_large(i) + 1.0


@njit
def from_strided(i):
    return STRIDED[i]


@njit
def c_cosine(x):
    return COS(x)


@njit
def mistyped(x):
    return x.no_such_attribute


@njit
def many(*args):
    return args[0]


def applied(function, x):
    return function(x)


@njit
def misses_name(x):
    return not_defined_anywhere(x)  # noqa: F821


@njit
def solved(a, b):
    return np.linalg.solve(a, b)
