"""The pricer against itself: derivatives by differences, parities, and methods that must agree."""

import inspect
import math

import numpy as np
import pytest

import main
from pricer import CALL, PUT, NoSolutionError
from pricer.american import american
from pricer.asian import arithmetic_asian, geometric_asian
from pricer.barrier import DOWN, IN, OUT, UP, barrier_option
from pricer.black_scholes import Greeks, greeks, price
from pricer.grid import grid_price
from pricer.heston import Heston, heston_price
from pricer.implied import implied_volatility
from pricer.monte_carlo import geometric_average, simulate_asian, simulate_european
from pricer.normal import distribution, quantile
from pricer.philox import philox
from pricer.portfolio import (
    position_greeks,
    scenarios,
    total_greeks,
    value_at_risk,
    values,
    volatility_surface,
)
from pricer.quadrature import gauss_legendre
from pricer.tree import binomial, trinomial

MARKET = {"spot": 105.0, "strike": 98.0, "expiry": 0.7, "rate": 0.06, "dividend": 0.02}
BOTH = pytest.mark.parametrize("kind", [CALL, PUT])


def test_the_literature_agrees():
    for table in (
        main.european,
        main.merton,
        main.quadratic,
        main.barriers,
        main.numerical,
        main.stochastic_volatility,
    ):
        for what, computed, expected in table():
            assert main.digits_agree(computed, expected), (what, computed, expected)


def test_a_project_of_many_functions():
    """This example is to be large enough to be worth its name."""
    import pricer.black_scholes

    names = [
        name for name, one in inspect.getmembers(pricer.black_scholes) if hasattr(one, "py_func")
    ]
    assert {"price", "charm", "greeks"} <= set(names)


@pytest.mark.parametrize("probability", [1e-300, 1e-12, 0.01, 0.07, 0.3, 0.5, 0.9, 1.0 - 1e-9])
def test_quantiles_are_the_inverse(probability):
    assert distribution(quantile(probability)) == pytest.approx(probability, rel=1e-13)


def difference(kind: int, name: str, step: float) -> float:
    """A central difference of the price by one argument."""
    sides = []
    for side in (step, -step):
        moved = dict(MARKET, volatility=0.25)
        moved[name] += side
        sides.append(greeks(kind, *moved.values()))
    return (np.array(sides[0]) - np.array(sides[1])) / (2.0 * step)


@BOTH
def test_greeks_are_derivatives(kind):
    exact = greeks(kind, *MARKET.values(), 0.25)
    place = {name: i for i, name in enumerate(Greeks._fields)}
    by_spot = difference(kind, "spot", 1e-3)
    by_volatility = difference(kind, "volatility", 1e-5)
    # Time passes as the time to expiry shrinks.
    by_time = -difference(kind, "expiry", 1e-5)
    found = {
        "delta": by_spot[place["price"]],
        "gamma": by_spot[place["delta"]],
        "vega": by_volatility[place["price"]],
        "vanna": by_volatility[place["delta"]],
        "volga": by_volatility[place["vega"]],
        "theta": by_time[place["price"]],
        "charm": by_time[place["delta"]],
        "veta": by_time[place["vega"]],
        "rho": difference(kind, "rate", 1e-6)[place["price"]],
        "dividend_rho": difference(kind, "dividend", 1e-6)[place["price"]],
    }
    assert len(found) + 1 == len(Greeks._fields)
    for name, value in found.items():
        assert value == pytest.approx(getattr(exact, name), rel=1e-6, abs=1e-8), name


@BOTH
@pytest.mark.parametrize("volatility", [0.01, 0.2, 0.9, 3.0])
def test_implied_volatility_is_the_inverse(kind, volatility):
    arguments = (100.0, 101.0, 0.4, 0.02, 0.01)
    target = price(kind, *arguments, volatility)
    assert implied_volatility(kind, target, *arguments) == pytest.approx(volatility, rel=1e-9)


def test_prices_that_allow_arbitrage_have_no_volatility():
    for target in (0.5, 120.0):
        with pytest.raises(NoSolutionError, match="arbitrage"):
            implied_volatility(PUT, target, 90.0, 100.0, 1.0, 0.0, 0.0)


@BOTH
def test_methods_for_european_options_agree(kind):
    market = tuple(MARKET.values())
    exact = price(kind, *market, 0.25)
    assert binomial(kind, *market, 0.25, 2000, False) == pytest.approx(exact, rel=1e-3)
    assert trinomial(kind, *market, 0.25, 2000, False) == pytest.approx(exact, rel=1e-3)
    assert grid_price(kind, *market, 0.25, 801, 400, False) == pytest.approx(exact, rel=1e-4)
    simulated, error = simulate_european(kind, *market, 0.25, 100_000)
    assert abs(simulated - exact) < 4.0 * error
    # Almost no volatility of variance: Black and Scholes's model.
    model = Heston(0.0625, 0.0625, 1.0, 1e-4, 0.0)
    assert heston_price(kind, *market, model) == pytest.approx(exact, rel=1e-6)


