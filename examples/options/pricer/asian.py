"""Options on the average price: geometric exactly (Kemna, Vorst), arithmetic by two moments."""

import math

import puck

from .black_scholes import price
from .errors import check_count, check_option


@puck.njit("float64(int64, float64, float64, float64, float64, float64, float64)", cache=True)
def geometric_asian(kind, spot, strike, expiry, rate, dividend, volatility):
    """The price of an option on the geometric average over all its time.

    That average is lognormal as the price is, with a third of the variance.
    """
    check_option(kind, spot, strike, expiry, volatility)
    carry = 0.5 * (rate - dividend - volatility * volatility / 6.0)
    deviation = volatility / math.sqrt(3.0)
    return price(kind, spot, strike, expiry, rate, rate - carry, deviation)


@puck.njit("UniTuple(float64, 2)(float64, float64, float64, float64)", cache=True)
def average_moments(spot, expiry, carry, volatility):
    """The mean of the arithmetic average, and the mean of its square."""
    variance = volatility * volatility
    square = spot * spot / (expiry * expiry)
    if abs(carry) * expiry < 1e-9:
        grown = math.expm1(variance * expiry)
        return spot, 2.0 * square * (grown - variance * expiry) / (variance * variance)
    mean = spot * math.expm1(carry * expiry) / (carry * expiry)
    first = math.exp((2.0 * carry + variance) * expiry)
    first /= (carry + variance) * (2.0 * carry + variance)
    second = 1.0 / (2.0 * carry + variance) - math.exp(carry * expiry) / (carry + variance)
    return mean, 2.0 * square * (first + second / carry)


@puck.njit("float64(int64, float64, float64, float64, float64, float64)", cache=True)
def lognormal_price(kind, mean, square, strike, expiry, rate):
    """The price of an option on something lognormal with this mean, and this mean of its square."""
    deviation = math.sqrt(math.log(square / (mean * mean)) / expiry)
    # The mean is a forward: it does not grow, so the yield is the rate.
    return price(kind, mean, strike, expiry, rate, rate, deviation)


@puck.njit("UniTuple(float64, 2)(float64, float64, float64, float64, int64)", cache=True)
def discrete_moments(spot, expiry, carry, volatility, dates):
    """The same moments where the average is that of so many equally spaced prices."""
    mean, square, earlier = 0.0, 0.0, 0.0
    for i in range(1, dates + 1):
        time = expiry * i / dates
        growth = math.exp(carry * time)
        shared = growth * math.exp((carry + volatility * volatility) * time)
        mean += growth
        # A price with itself, and with each earlier one, which count twice.
        square += shared + 2.0 * growth * earlier
        earlier += shared / growth
    return spot * mean / dates, spot * spot * square / (dates * dates)


@puck.njit("float64(int64, float64, float64, float64, float64, float64, float64)", cache=True)
def arithmetic_asian(kind, spot, strike, expiry, rate, dividend, volatility):
    """The price of an option on the arithmetic average, as if lognormal (Turnbull, Wakeman)."""
    check_option(kind, spot, strike, expiry, volatility)
    mean, square = average_moments(spot, expiry, rate - dividend, volatility)
    return lognormal_price(kind, mean, square, strike, expiry, rate)


@puck.njit(cache=True)
def discrete_asian(kind, spot, strike, expiry, rate, dividend, volatility, dates):
    """The same for the average of so many equally spaced prices."""
    check_option(kind, spot, strike, expiry, volatility)
    check_count(dates, 1)
    mean, square = discrete_moments(spot, expiry, rate - dividend, volatility, dates)
    return lognormal_price(kind, mean, square, strike, expiry, rate)
