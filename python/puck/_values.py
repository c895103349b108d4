"""Values that only NumPy knows: dates, records, arrays over memory that a function returned.

Called by the extension, which needs NumPy for nothing else.
"""

from __future__ import annotations

import collections
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

from puck.numba import _portable

# Units that are shorter in portable types' names than NumPy's own.
_TIME = {False: ("datetime64", np.datetime64), True: ("timedelta64", np.timedelta64)}


@lru_cache(maxsize=256)
def dtype_of(text: str) -> np.dtype[Any]:
    """The type of items that is called that: by NumPy's name, or as a portable record."""
    if text.startswith("record{"):
        return _dtype(_portable.parse_type(text))
    return np.dtype(text)


def _dtype(ty: _portable.Type) -> np.dtype[Any]:
    match ty:
        case _portable.Scalar(name):
            kinds = {"b": "bool", "i": "i", "u": "u", "f": "f", "c": "c"}
            if name == "bool":
                return np.dtype(bool)
            return np.dtype(f"{kinds[name[0]]}{int(name[1:]) // 8}")
        case _portable.Time(is_difference, unit):
            return np.dtype(_unit_name(is_difference, unit))
        case _portable.Nested(item, shape):
            return np.dtype((_dtype(item), shape))
        case _portable.Record(fields, size, _):
            return np.dtype(
                {
                    "names": [name for name, _, _ in fields],
                    "formats": [_dtype(item) for _, item, _ in fields],
                    "offsets": [offset for _, _, offset in fields],
                    "itemsize": size,
                }
            )
    raise TypeError(f"no array has items of `{ty}`")


def has_dtype(value: Any, text: str) -> bool:
    """Whether an array or a record has that type."""
    return getattr(value, "dtype", None) == dtype_of(text)


def _unit_name(is_difference: bool, unit: str) -> str:
    name, _ = _TIME[is_difference]
    return f"{name}[{unit}]" if unit else name


def time_number(value: Any, is_difference: bool, unit: str) -> int:
    """The number that a date or a difference is, in that unit."""
    expected = _unit_name(is_difference, unit)
    _, kind = _TIME[is_difference]
    if not isinstance(value, kind):
        raise TypeError(f"expected a {expected}, found a value of type {type(value).__name__}")
    if value.dtype != np.dtype(expected) and not np.can_cast(value.dtype, expected, "safe"):
        raise TypeError(f"expected a {expected}, found a {value.dtype}")
    return int(value.astype(expected).view(np.int64))


def make_time(number: int, is_difference: bool, unit: str) -> Any:
    """The date or difference that is that number in that unit."""
    return np.int64(number).view(_unit_name(is_difference, unit))


def make_record(data: bytes, dtype: str) -> Any:
    """A record with a copy of these bytes."""
    return np.frombuffer(bytearray(data), dtype_of(dtype))[0]


def make_named(items: tuple[Any, ...], name: str, fields: list[str]) -> Any:
    """A named tuple: of the class of that name, or of one like it if that cannot be imported."""
    return _named_class(name, tuple(fields))._make(items)


@lru_cache(maxsize=256)
def _named_class(name: str, fields: tuple[str, ...]) -> Any:
    module, _, short = name.rpartition(".")
    try:
        found = getattr(import_module(module), short)
        if found._fields == fields:
            return found
    except (ImportError, AttributeError, ValueError):
        pass
    return collections.namedtuple(short, fields, module=module or None)


def make_array(
    owner: Any, dtype: str, shape: list[int], strides: list[int], offset: int, writable: bool
) -> np.ndarray[Any, Any]:
    """An array over the memory of `owner`, which lives as long as the array and its views do."""
    array = np.ndarray(tuple(shape), dtype_of(dtype), owner, offset, tuple(strides))
    if not writable:
        array.flags.writeable = False
    return array
