"""The volatility that explains a price: Newton's method, kept between bounds by bisection."""

import math

import puck

from .black_scholes import discount, payoff, price, vega
from .errors import NoSolutionError, check_option

MOST = 64.0
STEPS = 100


@puck.njit(cache=True)
def price_bounds(kind, spot, strike, expiry, rate, dividend):
    """The least and the greatest price without arbitrage."""
    asset = spot * discount(dividend, expiry)
    cash = strike * discount(rate, expiry)
    return payoff(kind, asset, cash), asset if kind > 0 else cash


@puck.njit("float64(float64, float64, float64, float64, float64)", cache=True)
def first_guess(spot, strike, expiry, rate, dividend):
    """Where the price bends as a function of volatility: from there, Newton's method converges."""
    forward = math.log(spot / strike) + (rate - dividend) * expiry
    return max(math.sqrt(2.0 * abs(forward) / expiry), 0.1)


@puck.njit("float64(int64, float64, float64, float64, float64, float64, float64)", cache=True)
def implied_volatility(kind, target, spot, strike, expiry, rate, dividend):
    """The volatility at which a European option has the price `target`.

    Raises NoSolutionError for a price that allows arbitrage.
    """
    check_option(kind, spot, strike, expiry, 1.0)
    least, greatest = price_bounds(kind, spot, strike, expiry, rate, dividend)
    if target <= least or target >= greatest:
        raise NoSolutionError("the price allows arbitrage")
    low, high = 0.0, MOST
    volatility = first_guess(spot, strike, expiry, rate, dividend)
    for _ in range(STEPS):
        error = price(kind, spot, strike, expiry, rate, dividend, volatility) - target
        if error > 0.0:
            high = volatility
        else:
            low = volatility
        slope = vega(spot, strike, expiry, rate, dividend, volatility)
        following = volatility - error / slope if slope > 0.0 else -1.0
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - volatility) <= 1e-14 * volatility:
            return following
        volatility = following
    raise NoSolutionError("the iteration for the volatility does not end")
