"""Crank and Nicolson's method on a grid of logarithms of prices.

Four steps of half the length, fully implicit, begin it (Rannacher): they smooth the kink at the
strike. Early exercise is kept by Brennan and Schwartz's way to solve the equations: eliminate from
the side where nobody exercises, and substitute from the one where everybody does.
"""

import math

import numpy as np
import puck

from .black_scholes import discount, payoff
from .errors import check_count, check_option
from .kinds import CALL

DEVIATIONS = 6.0


@puck.njit("UniTuple(float64, 3)(float64, float64, float64, float64)", cache=True)
def rates_of_change(width, rate, dividend, volatility):
    """How fast a value takes from its lower neighbour, from itself and from its upper one."""
    diffusion = 0.5 * volatility * volatility / (width * width)
    drift = (rate - dividend - 0.5 * volatility * volatility) / (2.0 * width)
    return diffusion - drift, -2.0 * diffusion - rate, diffusion + drift


@puck.njit("float64(int64, float64, float64, float64, float64, float64, boolean)", cache=True)
def edge_value(kind, spot, strike, left, rate, dividend, american):
    """The value far from the strike, where all is certain; `left` is the time to expiry."""
    forward = payoff(kind, spot * discount(dividend, left), strike * discount(rate, left))
    return max(forward, payoff(kind, spot, strike)) if american else forward


@puck.njit("void(float64, float64, float64, float64[::1], float64[::1], float64[::1])", cache=True)
def solve_upwards(below, middle, above, right, floor, scratch):
    """Solves for the inside of `right`, in place; the values at both ends are known.

    Eliminates from the top down and substitutes upwards, never below the floor.
    """
    last = len(right) - 1
    right[last - 1] -= above * right[last]
    scratch[last - 1] = middle
    for i in range(last - 2, 0, -1):
        factor = above / scratch[i + 1]
        scratch[i] = middle - factor * below
        right[i] -= factor * right[i + 1]
    for i in range(1, last):
        right[i] = max((right[i] - below * right[i - 1]) / scratch[i], floor[i])


@puck.njit("void(float64, float64, float64, float64[::1], float64[::1], float64[::1])", cache=True)
def solve_downwards(below, middle, above, right, floor, scratch):
    """The same from the bottom up and then downwards."""
    last = len(right) - 1
    right[1] -= below * right[0]
    scratch[1] = middle
    for i in range(2, last):
        factor = below / scratch[i - 1]
        scratch[i] = middle - factor * above
        right[i] -= factor * right[i - 1]
    for i in range(last - 1, 0, -1):
        right[i] = max((right[i] - above * right[i + 1]) / scratch[i], floor[i])


@puck.njit(cache=True)
def step_back(kind, values, floor, scratch, edges, changes, time, implicit):
    """Goes one step back in time, of which the part `implicit` is solved for."""
    below, middle, above = changes
    explicit = (1.0 - implicit) * time
    before = values[0]
    for i in range(1, len(values) - 1):
        change = below * before + middle * values[i] + above * values[i + 1]
        before = values[i]
        values[i] += explicit * change
    values[0], values[-1] = edges
    solved = implicit * time
    matrix = (-solved * below, 1.0 - solved * middle, -solved * above)
    if kind == CALL:
        solve_downwards(matrix[0], matrix[1], matrix[2], values, floor, scratch)
    else:
        solve_upwards(matrix[0], matrix[1], matrix[2], values, floor, scratch)


@puck.njit(cache=True)
def grid_price(
    kind, spot, strike, expiry, rate, dividend, volatility, points=401, steps=200, american=True
):
    """The price of an option on a grid of so many prices and steps of time."""
    check_option(kind, spot, strike, expiry, volatility)
    check_count(points, 5)
    check_count(steps, 3)
    half = points // 2
    reach = DEVIATIONS * volatility * math.sqrt(expiry) + abs(math.log(spot / strike))
    width = reach / half
    prices = spot * np.exp(width * (np.arange(2 * half + 1) - half))
    values = np.empty(len(prices))
    for i in range(len(prices)):
        values[i] = payoff(kind, prices[i], strike)
    floor = values.copy() if american else np.full(len(prices), -np.inf)
    scratch = np.empty(len(prices))
    changes = rates_of_change(width, rate, dividend, volatility)
    time = expiry / steps
    left = 0.0
    for step in range(steps + 2):
        is_first = step < 4
        length = 0.5 * time if is_first else time
        left += length
        low = edge_value(kind, prices[0], strike, left, rate, dividend, american)
        high = edge_value(kind, prices[-1], strike, left, rate, dividend, american)
        implicit = 1.0 if is_first else 0.5
        step_back(kind, values, floor, scratch, (low, high), changes, length, implicit)
    return values[half]
