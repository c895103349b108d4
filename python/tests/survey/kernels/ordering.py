"""Sorting, searching, counting, interpolation."""

import heapq

import numpy as np
from numba import njit


@njit
def sorted_array(x):
    return np.sort(x)


@njit
def sorted_in_place(x):
    x.sort()


@njit
def sorted_places(x):
    return np.argsort(x), np.argsort(x, kind="mergesort")


@njit
def found_places(x, v):
    return np.searchsorted(x, v), np.searchsorted(x, v, side="right")


@njit
def distinct(x):
    return np.unique(x)


@njit
def histogram(x):
    counts, edges = np.histogram(x, 7, (-2.0, 2.0))
    return counts, edges


@njit
def counted(a):
    return np.bincount(a)


@njit
def binned(x, edges):
    return np.digitize(x, edges)


@njit
def partitioned(x):
    return np.partition(x, 5)[5]


@njit
def interpolated(x, xs, ys):
    return np.interp(x, xs, ys)


@njit
def turned(a):
    return np.flip(a), np.fliplr(a), np.rot90(a)


@njit
def rolled(x):
    return np.roll(x, 3)


@njit
def sets(a, b):
    return np.intersect1d(a, b), np.union1d(a, b), np.setdiff1d(a, b)


@njit
def membership(a, b):
    return np.isin(a, b)


@njit
def heap_order(x):
    heap = [x[0]]
    for value in x[1:]:
        heapq.heappush(heap, value)
    out = np.empty(len(x))
    for i in range(len(x)):
        out[i] = heapq.heappop(heap)
    return out


@njit
def python_sorted(x):
    out = np.empty(len(x))
    for i, value in enumerate(sorted(x, reverse=True)):
        out[i] = value
    return out


@njit
def convolved(x, k):
    return np.convolve(x, k), np.correlate(x, k)
