"""The standard normal distribution."""

import math

import puck

SQRT_2 = math.sqrt(2.0)
SQRT_2_PI = math.sqrt(2.0 * math.pi)

# Wichura's rational approximations (Applied Statistics 37, 1988, AS 241): numerator and denominator
# for the middle, for the tails, and for the far tails; the lowest power first.
MIDDLE = (
    (
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
)
TAIL = (
    (
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
FAR_TAIL = (
    (
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)


@puck.njit("float64(float64)", cache=True)
def density(x):
    """The density at x."""
    return math.exp(-0.5 * x * x) / SQRT_2_PI


@puck.njit("float64(float64)", cache=True)
def distribution(x):
    """The probability of a value below x; accurate in both tails."""
    return 0.5 * math.erfc(-x / SQRT_2)


@puck.njit("float64(UniTuple(float64, 8), float64)", cache=True)
def polynomial(coefficients, x):
    """A polynomial of degree 7, the coefficient of the lowest power first, by Horner's rule."""
    value = 0.0
    for i in range(7, -1, -1):
        value = value * x + coefficients[i]
    return value


@puck.njit(cache=True)
def rational(coefficients, x):
    """The quotient of two polynomials."""
    return polynomial(coefficients[0], x) / polynomial(coefficients[1], x)


@puck.njit("float64(float64)", cache=True)
def quantile(probability):
    """The x below which a value lies with this probability, to some 16 digits."""
    if not 0.0 < probability < 1.0:
        raise ValueError("a probability must be between 0 and 1")
    centred = probability - 0.5
    if abs(centred) <= 0.425:
        return centred * rational(MIDDLE, 0.180625 - centred * centred)
    tail = min(probability, 1.0 - probability)
    depth = math.sqrt(-math.log(tail))
    x = rational(TAIL, depth - 1.6) if depth <= 5.0 else rational(FAR_TAIL, depth - 5.0)
    return math.copysign(x, centred)