@BOTH
def test_methods_for_american_options_agree(kind):
    market = (100.0, 100.0, 0.5, 0.06, 0.06, 0.30)
    tree = binomial(kind, *market, 2000)
    assert trinomial(kind, *market, 1000) == pytest.approx(tree, rel=1e-3)
    assert grid_price(kind, *market, 801, 400) == pytest.approx(tree, rel=1e-3)
    assert american(kind, *market) == pytest.approx(tree, rel=1e-2)
    assert tree > price(kind, *market)


def test_a_call_without_dividends_is_never_exercised():
    market = (100.0, 90.0, 1.0, 0.05, 0.0, 0.2)
    assert american(CALL, *market) == price(CALL, *market)


@BOTH
@pytest.mark.parametrize("direction", [DOWN, UP])
def test_in_and_out_make_a_whole(kind, direction):
    level = 90.0 if direction == DOWN else 115.0
    both = [
        barrier_option(kind, direction, style, 105.0, 98.0, level, 0.0, 0.7, 0.06, 0.02, 0.25)
        for style in (IN, OUT)
    ]
    assert sum(both) == pytest.approx(price(kind, *MARKET.values(), 0.25), rel=1e-12)
    assert min(both) >= 0.0


@BOTH
def test_averages(kind):
    market = tuple(MARKET.values())
    # So many dates are almost all the time.
    dense = geometric_average(kind, *market, 0.25, 100_000)
    assert dense == pytest.approx(geometric_asian(kind, *market, 0.25), rel=1e-4)
    simulated, error = simulate_asian(kind, *market, 0.25, 250, 2000)
    assert error < 0.01
    assert simulated == pytest.approx(arithmetic_asian(kind, *market, 0.25), rel=0.02)


def test_philox_gives_the_known_answers():
    """From kat_vectors of Random123."""
    cases = [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ]
    for counter, key, expected in cases:
        words = [np.uint64(word) for word in counter + key]
        assert philox(tuple(words[:4]), words[4], words[5]) == expected


def test_quadrature_is_exact_for_polynomials():
    nodes, weights = gauss_legendre(9)
    for power in range(18):
        expected = 0.0 if power % 2 else 2.0 / (power + 1)
        assert np.dot(weights, nodes**power) == pytest.approx(expected, abs=1e-14)


def test_heston_keeps_parity():
    model = Heston(0.09, 0.04, 2.0, 0.6, -0.7)
    call, put = (heston_price(kind, *MARKET.values(), model) for kind in (CALL, PUT))
    forward = 105.0 * math.exp(-0.02 * 0.7) - 98.0 * math.exp(-0.06 * 0.7)
    assert call - put == pytest.approx(forward, rel=1e-12)


def test_a_book_is_the_sum_of_its_positions():
    book = main.random_book(50)
    total = total_greeks(book)
    assert total[0] == pytest.approx(values(book).sum(), rel=1e-12)
    by_hand = sum(one["quantity"] * position_greeks(one).gamma for one in book)
    assert total[6] == pytest.approx(by_hand, rel=1e-12)
    gains = scenarios(book, np.array([0.9, 1.0]), np.array([0.0, 0.05]))
    assert gains[1, 0] == pytest.approx(0.0, abs=1e-9)
    assert value_at_risk(gains, 0.99) == -gains.min()


def test_a_surface_is_found_again():
    strikes, expiries = np.array([90.0, 100.0, 110.0]), np.array([0.25, 1.0])
    smile = 0.2 + 0.001 * (strikes - 100.0) ** 2 / 100.0 + 0.02 * expiries[:, None]
    prices = np.array(
        [
            [
                price(CALL, 100.0, strike, expiry, 0.03, 0.0, volatility)
                for strike, volatility in zip(strikes, row, strict=True)
            ]
            for expiry, row in zip(expiries, smile, strict=True)
        ]
    )
    surface = volatility_surface(CALL, 100.0, strikes, expiries, 0.03, 0.0, prices)
    assert surface == pytest.approx(smile, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: price(0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.2), "kind must be"),
        (lambda: price(CALL, -1.0, 1.0, 1.0, 0.0, 0.0, 0.2), "spot must be positive"),
        (lambda: price(CALL, 1.0, 0.0, 1.0, 0.0, 0.0, 0.2), "strike must be positive"),
        (lambda: american(PUT, 1.0, 1.0, 0.0, 0.0, 0.0, 0.2), "expiry must be positive"),
        (lambda: grid_price(PUT, 1.0, 1.0, 1.0, 0.0, 0.0, math.nan), "volatility must be positive"),
        (lambda: quantile(1.0), "between 0 and 1"),
        (
            lambda: heston_price(CALL, 1.0, 1.0, 1.0, 0.0, 0.0, Heston(0.1, 0.1, 1.0, 0.5, -1.5)),
            "correlation",
        ),
        (
            lambda: barrier_option(CALL, DOWN, OUT, 90.0, 90.0, 95.0, 0.0, 1.0, 0.0, 0.0, 0.2),
            "beyond the barrier",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_wrong_is_told_with_its_numbers():
    with pytest.raises(ValueError, match="a count is too small") as caught:
        binomial(CALL, 1.0, 1.0, 1.0, 0.0, 0.0, 0.2, 0)
    assert caught.value.args == ("a count is too small", 0, 1)
