"""Trees of prices that move up and down: binomial (Cox, Ross, Rubinstein), trinomial (Boyle)."""

import math

import numpy as np
import puck

from .black_scholes import discount, payoff
from .errors import check_count, check_option


@puck.njit(cache=True)
def leaves(kind, spot, strike, up, count):
    """What exercising yields at expiry, at prices a factor `up` apart, around `spot`."""
    values = np.empty(count)
    for i in range(count):
        values[i] = payoff(kind, spot * up ** (i - (count - 1) / 2.0), strike)
    return values


@puck.njit(cache=True)
def exercise(values, kind, spot, strike, up, count):
    """Replaces values by what exercising now yields, where that is more."""
    for i in range(count):
        values[i] = max(values[i], payoff(kind, spot * up ** (i - (count - 1) / 2.0), strike))


@puck.njit(cache=True)
def binomial(kind, spot, strike, expiry, rate, dividend, volatility, steps, american=True):
    """The price of an option on a binomial tree, exercised at any step if American."""
    check_option(kind, spot, strike, expiry, volatility)
    check_count(steps, 1)
    time = expiry / steps
    up = math.exp(volatility * math.sqrt(time))
    growth = math.exp((rate - dividend) * time)
    chance = (growth - 1.0 / up) / (up - 1.0 / up)
    if not 0.0 <= chance <= 1.0:
        raise ValueError("too few steps for this drift: a probability is not between 0 and 1")
    factor = discount(rate, time)
    values = leaves(kind, spot, strike, up * up, steps + 1)
    for count in range(steps, 0, -1):
        for i in range(count):
            values[i] = factor * (chance * values[i + 1] + (1.0 - chance) * values[i])
        if american:
            exercise(values, kind, spot, strike, up * up, count)
    return values[0]


@puck.njit(cache=True)
def trinomial_chances(time, drift, volatility):
    """The probabilities of a move down, of none, and of one up."""
    half = math.exp(0.5 * drift * time)
    rise = math.exp(volatility * math.sqrt(0.5 * time))
    up = ((half - 1.0 / rise) / (rise - 1.0 / rise)) ** 2
    down = ((rise - half) / (rise - 1.0 / rise)) ** 2
    return down, 1.0 - up - down, up


@puck.njit(cache=True)
def trinomial(kind, spot, strike, expiry, rate, dividend, volatility, steps, american=True):
    """The price of an option on a trinomial tree."""
    check_option(kind, spot, strike, expiry, volatility)
    check_count(steps, 1)
    time = expiry / steps
    down, middle, up = trinomial_chances(time, rate - dividend, volatility)
    factor = discount(rate, time)
    rise = math.exp(volatility * math.sqrt(2.0 * time))
    values = leaves(kind, spot, strike, rise, 2 * steps + 1)
    for count in range(2 * steps - 1, 0, -2):
        for i in range(count):
            ahead = down * values[i] + middle * values[i + 1] + up * values[i + 2]
            values[i] = factor * ahead
        if american:
            exercise(values, kind, spot, strike, rise, count)
    return values[0]
