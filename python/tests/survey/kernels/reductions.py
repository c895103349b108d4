"""Reductions over all or one axis, and what accumulates."""

import numpy as np
from numba import njit


@njit
def sum_all(x):
    return np.sum(x)


@njit
def sum_first_axis(a):
    return np.sum(a, axis=0)


@njit
def sum_last_axis(a):
    return a.sum(axis=1)


@njit
def sum_single(x):
    return x.sum()


@njit
def products(x):
    return np.prod(x), np.cumprod(x)


@njit
def moments(x):
    return np.mean(x), np.var(x), np.std(x)


@njit
def extremes(x):
    return np.min(x), np.max(x), np.argmin(x), np.argmax(x), np.ptp(x)


@njit
def extreme_places(a):
    return np.argmax(a, axis=0), np.argmin(a, axis=1)


@njit
def truth(a):
    return np.any(a > 1.0), np.all(a > -9.0), np.count_nonzero(a > 0.0)


@njit
def running_sum(x):
    return np.cumsum(x)


@njit
def ignoring_nan(x):
    return np.nansum(x), np.nanmean(x), np.nanmax(x), np.nanstd(x), np.nanmedian(x)


@njit
def middles(x):
    return np.median(x), np.percentile(x, 37.5), np.quantile(x, np.array([0.1, 0.9]))


@njit
def differences(x):
    return np.diff(x), np.ediff1d(x), np.trapezoid(x)


@njit
def weighted(x, w):
    return np.average(x, None, w)


@njit
def covariances(a):
    return np.cov(a), np.corrcoef(a)


@njit
def sum_complex(z):
    return np.sum(z), np.mean(z), np.prod(z)


@njit
def sum_integers(a):
    return np.sum(a), np.mean(a), np.max(a)


@njit
def sum_booleans(a):
    return np.sum(a), a.all(), a.any()


@njit
def loop_sums(x):
    total, squares = 0.0, 0.0
    for value in x:
        total += value
        squares += value * value
    return total, squares


@njit
def loop_conditional(a):
    count = 0
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if a[i, j] > 0.0:
                total += a[i, j] * 0.5
                count += 1
    return total / count


@njit
def reduced_by_lambda(x):
    best = x[0]
    better = lambda a, b: a if abs(a) > abs(b) else b  # noqa: E731
    for value in x:
        best = better(best, value)
    return best
