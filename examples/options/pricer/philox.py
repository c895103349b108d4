"""Random numbers from a counter: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, 2011).

A number depends on its place alone, so paths may be drawn in any order, and again.
"""

import numpy as np
import puck

from .normal import quantile

MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
ROUNDS = 10


@puck.njit("UniTuple(uint64, 2)(uint64, uint64)", cache=True)
def high_and_low(a, b):
    """The upper and the lower 32 bits of the product of two numbers of 32 bits."""
    product = a * b
    return product >> HALF, product & LOW


@puck.njit("UniTuple(uint64, 4)(UniTuple(uint64, 4), uint64, uint64)", cache=True)
def one_round(counter, key0, key1):
    """One round of the cipher."""
    high0, low0 = high_and_low(MULTIPLIERS[0], counter[0])
    high1, low1 = high_and_low(MULTIPLIERS[1], counter[2])
    return high1 ^ counter[1] ^ key0, low1, high0 ^ counter[3] ^ key1, low0


@puck.njit("UniTuple(uint64, 4)(UniTuple(uint64, 4), uint64, uint64)", cache=True)
def philox(counter, key0, key1):
    """Four random numbers of 32 bits, each in 64, for a counter of four and a key of two."""
    for _ in range(ROUNDS):
        counter = one_round(counter, key0, key1)
        key0 = (key0 + WEYL[0]) & LOW
        key1 = (key1 + WEYL[1]) & LOW
    return counter


@puck.njit("float64(uint64, uint64)", cache=True)
def uniform(high, low):
    """A number between 0 and 1, neither of which it is, from 52 of 64 random bits."""
    bits = (high << np.uint64(20)) ^ (low >> np.uint64(12))
    return (np.float64(bits) + 0.5) * 2.0**-52


@puck.njit("UniTuple(float64, 2)(uint64, uint64, uint64)", cache=True)
def normal_pair(seed, path, step):
    """Two independent normal numbers, the same for the same seed, path and step."""
    counter = (path & LOW, path >> HALF, step & LOW, step >> HALF)
    bits = philox(counter, seed & LOW, seed >> HALF)
    return quantile(uniform(bits[0], bits[1])), quantile(uniform(bits[2], bits[3]))
