#!/usr/bin/env python3
"""Prices beside those of the literature. Fails if one differs in a digit that is printed there.

main.py [--paths N]
"""

import argparse
import math
import sys
import time

import numpy as np

from pricer import CALL, PUT
from pricer.american import american
from pricer.asian import arithmetic_asian, discrete_asian, geometric_asian
from pricer.barrier import DOWN, IN, OUT, UP, barrier_option
from pricer.black_scholes import greeks, price
from pricer.grid import grid_price
from pricer.heston import Heston, heston_price
from pricer.implied import implied_volatility
from pricer.monte_carlo import simulate_asian, simulate_european
from pricer.portfolio import POSITION, scenarios, total_greeks, value_at_risk
from pricer.tree import binomial, trinomial

HULL = "Hull, Options, Futures, and Other Derivatives, 9th ed."
HAUG = "Haug, Option Pricing Formulas, 2nd ed."


def european() -> list[tuple[str, float, str]]:
    """Black and Scholes's formula and its derivatives."""
    one = greeks(CALL, 49.0, 50.0, 0.3846, 0.05, 0.0, 0.20)
    return [
        ("call", price(CALL, 42.0, 40.0, 0.5, 0.10, 0.0, 0.20), "4.76"),
        ("put", price(PUT, 42.0, 40.0, 0.5, 0.10, 0.0, 0.20), "0.81"),
        ("delta", one.delta, "0.522"),
        ("gamma", one.gamma, "0.066"),
        ("vega", one.vega, "12.1"),
        ("theta", one.theta, "-4.31"),
        ("rho", one.rho, "8.91"),
        (
            "implied volatility",
            implied_volatility(CALL, 1.875, 21.0, 20.0, 0.25, 0.10, 0.0),
            "0.235",
        ),
    ]


def merton() -> list[tuple[str, float, str]]:
    """A stock with a dividend yield, and an average."""
    return [
        ("put, dividend yield 5 %", price(PUT, 100.0, 95.0, 0.5, 0.10, 0.05, 0.20), "2.4648"),
        (
            "geometric Asian put",
            geometric_asian(PUT, 80.0, 85.0, 0.25, 0.05, -0.03, 0.20),
            "4.6922",
        ),
    ]


def quadratic() -> list[tuple[str, float, str]]:
    """Barone-Adesi and Whaley's approximation for options on futures.

    Haug's iteration for the critical price stops early: digits that this changes are left out.
    """
    cases = [
        (CALL, 90.0, 0.1, 0.15, "0.0206"),
        (CALL, 100.0, 0.1, 0.25, "3.128"),
        (CALL, 110.0, 0.5, 0.35, "15.57"),
        (PUT, 90.0, 0.1, 0.15, "10.0000"),
        (PUT, 100.0, 0.1, 0.25, "3.1277"),
        (PUT, 110.0, 0.5, 0.35, "5.882"),
    ]
    return [
        (
            f"American {'call' if kind == CALL else 'put'}, F={spot:.0f}, T={years}, vol {sigma}",
            american(kind, spot, 100.0, years, 0.10, 0.10, sigma),
            expected,
        )
        for kind, spot, years, sigma, expected in cases
    ]


def barriers() -> list[tuple[str, float, str]]:
    """Single barriers with a rebate of 3."""
    cases = [
        ("down and out call", CALL, DOWN, OUT, 95.0, 90.0, "9.0246"),
        ("down and out call", CALL, DOWN, OUT, 95.0, 110.0, "4.8759"),
        ("up and out call", CALL, UP, OUT, 105.0, 100.0, "2.3580"),
        ("down and in call", CALL, DOWN, IN, 95.0, 90.0, "7.7627"),
        ("up and in call", CALL, UP, IN, 105.0, 110.0, "4.5910"),
        ("down and out put", PUT, DOWN, OUT, 95.0, 100.0, "2.2947"),
        ("up and out put", PUT, UP, OUT, 105.0, 110.0, "7.5187"),
        ("down and in put", PUT, DOWN, IN, 95.0, 90.0, "2.9586"),
        ("up and in put", PUT, UP, IN, 105.0, 100.0, "3.3721"),
    ]
    return [
        (
            f"{what}, strike {strike:.0f}, barrier {level:.0f}",
            barrier_option(
                kind, direction, style, 100.0, strike, level, 3.0, 0.5, 0.08, 0.04, 0.25
            ),
            expected,
        )
        for what, kind, direction, style, level, strike, expected in cases
    ]


def numerical() -> list[tuple[str, float, str]]:
    """An American put of five months on trees, and an average."""
    put = (PUT, 50.0, 50.0, 5.0 / 12.0, 0.10, 0.0, 0.40)
    call = (CALL, 50.0, 50.0, 1.0, 0.10, 0.0, 0.40)
    return [
        ("American put, 30 steps", binomial(*put, 30), "4.263"),
        ("American put, 100 steps", binomial(*put, 100), "4.278"),
        ("American put, 500 steps", binomial(*put, 500), "4.283"),
        ("American put, trinomial tree", trinomial(*put, 1000), "4.28"),
        ("American put, Crank-Nicolson", grid_price(*put), "4.28"),
        ("average price call", arithmetic_asian(*call), "5.62"),
        ("the same, average of 12 prices", discrete_asian(*call, 12), "6.00"),
        ("the same, average of 52 prices", discrete_asian(*call, 52), "5.70"),
        ("the same, average of 250 prices", discrete_asian(*call, 250), "5.63"),
    ]


