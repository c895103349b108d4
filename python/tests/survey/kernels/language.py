"""Python's own features: loops, tuples, containers, recursion, closures, exceptions."""

from collections import namedtuple

import numpy as np
from numba import guvectorize, literal_unroll, njit, prange, typed, types, vectorize

Point = namedtuple("Point", ["x", "y"])
TABLE = np.array([0.5, 1.5, -2.0, 8.0])
WEIGHTS = (0.25, 0.5, 0.25)


class RefusedError(ValueError):
    """An exception of the survey's own."""


@njit
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


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
def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


@njit
def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
        if steps > 1000:
            break
    else:
        return steps
    return -1


@njit
def sieve(n):
    is_prime = np.ones(n, dtype=np.bool_)
    is_prime[:2] = False
    for i in range(2, int(n**0.5) + 1):
        if is_prime[i]:
            is_prime[i * i :: i] = False
    return np.flatnonzero(is_prime)


@njit
def closure(x, scale):
    def scaled(value):
        return value * scale + 1.0

    return scaled(scaled(x))


def make_adder(amount):
    @njit
    def adder(x):
        return x + amount

    return adder


add_seven = make_adder(7.0)


@njit
def captured(x):
    return add_seven(x) * 2.0


@njit
def countdown(n):
    while n > 0:
        yield n * 0.5
        n -= 1


@njit
def generator_inside(n):
    total = 0.0
    for value in countdown(n):
        total = total * 0.9 + value
    return total


@njit
def list_inside(n):
    values = [0.5 * i for i in range(n)]
    values.append(3.25)
    values.insert(1, -1.0)
    values.pop()
    total = 0.0
    for value in values[::-1]:
        total = total * 1.5 + value
    return total, len(values)


@njit
def typed_list_inside(n):
    values = typed.List.empty_list(types.float64)
    for i in range(n):
        values.append(i * 1.25)
    values.reverse()
    total = 0.0
    for i, value in enumerate(values):
        total += i * value
    return total


@njit
def typed_dict_inside(a):
    counts = typed.Dict.empty(types.int64, types.int64)
    for key in a:
        counts[key] = counts.get(key, 0) + 1
    best, most = 0, 0
    for key, count in counts.items():
        if count > most:
            best, most = key, count
    return best, most, len(counts)


@njit
def set_inside(a):
    seen = set()
    for value in a:
        seen.add(value)
    return len(seen), 3 in seen, sum(sorted(seen))


@njit
def tuple_in_and_out(pair, triple):
    return (triple[2], pair[0]), pair[1] * triple[0], (triple[1], (pair[1], True))


@njit
def tuple_with_array(pair):
    array, factor = pair
    return array * factor, factor + 1.0


@njit
def unrolled(x):
    total = 0.0
    for weight in literal_unroll(WEIGHTS):
        total = total * x + weight
    return total


@njit
def zipped(x, y):
    total = 0.0
    for i, (a, b) in enumerate(zip(x, y)):  # noqa: B905 - Numba's has no `strict`
        total += i * a * b
    return total


@njit
def global_array(i):
    return TABLE[i] + TABLE.sum()


@njit
def maybe(x, y):
    if y is None:
        return x
    return x * y


@njit
def maybe_result(x):
    if x > 0.0:
        return x * 2.0
    return None


@njit
def nothing(x):
    x[0] = 42.0


@njit
def no_arguments():
    return 6.0 * 7.0


@njit
def with_default(x, factor=3.0, n=2):
    for _ in range(n):
        x *= factor
    return x


@njit
def raises_static(x):
    if x < 0.0:
        raise ValueError("x must not be negative")
    return np.sqrt(x)


@njit
def raises_dynamic(i, n):
    if i >= n:
        raise IndexError("beyond the end", i, n)
    return i * 2


@njit
def raises_own(x):
    if x > 1.0:
        raise RefusedError("more than one", 1)
    return 1.0 - x


@njit
def raises_nested(x):
    return raises_static(x) + raises_own(x)


@njit
def divides(a, b):
    return a / b


@njit
def caught(x):
    try:
        return raises_static(x)
    except Exception:
        return -1.0


@njit
def cleaned_up(x, log):
    try:
        log[0] = 1.0
        log[1] = x
    finally:
        log[2] = 9.0
    return log.sum()


@njit
def asserted(x):
    assert x > 0.0, "x must be positive"
    return x


@njit
def switches(n):
    out = 0
    for i in range(n, 0, -1):
        if i % 15 == 0:
            out += 15
        elif i % 5 == 0:
            continue
        elif i % 3 == 0:
            out -= 3
        else:
            out ^= i
    return out


@njit
def chained(x):
    return (0.0 < x < 1.0) or not (x >= 2.0 and x != 3.0)


@njit
def seeded_uniform(seed, n):
    np.random.seed(seed)
    return np.random.random(n)


@njit
def seeded_normal(seed, n):
    np.random.seed(seed)
    return np.random.normal(1.0, 2.0, n), np.random.standard_normal()


@njit
def seeded_others(seed):
    np.random.seed(seed)
    return (
        np.random.randint(0, 1000),
        np.random.exponential(2.0),
        np.random.gamma(2.0, 1.5),
        np.random.poisson(4.0),
        np.random.binomial(10, 0.3),
        np.random.beta(2.0, 3.0),
    )


@njit
def seeded_shuffle(seed, n):
    np.random.seed(seed)
    x = np.arange(n)
    np.random.shuffle(x)
    return x, np.random.permutation(5), np.random.choice(x, 3)


@vectorize(["float64(float64, float64)"])
def softplus(x, y):
    return np.log(1.0 + np.exp(x)) * y


@njit
def vectorized_inside(x, y):
    return softplus(x, y) + 1.0


@guvectorize(["void(float64[:], float64[:])"], "(n)->(n)")
def centred(x, out):
    mean = x.mean()
    for i in range(len(x)):
        out[i] = x[i] - mean


@njit
def guvectorized_inside(a):
    out = np.empty_like(a)
    centred(a, out)
    return out


@njit(parallel=True)
def parallel_squares(x):
    out = np.empty_like(x)
    for i in prange(len(x)):
        out[i] = x[i] * x[i] + i
    return out


@njit(nogil=True, error_model="numpy")
def numpy_division(a, b):
    return a / b


@njit(boundscheck=True)
def bounds_checked(x, i):
    return x[i]


@njit
def days_between(a, b):
    return b - a


@njit
def latest(dates):
    best = dates[0]
    for date in dates:
        if date > best:
            best = date
    return best, best - dates[0]


@njit
def ratio_of_spans(span, unit):
    return span / unit, span + unit


@njit
def apply_twice(x):
    for function in literal_unroll((fibonacci, collatz)):
        x = function(x)
    return x


@njit
def matrix_chain(n):
    a = np.eye(n)
    for k in range(1, n):
        a[k, k - 1] = 1.0 / k
    result = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            for k in range(n):
                result[i, j] += a[i, k] * a[k, j]
    return result


@njit
def newton(x):
    guess = x
    for _ in range(60):
        following = 0.5 * (guess + x / guess)
        if following == guess:
            break
        guess = following
    return guess
