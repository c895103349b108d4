"""Values as text that says every bit of them, so that results of two processes can be compared."""

import struct
from typing import Any

import numpy as np


def bits(value: Any) -> Any:
    """A value as plain tuples, strings and bytes: equal only if every bit, type and layout is.

    A Python number and NumPy's of the same kind are one: a package without Numba may return either.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        strides = value.strides if value.size else ()
        # What is between the fields of a record is not a part of it.
        fields = [value[name].tobytes() for name in value.dtype.names or ()]
        content = tuple(fields) if fields else value.tobytes()
        return ("array", value.dtype.descr, value.shape, strides, content)
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return (value.dtype.str, int(value.astype(np.int64)))
    if isinstance(value, np.void):
        return ("record", tuple(bits(value[name]) for name in value.dtype.names))
    if isinstance(value, (bool, np.bool_)):
        return ("bool", bool(value))
    if isinstance(value, (int, np.integer)):
        return ("int", int(value))
    if isinstance(value, (complex, np.complexfloating)):
        return ("complex", struct.pack("<dd", value.real, value.imag))
    if isinstance(value, (float, np.floating)):
        return ("float", struct.pack("<d", value))
    if isinstance(value, (tuple, list)):
        return (type(value).__name__, tuple(bits(one) for one in value))
    raise TypeError(f"the survey does not know how to compare {type(value)}")


def outcome(function: Any, arguments: tuple[Any, ...]) -> Any:
    """What a call returns or raises, and what its arguments are afterwards."""
    try:
        result = ("returns", bits(function(*arguments)))
    except Exception as error:
        result = ("raises", type(error).__qualname__, repr(error.args))
    return result, bits(arguments)
