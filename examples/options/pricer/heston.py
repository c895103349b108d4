"""Heston's model of a volatility that varies, by its characteristic function.

The function is written so that its logarithm stays on one branch (Albrecher, Mayer, Schoutens and
Tistaert, 2007); the price is Lewis's integral (2001) along Im(u) = -1/2.
"""

import cmath
import math
from typing import NamedTuple

import puck

from .black_scholes import discount
from .errors import check_option
from .quadrature import gauss_legendre

# Intervals of the integral: the first is short, because the integrand has a pole near 0.
PANELS = 40
NODES = 16
FIRST_WIDTH = 1.0
GROWTH = 0.5


class Heston(NamedTuple):
    """How the variance moves: from `start` to `level` at `speed`, with `volatility` of its own."""

    start: float
    level: float
    speed: float
    volatility: float
    correlation: float


@puck.njit(cache=True)
def check_model(model):
    """Raises ValueError for a variance that cannot be."""
    if model.start < 0.0 or model.level < 0.0:
        raise ValueError("variances must not be negative")
    if model.speed <= 0.0 or model.volatility <= 0.0:
        raise ValueError("speed and volatility of the variance must be positive")
    if abs(model.correlation) > 1.0:
        raise ValueError("a correlation must be between -1 and 1")


@puck.njit(cache=True)
def characteristic(model, expiry, u):
    """The characteristic function of the logarithm of the forward's growth, at a complex u."""
    variance = model.volatility * model.volatility
    beta = model.speed - model.correlation * model.volatility * 1j * u
    root = cmath.sqrt(beta * beta + variance * (u * u + 1j * u))
    ratio = (beta - root) / (beta + root)
    decay = cmath.exp(-root * expiry)
    level = (beta - root) * expiry - 2.0 * cmath.log((1.0 - ratio * decay) / (1.0 - ratio))
    start = (beta - root) * (1.0 - decay) / (1.0 - ratio * decay)
    return cmath.exp((model.speed * model.level * level + model.start * start) / variance)


@puck.njit(cache=True)
def lewis_integrand(model, expiry, shift, u):
    """What Lewis's integral sums at u, for the logarithm of forward over strike."""
    value = cmath.exp(1j * u * shift) * characteristic(model, expiry, u - 0.5j)
    return value.real / (u * u + 0.25)


@puck.njit(cache=True)
def heston_price(kind, spot, strike, expiry, rate, dividend, model):
    """The price of a European option in Heston's model."""
    check_option(kind, spot, strike, expiry, 1.0)
    check_model(model)
    nodes, weights = gauss_legendre(NODES)
    shift = math.log(spot / strike) + (rate - dividend) * expiry
    integral, low, width = 0.0, 0.0, FIRST_WIDTH
    for _ in range(PANELS):
        for i in range(NODES):
            u = low + 0.5 * width * (nodes[i] + 1.0)
            integral += 0.5 * width * weights[i] * lewis_integrand(model, expiry, shift, u)
        low += width
        width += GROWTH
    middle = math.sqrt(spot * strike) * discount(0.5 * (rate + dividend), expiry)
    call = spot * discount(dividend, expiry) - middle * integral / math.pi
    if kind > 0:
        return call
    return call - spot * discount(dividend, expiry) + strike * discount(rate, expiry)
