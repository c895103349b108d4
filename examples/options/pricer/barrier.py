"""Options that begin or end when the price reaches a barrier: Reiner and Rubinstein (1991).

The formulas are sums of six terms, here as in Haug's book: `vanilla` is his A and B, `reflected` C
and D, `rebate_at_expiry` E and `rebate_at_hit` F.
"""

import math
from typing import NamedTuple

import puck

from .black_scholes import discount
from .errors import check_option
from .normal import distribution

DOWN = 1
UP = -1
IN = 1
OUT = -1


class Terms(NamedTuple):
    """What all six terms are made of."""

    asset: float
    cash: float
    deviation: float
    mu: float
    ratio: float


@puck.njit(cache=True)
def terms(spot, strike, barrier, expiry, rate, dividend, volatility):
    """The discounted asset and cash, the deviation, and how the price drifts to the barrier."""
    variance = volatility * volatility
    return Terms(
        spot * discount(dividend, expiry),
        strike * discount(rate, expiry),
        volatility * math.sqrt(expiry),
        (rate - dividend) / variance - 0.5,
        barrier / spot,
    )


@puck.njit(cache=True)
def vanilla(kind, t, x):
    """An option that pays where the price ends beyond the point that x stands for."""
    asset = t.asset * distribution(kind * x)
    cash = t.cash * distribution(kind * (x - t.deviation))
    return kind * (asset - cash)


@puck.njit(cache=True)
def reflected(kind, direction, t, y):
    """The same on the path that is reflected by the barrier."""
    asset = t.asset * t.ratio ** (2.0 * (t.mu + 1.0)) * distribution(direction * y)
    cash = t.cash * t.ratio ** (2.0 * t.mu) * distribution(direction * (y - t.deviation))
    return kind * (asset - cash)


@puck.njit(cache=True)
def rebate_at_expiry(direction, t, rebate, x, y):
    """What an option that never began pays in the end."""
    never = distribution(direction * (x - t.deviation))
    never -= t.ratio ** (2.0 * t.mu) * distribution(direction * (y - t.deviation))
    return rebate * never


@puck.njit(cache=True)
def rebate_at_hit(direction, t, rebate, expiry, rate):
    """What an option that ends early pays when the barrier is reached."""
    variance = t.deviation * t.deviation / expiry
    power = math.sqrt(t.mu * t.mu + 2.0 * rate / variance)
    z = math.log(t.ratio) / t.deviation + power * t.deviation
    near = t.ratio ** (t.mu + power) * distribution(direction * z)
    far = t.ratio ** (t.mu - power) * distribution(direction * (z - 2.0 * power * t.deviation))
    return rebate * (near + far)


@puck.njit("void(int64, int64, float64, float64)", cache=True)
def check_barrier(direction, style, spot, barrier):
    """Raises ValueError for a barrier on the wrong side, or for what is none."""
    if abs(direction) != 1 or abs(style) != 1:
        raise ValueError("a barrier is DOWN or UP, and IN or OUT")
    if not barrier > 0.0 or direction * (spot - barrier) < 0.0:
        raise ValueError("the price is already beyond the barrier")


@puck.njit(cache=True)
def barrier_option(
    kind, direction, style, spot, strike, barrier, rebate, expiry, rate, dividend, volatility
):
    """The price of an option that begins (IN) or ends (OUT) at a barrier, DOWN or UP from here."""
    check_option(kind, spot, strike, expiry, volatility)
    check_barrier(direction, style, spot, barrier)
    t = terms(spot, strike, barrier, expiry, rate, dividend, volatility)
    shift = (1.0 + t.mu) * t.deviation
    x1 = math.log(spot / strike) / t.deviation + shift
    x2 = math.log(spot / barrier) / t.deviation + shift
    y1 = math.log(barrier * barrier / (spot * strike)) / t.deviation + shift
    y2 = math.log(t.ratio) / t.deviation + shift
    a, b = vanilla(kind, t, x1), vanilla(kind, t, x2)
    c, d = reflected(kind, direction, t, y1), reflected(kind, direction, t, y2)
    is_beyond = kind * (strike - barrier) > 0.0
    if style == IN:
        # Haug's E discounts; so does what is paid in the end.
        e = rebate_at_expiry(direction, t, rebate * discount(rate, expiry), x2, y2)
        if kind == direction:
            return e + (c if is_beyond else a - b + d)
        return e + (a if is_beyond else b - c + d)
    f = rebate_at_hit(direction, t, rebate, expiry, rate)
    if kind == direction:
        return f + (a - c if is_beyond else b - d)
    return f + (0.0 if is_beyond else a - b + c - d)
