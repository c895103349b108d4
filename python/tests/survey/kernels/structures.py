"""Types that have no name in a string of a signature: records and named tuples."""

from collections import namedtuple

import numpy as np
from numba import from_dtype, njit, types

import puck

Point = namedtuple("Point", ["x", "y"])
Labelled = namedtuple("Labelled", ["number", "values"])
PARTICLE = np.dtype([("mass", np.float64), ("charge", np.int32), ("place", np.float64)], align=True)

POINT = types.NamedUniTuple(types.float64, 2, Point)
LABELLED = types.NamedTuple((types.int64, types.float64[::1]), Labelled)
RECORD = from_dtype(PARTICLE)


@puck.export(POINT(POINT, types.float64))
@njit
def named_tuple(point, factor):
    return Point(point.x * factor, point.y - factor)


@puck.export(types.float64(LABELLED))
@njit
def named_tuple_with_array(labelled):
    return labelled.values[labelled.number] + labelled.values.sum()


@puck.export(types.float64(RECORD))
@njit
def record(one):
    return one.mass * one.charge + one.place


@puck.export(types.float64(types.Array(RECORD, 1, "C")))
@njit
def record_array(many):
    total = 0.0
    for i in range(len(many)):
        total += many[i].mass * many[i].charge
        many[i].place += 0.5
    return total
