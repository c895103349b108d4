"""European options with a dividend yield: Black, Scholes and Merton's formulas, and derivatives.

The Greeks are per unit: vega and volga per 1.00 of volatility, theta, charm and veta per year that
passes, rho per 1.00 of the rate.
"""

import math
from typing import NamedTuple

import puck

from .errors import check_option
from .normal import density, distribution


class Greeks(NamedTuple):
    """A price, and its derivatives of first and second order."""

    price: float
    delta: float
    vega: float
    theta: float
    rho: float
    dividend_rho: float
    gamma: float
    vanna: float
    volga: float
    charm: float
    veta: float


@puck.njit("float64(float64, float64)", cache=True)
def discount(rate, time):
    """What 1.00 at that time is worth today."""
    return math.exp(-rate * time)


@puck.njit("float64(int64, float64, float64)", cache=True)
def payoff(kind, spot, strike):
    """What exercising yields."""
    return max(kind * (spot - strike), 0.0)


@puck.njit("UniTuple(float64, 2)(float64, float64, float64, float64, float64, float64)", cache=True)
def moneyness(spot, strike, expiry, rate, dividend, volatility):
    """d1 and d2: how far the forward is above the strike, in standard deviations."""
    deviation = volatility * math.sqrt(expiry)
    d1 = (math.log(spot / strike) + (rate - dividend) * expiry) / deviation + 0.5 * deviation
    return d1, d1 - deviation


@puck.njit("float64(int64, float64, float64, float64, float64, float64, float64)", cache=True)
def price(kind, spot, strike, expiry, rate, dividend, volatility):
    """The price of a European option."""
    check_option(kind, spot, strike, expiry, volatility)
    d1, d2 = moneyness(spot, strike, expiry, rate, dividend, volatility)
    asset = spot * discount(dividend, expiry) * distribution(kind * d1)
    cash = strike * discount(rate, expiry) * distribution(kind * d2)
    return kind * (asset - cash)


@puck.njit("float64(int64, float64, float64, float64, float64, float64, float64)", cache=True)
def delta(kind, spot, strike, expiry, rate, dividend, volatility):
    """The derivative by the spot price."""
    d1, _ = moneyness(spot, strike, expiry, rate, dividend, volatility)
    return kind * discount(dividend, expiry) * distribution(kind * d1)


@puck.njit("float64(float64, float64, float64, float64, float64, float64)", cache=True)
def gamma(spot, strike, expiry, rate, dividend, volatility):
    """The second derivative by the spot price, the same for calls and puts."""
    d1, _ = moneyness(spot, strike, expiry, rate, dividend, volatility)
    return discount(dividend, expiry) * density(d1) / (spot * volatility * math.sqrt(expiry))


@puck.njit("float64(float64, float64, float64, float64, float64, float64)", cache=True)
def vega(spot, strike, expiry, rate, dividend, volatility):
    """The derivative by the volatility, the same for calls and puts."""
    d1, _ = moneyness(spot, strike, expiry, rate, dividend, volatility)
    return spot * discount(dividend, expiry) * density(d1) * math.sqrt(expiry)


@puck.njit("float64(int64, float64, float64, float64, float64, float64, float64)", cache=True)
def theta(kind, spot, strike, expiry, rate, dividend, volatility):
    """The derivative by the time that passes."""
    d1, d2 = moneyness(spot, strike, expiry, rate, dividend, volatility)
    asset = spot * discount(dividend, expiry)
    cash = strike * discount(rate, expiry)
    decay = -asset * density(d1) * volatility / (2.0 * math.sqrt(expiry))
    carry = dividend * asset * distribution(kind * d1) - rate * cash * distribution(kind * d2)
    return decay + kind * carry


@puck.njit("float64(int64, float64, float64, float64, float64, float64, float64)", cache=True)
def rho(kind, spot, strike, expiry, rate, dividend, volatility):
    """The derivative by the rate."""
    _, d2 = moneyness(spot, strike, expiry, rate, dividend, volatility)
    return kind * strike * expiry * discount(rate, expiry) * distribution(kind * d2)


@puck.njit("float64(int64, float64, float64, float64, float64, float64, float64)", cache=True)
def dividend_rho(kind, spot, strike, expiry, rate, dividend, volatility):
    """The derivative by the dividend yield."""
    d1, _ = moneyness(spot, strike, expiry, rate, dividend, volatility)
    return -kind * spot * expiry * discount(dividend, expiry) * distribution(kind * d1)


@puck.njit("float64(float64, float64, float64, float64, float64, float64)", cache=True)
def vanna(spot, strike, expiry, rate, dividend, volatility):
    """The derivative of delta by the volatility."""
    d1, d2 = moneyness(spot, strike, expiry, rate, dividend, volatility)
    return -discount(dividend, expiry) * density(d1) * d2 / volatility


@puck.njit("float64(float64, float64, float64, float64, float64, float64)", cache=True)
def volga(spot, strike, expiry, rate, dividend, volatility):
    """The second derivative by the volatility."""
    d1, d2 = moneyness(spot, strike, expiry, rate, dividend, volatility)
    return vega(spot, strike, expiry, rate, dividend, volatility) * d1 * d2 / volatility


@puck.njit("float64(int64, float64, float64, float64, float64, float64, float64)", cache=True)
def charm(kind, spot, strike, expiry, rate, dividend, volatility):
    """The derivative of delta by the time that passes."""
    d1, d2 = moneyness(spot, strike, expiry, rate, dividend, volatility)
    deviation = volatility * math.sqrt(expiry)
    drift = (2.0 * (rate - dividend) * expiry - d2 * deviation) / (2.0 * expiry * deviation)
    yielded = kind * dividend * distribution(kind * d1)
    return discount(dividend, expiry) * (yielded - density(d1) * drift)


@puck.njit("float64(float64, float64, float64, float64, float64, float64)", cache=True)
def veta(spot, strike, expiry, rate, dividend, volatility):
    """The derivative of vega by the time that passes."""
    d1, d2 = moneyness(spot, strike, expiry, rate, dividend, volatility)
    deviation = volatility * math.sqrt(expiry)
    drift = dividend + (rate - dividend) * d1 / deviation - (1.0 + d1 * d2) / (2.0 * expiry)
    return vega(spot, strike, expiry, rate, dividend, volatility) * drift


@puck.njit(cache=True)
def greeks(kind, spot, strike, expiry, rate, dividend, volatility):
    """The price and every derivative of it."""
    return Greeks(
        price(kind, spot, strike, expiry, rate, dividend, volatility),
        delta(kind, spot, strike, expiry, rate, dividend, volatility),
        vega(spot, strike, expiry, rate, dividend, volatility),
        theta(kind, spot, strike, expiry, rate, dividend, volatility),
        rho(kind, spot, strike, expiry, rate, dividend, volatility),
        dividend_rho(kind, spot, strike, expiry, rate, dividend, volatility),
        gamma(spot, strike, expiry, rate, dividend, volatility),
        vanna(spot, strike, expiry, rate, dividend, volatility),
        volga(spot, strike, expiry, rate, dividend, volatility),
        charm(kind, spot, strike, expiry, rate, dividend, volatility),
        veta(spot, strike, expiry, rate, dividend, volatility),
    )
