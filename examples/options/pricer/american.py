"""American options by the quadratic approximation of Barone-Adesi and Whaley (1987)."""

import math

import puck

from .black_scholes import delta, discount, moneyness, price
from .errors import NoSolutionError, check_option
from .kinds import PUT
from .normal import density

STEPS = 60


@puck.njit("float64(int64, float64, float64, float64, float64)", cache=True)
def exponent(kind, rate, carry, variance, remaining):
    """The power of the spot price in the premium for exercising early.

    `remaining` is 1 - exp(-rate * expiry), and 1 for an option that never expires.
    """
    n = 2.0 * carry / variance
    m = 2.0 * rate / variance
    return 0.5 * (1.0 - n + kind * math.sqrt((n - 1.0) ** 2 + 4.0 * m / remaining))


@puck.njit("float64(int64, float64, float64, float64, float64, float64)", cache=True)
def first_critical(kind, strike, expiry, rate, carry, volatility):
    """A first guess of the price from which exercising is best."""
    variance = volatility * volatility
    eternal = strike / (1.0 - 1.0 / exponent(kind, rate, carry, variance, 1.0))
    spread = carry * expiry + kind * 2.0 * volatility * math.sqrt(expiry)
    weight = math.exp(-kind * spread * strike / abs(eternal - strike))
    return eternal + (strike - eternal) * weight


@puck.njit("float64(int64, float64, float64, float64, float64, float64)", cache=True)
def critical_price(kind, strike, expiry, rate, dividend, volatility):
    """The price from which exercising is best: above it for a call, below it for a put."""
    carry = rate - dividend
    remaining = 1.0 - discount(rate, expiry)
    power = exponent(kind, rate, carry, volatility * volatility, remaining)
    deviation = volatility * math.sqrt(expiry)
    spot = first_critical(kind, strike, expiry, rate, carry, volatility)
    for _ in range(STEPS):
        held = price(kind, spot, strike, expiry, rate, dividend, volatility)
        hedge = delta(kind, spot, strike, expiry, rate, dividend, volatility)
        d1, _ = moneyness(spot, strike, expiry, rate, dividend, volatility)
        bend = discount(dividend, expiry) * density(d1) / deviation
        error = kind * (spot - strike) - held - spot * (kind - hedge) / power
        slope = (kind - hedge) * (1.0 - 1.0 / power) + bend / power
        step = error / slope
        spot = max(spot - step, 0.5 * spot)
        if abs(step) <= 1e-13 * spot:
            return spot
    raise NoSolutionError("the iteration for the critical price does not end")


@puck.njit("float64(int64, float64, float64, float64, float64, float64, float64)", cache=True)
def american(kind, spot, strike, expiry, rate, dividend, volatility):
    """The price of an American option."""
    check_option(kind, spot, strike, expiry, volatility)
    european = price(kind, spot, strike, expiry, rate, dividend, volatility)
    # Waiting is free: nobody exercises early.
    if (rate if kind == PUT else dividend) <= 0.0 or rate <= 0.0:
        return european
    critical = critical_price(kind, strike, expiry, rate, dividend, volatility)
    if kind * (spot - critical) >= 0.0:
        return kind * (spot - strike)
    variance = volatility * volatility
    power = exponent(kind, rate, rate - dividend, variance, 1.0 - discount(rate, expiry))
    hedge = delta(kind, critical, strike, expiry, rate, dividend, volatility)
    premium = critical * (kind - hedge) / power
    return european + premium * (spot / critical) ** power
