"""Functions of scalars and of each element: ufuncs, `math`, integers, complex numbers."""

import cmath
import math

import numpy as np
from numba import njit


@njit
def ufunc_chain(x):
    return np.sin(x) * np.exp(-x * x) + np.log1p(np.abs(x))


@njit
def ufunc_powers(x, y):
    return x**y + np.sqrt(x) + np.square(x) / np.reciprocal(y + 1.0)


@njit
def ufunc_cube_roots(x):
    return np.cbrt(x)


@njit
def ufunc_trigonometry(x):
    return np.arctan2(np.tan(x), np.cosh(x)) + np.hypot(np.arcsinh(x), np.tanh(x)) + np.exp2(x)


@njit
def ufunc_rounding(x):
    return np.floor(x) + 10.0 * np.ceil(x) + 100.0 * np.trunc(x) + 1000.0 * np.rint(x)


@njit
def ufunc_signs(x, y):
    return np.copysign(np.abs(x), y) + np.sign(x) * np.maximum(x, y) - np.fmin(x, y)


@njit
def ufunc_nan(x):
    return np.isnan(x), np.isinf(x), np.isfinite(x), np.nan_to_num(x)


@njit
def ufunc_bits(a, b):
    return ((a & b) | (a << 3)) ^ (~b >> 2)


@njit
def ufunc_divisions(a, b):
    return a // b, a % b, np.fmod(a, b)


@njit
def ufunc_comparisons(a, b):
    return (a < b) | ((a >= 2.0 * b) & (a != b))


@njit
def ufunc_single(x):
    return np.sin(x) * np.float32(0.5) + np.sqrt(np.abs(x)) * x


@njit
def ufunc_complex(z):
    return np.exp(z) * np.conj(z) + np.sqrt(z) - np.log(z + 3.0)


@njit
def ufunc_mixed(i, x):
    return i * x + np.power(x, 2) - i // 2


@njit
def ufunc_broadcast(a, b):
    return a * 2.0 + b[:, None]


@njit
def ufunc_into(a, b, out):
    np.multiply(a, b, out)
    np.add(out, 1.0, out)


@njit
def clipped(x, low, high):
    return np.clip(x, low, high)


@njit
def chosen(x, y):
    return np.where(x > y, x - y, np.where(x == y, 0.0, y * 2.0))


@njit
def math_special(x):
    return (
        math.gamma(x) + math.lgamma(x),
        math.erf(x) - math.erfc(x),
        math.expm1(x) * math.log1p(x),
        math.atan2(x, 2.0) + math.hypot(x, 3.0),
        np.fmod(x, 0.7) + math.ldexp(x, 3),
        math.copysign(x, -1.0),
    )


@njit
def math_splits(x):
    mantissa, exponent = math.frexp(x)
    return mantissa, exponent, math.trunc(x), math.floor(x), math.ceil(x)


@njit
def complex_scalars(z, w):
    return cmath.sqrt(z) + cmath.exp(w) * cmath.log(z), abs(z), cmath.phase(w), z**w


@njit
def integer_arithmetic(a, b):
    return a // b, a % b, a**3, -a // b, abs(a) >> 2, a ^ b


@njit
def integer_wraps(a):
    return a * np.int64(6364136223846793005) + np.int64(1442695040888963407)


@njit
def unsigned_arithmetic(a, b):
    return a - b, a * b, a >> np.uint32(3), ~a


@njit
def small_integers(a):
    total = np.int16(0)
    for x in a:
        total = np.int16(total + x * np.int8(3))
    return total


@njit
def conversions(x):
    return int(x), np.float32(x), np.uint8(int(x) & 255), bool(x), complex(x)


@njit
def python_rounding(x):
    return round(x), round(x, 2), divmod(x, 1.5), pow(x, 3)
