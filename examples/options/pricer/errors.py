"""What a price cannot be computed from."""

import puck

from .kinds import CALL, PUT


class NoSolutionError(ValueError):
    """No volatility explains a price, or an iteration does not end."""


@puck.njit("void(int64, float64, float64, float64, float64)", cache=True)
def check_option(kind, spot, strike, expiry, volatility):
    """Raises ValueError for what is no option: the first thing that every price does."""
    if kind != CALL and kind != PUT:
        raise ValueError("kind must be CALL (1) or PUT (-1)")
    if not spot > 0.0:
        raise ValueError("spot must be positive")
    if not strike > 0.0:
        raise ValueError("strike must be positive")
    if not expiry > 0.0:
        raise ValueError("expiry must be positive")
    if not volatility > 0.0:
        raise ValueError("volatility must be positive")


@puck.njit(cache=True)
def check_count(count, least):
    """Raises ValueError, which names both numbers, for a count that is too small."""
    if count < least:
        raise ValueError("a count is too small", count, least)
