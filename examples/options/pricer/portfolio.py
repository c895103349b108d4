"""Books of European options: arrays of records, one for each position."""

import numpy as np
import puck

from .black_scholes import Greeks, greeks, price
from .errors import check_count
from .implied import implied_volatility

FIELDS = len(Greeks._fields)
POSITION = np.dtype(
    [
        ("kind", np.int64),
        ("quantity", np.float64),
        ("spot", np.float64),
        ("strike", np.float64),
        ("expiry", np.float64),
        ("rate", np.float64),
        ("dividend", np.float64),
        ("volatility", np.float64),
    ]
)


@puck.njit(cache=True)
def position_value(position, spot_factor, volatility_shift):
    """What a position is worth after its spot price and its volatility moved."""
    return position.quantity * price(
        position.kind,
        position.spot * spot_factor,
        position.strike,
        position.expiry,
        position.rate,
        position.dividend,
        position.volatility + volatility_shift,
    )


@puck.njit(cache=True)
def position_greeks(position):
    """The Greeks of one unit of a position."""
    return greeks(
        position.kind,
        position.spot,
        position.strike,
        position.expiry,
        position.rate,
        position.dividend,
        position.volatility,
    )


@puck.njit(cache=True)
def values(book):
    """What each position is worth."""
    result = np.empty(len(book))
    for i in range(len(book)):
        result[i] = position_value(book[i], 1.0, 0.0)
    return result


@puck.njit(cache=True)
def total_greeks(book):
    """The Greeks of the whole book, each weighted by quantity."""
    total = np.zeros(FIELDS)
    for i in range(len(book)):
        one = position_greeks(book[i])
        for field in range(len(total)):
            total[field] += book[i].quantity * one[field]
    return total


@puck.njit(cache=True)
def scenarios(book, spot_factors, volatility_shifts):
    """What the book gains for each pair of a factor on spot prices and a shift of volatilities."""
    today = np.sum(values(book))
    gains = np.empty((len(spot_factors), len(volatility_shifts)))
    for i, factor in enumerate(spot_factors):
        for j, shift in enumerate(volatility_shifts):
            moved = 0.0
            for k in range(len(book)):
                moved += position_value(book[k], factor, shift)
            gains[i, j] = moved - today
    return gains


@puck.njit("float64(float64[:, ::1], float64)", cache=True)
def value_at_risk(gains, level):
    """The loss that is not exceeded in this part of the scenarios."""
    if not 0.0 < level < 1.0:
        raise ValueError("a level must be between 0 and 1")
    check_count(gains.size, 1)
    losses = np.sort(-gains.ravel())
    return losses[min(int(level * len(losses)), len(losses) - 1)]


@puck.njit(cache=True)
def volatility_surface(kind, spot, strikes, expiries, rate, dividend, prices):
    """Implied volatilities for a table of prices, a row for each expiry."""
    if prices.shape != (len(expiries), len(strikes)):
        raise ValueError("prices must have a row for each expiry and a column for each strike")
    surface = np.empty(prices.shape)
    for i, expiry in enumerate(expiries):
        for j, strike in enumerate(strikes):
            surface[i, j] = implied_volatility(
                kind, prices[i, j], spot, strike, expiry, rate, dividend
            )
    return surface
