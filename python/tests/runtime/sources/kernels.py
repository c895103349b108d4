"""Functions of every type that a portable signature has."""

from collections import namedtuple

import numpy as np
from numba import float64, from_dtype, types

import puck

Point = namedtuple("Point", "x y")
SAMPLE = np.dtype([("value", np.float64), ("count", np.int32)], align=True)


class OddError(ValueError):
    pass


@puck.export("float64(float64, float64)")
def add(x, y=2.0):
    """x plus y."""
    return x + y


@puck.export("float64(float64[::1])", "float32(float32[::1])")
def total(x):
    result = x[0] * 0
    for value in x:
        result += value
    return result


@puck.export("float64[::1](int64, float64)")
def filled(n, value):
    if n < 0:
        raise ValueError("negative", 3)
    if n == 13:
        raise OddError("unlucky")
    return np.full(n, value)


@puck.export("float64[:](float64[:])")
def evens(x):
    return x[::2]


@puck.export("float64[:](UniTuple(float64[:], 2))")
def evens_of(pair):
    return pair[1][::2]


@puck.export("float64[::1, :](float64[:, ::1])")
def flipped(x):
    return x.T


@puck.export("int64[:, ::1](int64[:, ::1], int64)")
def times(x, n):
    return x * n


@puck.export("float64(Array(float64, 1, 'C', True, aligned=True))")
def first(x):
    return x[0]


@puck.export("Tuple((int64, float64[::1], boolean))(float64[::1], boolean)")
def several(x, flag):
    return x.size, x * 2, not flag


@puck.export("optional(float64)(optional(float64))")
def maybe(x):
    if x is None:
        return None
    return x * 2


@puck.export("complex128(complex128, complex64)")
def product(a, b):
    return a * b


@puck.export("void(float64[::1], float64)")
def scale(x, a):
    for i in range(x.size):
        x[i] *= a


@puck.export("Tuple((int8, uint16, float32, boolean))(int8, uint16, float32, boolean)")
def small(a, b, c, d):
    return a, b, c, d


@puck.export("float64(Tuple((float64, int64)), UniTuple(float64, 3))")
def tuples(a, b):
    return a[0] + a[1] + b[0] + b[1] + b[2]


@puck.export(types.NPDatetime("ns")(types.NPDatetime("ns"), types.NPTimedelta("ns")))
def later(when, wait):
    return when + wait


@puck.export(types.NPTimedelta("ns")(types.NPDatetime("ns")[::1]))
def span(times):
    return times[-1] - times[0]


@puck.export(float64(from_dtype(SAMPLE)[::1], from_dtype(SAMPLE)))
def weigh(samples, sample):
    result = sample.value * sample.count
    for i in range(samples.size):
        result += samples[i].value * samples[i].count
        samples[i].count += 1
    return result


@puck.export(types.NamedUniTuple(float64, 2, Point)(types.NamedUniTuple(float64, 2, Point)))
def swap(p):
    return Point(p.y, p.x)


@puck.export("float64(float64)")
def talk(x):
    print("hello", x)
    return x
