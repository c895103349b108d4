"""Views, copies, layouts: indexing, slicing, joining, making."""

import numpy as np
from numba import njit


@njit
def reshaped(x):
    return x.reshape((4, -1)).T.copy()


@njit
def raveled(a):
    return a.ravel(), a.flatten()


@njit
def transposed(a):
    return a.T


@njit
def slices(a):
    return a[1:-1, ::2].copy(), a[::-1, 0].copy(), a[-1]


@njit
def view_of_rows(a):
    return a[1:3]


@njit
def strided_view(x):
    return x[::3]


@njit
def slice_assigned(a):
    a[1:3, :] = 7.0
    a[:, 0] += 0.25


@njit
def fancy_indexed(x, places):
    return x[places]


@njit
def masked(x):
    return x[x > 0.25]


@njit
def mask_assigned(x):
    x[x < 0.0] = 0.0
    return x


@njit
def joined(a, b):
    return np.concatenate((a, b)), np.concatenate((a, b), axis=1)


@njit
def stacked(x, y):
    return np.stack((x, y)), np.vstack((x, y)), np.hstack((x, y)), np.column_stack((x, y))


@njit
def widened(x):
    return np.expand_dims(x, 0), np.atleast_2d(x), x[:, np.newaxis].shape


@njit
def broadcast(x):
    return np.broadcast_to(x, (3, x.size)).copy()


@njit
def repeated(x):
    return np.repeat(x, 2), np.append(x, x[:2]), np.delete(x, 1)


@njit
def made(n):
    return np.arange(n), np.linspace(0.0, 1.0, n), np.eye(n), np.full(n, 2.5), np.ones(n, np.int32)


@njit
def like(a):
    return np.zeros_like(a), np.full_like(a, 3.0), np.empty_like(a).shape


@njit
def triangles(a):
    return np.tril(a), np.triu(a, 1), np.diag(a)


@njit
def places(a):
    return np.nonzero(a > 0.0), np.flatnonzero(a > 0.0), np.argwhere(a > 0.5)


@njit
def taken(a, rows):
    return np.take(a, rows)


@njit
def iterated(a):
    total = 0.0
    for (i, j), value in np.ndenumerate(a):
        total += (i + 1) * value - j
    for index in np.ndindex(2, 2):
        total += a[index]
    for value in a.flat:
        total *= 1.0 + 1e-3 * value
    return total


@njit
def columns_first(a):
    total = np.zeros(a.shape[1])
    for j in range(a.shape[1]):
        for i in range(a.shape[0]):
            total[j] += a[i, j]
    return total


@njit
def any_layout(a):
    return a.sum(), a[0, 1], a.copy()


@njit
def three_dimensions(a):
    return a.sum(axis=2), a[1, :, ::2].copy(), a.shape, a.strides


@njit
def read_only(x):
    return x[0] + x[-1] * len(x)


@njit
def viewed(x):
    return x.view(np.int64) >> 52, x.astype(np.int32)


@njit
def swapped(a):
    return np.ascontiguousarray(a.transpose((1, 0))), np.asfortranarray(a)


@njit
def same_array(x):
    return x


@njit
def empty_arrays(x):
    return x[:0].sum(), np.zeros((0, 3)), x[5:2]