def stochastic_volatility() -> list[tuple[str, float, str]]:
    """Heston's model, with a strong correlation and a volatility of variance of 1."""
    model = Heston(0.04, 0.25, 4.0, 1.0, -0.5)
    cases = [
        (CALL, 80.0, "26.774758743999"),
        (CALL, 100.0, "16.070154917029"),
        (CALL, 120.0, "9.024913483458"),
        (PUT, 80.0, "7.958878113257"),
        (PUT, 100.0, "17.055270961270"),
    ]
    return [
        (
            f"{'call' if kind == CALL else 'put'}, strike {strike:.0f}",
            heston_price(kind, 100.0, strike, 1.0, 0.01, 0.02, model),
            expected,
        )
        for kind, strike, expected in cases
    ]


def digits_agree(computed: float, expected: str) -> bool:
    """Whether a number is the one that is printed, rounded to as many decimals."""
    decimals = len(expected.partition(".")[2])
    return abs(computed - float(expected)) <= 0.5000001 * 10.0**-decimals


def print_references() -> int:
    """Prints all tables; how many values differ."""
    tables = [
        ("Black-Scholes", HULL, european()),
        ("Dividend yield, geometric average", HAUG, merton()),
        ("Barone-Adesi and Whaley", HAUG, quadratic()),
        ("Barriers", HAUG, barriers()),
        ("Trees, grid, average", HULL, numerical()),
        (
            "Heston",
            "Lewis, high-precision values (also in QuantLib's tests)",
            stochastic_volatility(),
        ),
    ]
    wrong = 0
    for title, source, rows in tables:
        print(f"\n{title} ({source})")
        for what, computed, expected in rows:
            agrees = digits_agree(computed, expected)
            wrong += not agrees
            print(f"  {what:42} {computed:18.12f} {expected:>16}  {'' if agrees else 'DIFFERS'}")
    return wrong


def print_simulations(paths: int) -> int:
    """Prints simulated prices beside formulas; how many are more than 4 standard errors away."""
    arguments = (CALL, 50.0, 50.0, 1.0, 0.10, 0.0, 0.40)
    european = simulate_european(*arguments, paths)
    asian = simulate_asian(*arguments, 52, paths // 10)
    cases = [
        ("European call", european, price(*arguments), 0.0),
        # Two moments make a price that is too high by a little.
        ("average of 52 prices, call", asian, discrete_asian(*arguments, 52), 0.05),
    ]
    print(f"\nSimulation ({paths} antithetic pairs; a tenth of it for averages)")
    wrong = 0
    for what, (computed, error), expected, bias in cases:
        agrees = abs(computed - expected) <= 4.0 * error + bias
        wrong += not agrees
        print(f"  {what:42} {computed:12.6f} ± {error:.6f} {expected:12.6f}", end="")
        print("" if agrees else "  DIFFERS")
    return wrong


def random_book(size: int) -> np.ndarray:
    """Positions around a spot price of 100, the same every time."""
    random = np.random.default_rng(2026)
    book = np.zeros(size, dtype=POSITION)
    book["kind"] = random.choice([CALL, PUT], size)
    book["quantity"] = random.integers(-50, 51, size)
    book["spot"] = 100.0
    book["strike"] = random.uniform(70.0, 130.0, size)
    book["expiry"] = random.uniform(0.1, 2.0, size)
    book["rate"] = 0.03
    book["dividend"] = 0.01
    book["volatility"] = random.uniform(0.15, 0.45, size)
    return book


def print_portfolio() -> int:
    """Prints the risk of a book; 1 if delta and gamma do not explain a small move."""
    book = random_book(1000)
    total = total_greeks(book)
    gains = scenarios(book, np.linspace(0.8, 1.2, 41), np.linspace(-0.1, 0.1, 9))
    small = scenarios(book, np.array([1.0001]), np.array([0.0]))[0, 0]
    expected = total[1] * 0.01 + 0.5 * total[6] * 0.01**2
    agrees = math.isclose(small, expected, rel_tol=1e-4)
    print("\nA book of 1000 options")
    print(
        f"  value {total[0]:.2f}, delta {total[1]:.2f}, gamma {total[6]:.3f}, vega {total[2]:.2f}"
    )
    print(f"  95 % of {gains.size} scenarios lose less than {value_at_risk(gains, 0.95):.2f}")
    print(f"  spot 1 bp up: {small:.6f}, by delta and gamma {expected:.6f}")
    return int(not agrees)


def main() -> int:
    """Prints everything; the exit code."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--paths", type=int, default=200_000)
    paths = arguments.parse_args().paths
    start = time.perf_counter()
    wrong = print_references() + print_simulations(paths) + print_portfolio()
    print(f"\nall in {time.perf_counter() - start:.2f} s")
    if wrong:
        print(f"{wrong} values differ from the literature")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
