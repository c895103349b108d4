"""Simulated prices, each with its standard error: antithetic paths and a control variate."""

import math

import numpy as np
import puck

from .black_scholes import discount, payoff, price
from .errors import check_count, check_option
from .philox import normal_pair


@puck.njit(cache=True)
def estimate(samples, factor):
    """The discounted mean of samples, and its standard error."""
    return factor * np.mean(samples), factor * np.std(samples) / math.sqrt(len(samples))


@puck.njit(cache=True)
def simulate_european(kind, spot, strike, expiry, rate, dividend, volatility, paths, seed=1):
    """A European option by simulation: price and standard error. Each number serves two paths."""
    check_option(kind, spot, strike, expiry, volatility)
    check_count(paths, 2)
    drift = (rate - dividend - 0.5 * volatility * volatility) * expiry
    deviation = volatility * math.sqrt(expiry)
    samples = np.empty(paths)
    for path in range(paths):
        z, _ = normal_pair(np.uint64(seed), np.uint64(path), np.uint64(0))
        above = payoff(kind, spot * math.exp(drift + deviation * z), strike)
        below = payoff(kind, spot * math.exp(drift - deviation * z), strike)
        samples[path] = 0.5 * (above + below)
    return estimate(samples, discount(rate, expiry))


@puck.njit(cache=True)
def draw_path(shocks, seed, path):
    """Fills an array with the normal numbers of a path."""
    for pair in range((len(shocks) + 1) // 2):
        first, second = normal_pair(np.uint64(seed), np.uint64(path), np.uint64(pair))
        shocks[2 * pair] = first
        if 2 * pair + 1 < len(shocks):
            shocks[2 * pair + 1] = second


@puck.njit(cache=True)
def averages(spot, drift, deviation, shocks):
    """The arithmetic and the geometric average of the prices on a path."""
    logarithm, sum_of_prices, sum_of_logarithms = 0.0, 0.0, 0.0
    for shock in shocks:
        logarithm += drift + deviation * shock
        sum_of_logarithms += logarithm
        sum_of_prices += math.exp(logarithm)
    count = len(shocks)
    return spot * sum_of_prices / count, spot * math.exp(sum_of_logarithms / count)


@puck.njit(
    "float64(int64, float64, float64, float64, float64, float64, float64, int64)", cache=True
)
def geometric_average(kind, spot, strike, expiry, rate, dividend, volatility, dates):
    """The exact price on the geometric average of so many equally spaced prices."""
    carry = rate - dividend - 0.5 * volatility * volatility
    mean = carry * expiry * (dates + 1.0) / (2.0 * dates)
    spread = volatility * volatility * expiry * (dates + 1.0) * (2.0 * dates + 1.0)
    variance = spread / (6.0 * dates * dates)
    forward = spot * math.exp(mean + 0.5 * variance)
    return price(kind, forward, strike, expiry, rate, rate, math.sqrt(variance / expiry))


@puck.njit(cache=True)
def simulate_asian(kind, spot, strike, expiry, rate, dividend, volatility, dates, paths, seed=1):
    """An option on the arithmetic average of so many prices: price and standard error.

    The same option on the geometric average, whose price is known, is the control variate.
    """
    check_option(kind, spot, strike, expiry, volatility)
    check_count(dates, 1)
    check_count(paths, 2)
    drift = (rate - dividend - 0.5 * volatility * volatility) * expiry / dates
    deviation = volatility * math.sqrt(expiry / dates)
    factor = discount(rate, expiry)
    known = geometric_average(kind, spot, strike, expiry, rate, dividend, volatility, dates)
    shocks = np.empty(dates)
    samples = np.empty(paths)
    for path in range(paths):
        draw_path(shocks, seed, path)
        samples[path] = 0.0
        for sign in (1.0, -1.0):
            arithmetic, geometric = averages(spot, drift, sign * deviation, shocks)
            excess = payoff(kind, arithmetic, strike) - payoff(kind, geometric, strike)
            samples[path] += 0.5 * excess
    mean, error = estimate(samples, factor)
    return known + mean, error
