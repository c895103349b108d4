"""Functions of many kinds, for the tests of the front end."""

import math
from collections import namedtuple

import numpy as np
from numba import njit, objmode, prange, typed, types, vectorize

Point = namedtuple("Point", ["x", "y"])


class OutOfRange(ValueError):
    """An exception of the package's own."""


@njit("float64(float64)")
def smooth(x):
    return x * x * (3.0 - 2.0 * x)


# Computed while the module is imported, by jitted functions.
@njit
def table(n):
    out = np.empty(n)
    for i in range(n):
        out[i] = smooth(i / n)
    return out


TABLE = table(16)
SCALE = 2.5


@njit
def helper(x):
    return math.sqrt(x) + SCALE


@njit
def uses_helper_a(x):
    return helper(x) * 2.0


@njit
def uses_helper_b(x):
    """Twice a helper."""
    return helper(x) + helper(x + 1.0)


@njit
def dot(x, y):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * y[i]
    return total


@njit
def doubled(x):
    return x * 2.0


@njit
def from_table(i):
    return TABLE[i]


@njit
def checked(x, low=0.0, high=1.0):
    if x < low:
        raise ValueError("too small")
    if x > high:
        raise OutOfRange("too large", 7)
    return x


@njit
def with_value(x):
    if x < 0:
        raise ValueError("negative", x)
    return x


@njit
def caught(x):
    try:
        return checked(x, 0.0, 1.0)
    except Exception:
        return -1.0


@njit
def factorial(n):
    if n <= 1:
        return 1
    return n * factorial(n - 1)


@njit
def is_even(n):
    if n == 0:
        return True
    return is_odd(n - 1)


@njit
def is_odd(n):
    if n == 0:
        return False
    return is_even(n - 1)


@njit
def swapped(pair):
    return pair[1], pair[0]


@njit
def norm(point):
    return math.hypot(point.x, point.y)


@njit
def maybe(x):
    if x > 0.0:
        return x
    return None


@njit
def positive_or(x, other):
    if x is None:
        return other
    return x


@njit
def conjugate(z):
    return z.real - z.imag * 1j


@njit
def flag(a, b):
    return a and not b


@njit
def nothing(x):
    x[0] = 1.0


@njit
def later(t, d):
    return t + d


@njit
def in_record(r):
    r.n += 1
    return r.x * r.n


@njit
def row_views(a):
    total = 0.0
    for i in range(a.shape[0]):
        row = a[i]
        total += row[0] + row[1]
    return total


@njit
def printed(x):
    print("value", x)
    return x


@njit
def counted(words):
    seen = typed.Dict.empty(types.int64, types.int64)
    for word in words:
        if word in seen:
            seen[word] += 1
        else:
            seen[word] = 1
    return len(seen)


@njit
def in_python(x):
    with objmode(y="float64"):
        y = float(str(x))
    return y  # noqa: RET504 (Numba's `objmode` has to give it back)


@njit(parallel=True)
def parallel_sum(x):
    total = 0.0
    for i in prange(x.shape[0]):
        total += x[i] * 2.0
    return total


@vectorize(["float64(float64, float64)"])
def add(a, b):
    return a + b


@njit
def vectorized(x, y):
    return add(x, y)


def make_scaled(factor):
    @njit
    def scaled(x):
        return x * factor

    return scaled


triple = make_scaled(3.0)


@njit
def sorted_copy(x):
    return np.sort(x)


@njit
def solved(a, b):
    return np.linalg.solve(a, b)


@njit
def random_mean(n):
    np.random.seed(7)
    return np.random.normal(0.0, 1.0, n).mean()


@njit(fastmath=True, error_model="numpy")
def ratio(x, y):
    return x / y


@njit(debug=True)
def with_debug_information(x):
    return x * 2.0


@njit
def reshaped(x):
    return x.reshape(2, 3).copy()
