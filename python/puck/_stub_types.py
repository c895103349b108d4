"""Types of packages' functions as Python's annotations.

NumPy's names and those of `typing` have an underscore in front: a package may have a function of
the plain name.
"""

from __future__ import annotations

import re

from puck import _c_signature
from puck.numba import _portable

_ANNOTATIONS = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex", "v": "None"}
_POINTER = re.compile(r"\*(?:const|mut) (\w+)")


def of_c(signature: str) -> tuple[list[str | None], list[str], str]:
    """Names and types of the parameters of a C signature, and its result.

    The signature is one that Puck wrote: `fn(n: u64, x: *const f64) -> f64`.
    """
    parameters, result = _c_signature.parse(signature)
    names = [name for name, _ in parameters]
    return names, [_c_parameter(ty) for _, ty in parameters], _c_result(result)


def _c_parameter(ty: str) -> str:
    if ty in _SCALARS:
        return _ANNOTATIONS[ty[0]]
    pointer = _POINTER.fullmatch(ty)
    if pointer and pointer[1] in _SCALARS:
        buffers = " | bytes" if ty == "*const u8" else ""
        return f"_NDArray[{_dtype(pointer[1])}]{buffers}"
    # An address, memory of any type, or a function.
    return "_Any"


def _c_result(ty: str) -> str:
    if not ty:
        return "None"
    return _ANNOTATIONS[ty[0]] if ty in _SCALARS else "int | None"


def of_portable(signature: str) -> tuple[list[str], str]:
    """Types of the parameters of a portable signature, and its result."""
    parsed = _portable.parse_signature(signature)
    return [_annotation(ty) for ty in parsed.parameters], _annotation(parsed.result)


def _annotation(ty: _portable.Type) -> str:
    match ty:
        case _portable.Scalar(name):
            return _ANNOTATIONS[name[0]]
        case _portable.Time(is_difference, _):
            return "_np.timedelta64" if is_difference else "_np.datetime64"
        case _portable.Array(item):
            return f"_NDArray[{_item(item)}]"
        case _portable.Optional(item):
            return f"{_annotation(item)} | None"
        case _portable.Tuple(()):
            return "tuple[()]"
        case _portable.Tuple(items):
            return f"tuple[{', '.join(map(_annotation, items))}]"
        case _portable.Record():
            return "_np.void"
    return "_Any"


def _item(ty: _portable.Type) -> str:
    match ty:
        case _portable.Scalar(name):
            return _dtype(name)
        case _portable.Time(is_difference, _):
            return "_np.timedelta64" if is_difference else "_np.datetime64"
        case _portable.Record():
            return "_np.void"
    return "_Any"


_KINDS = {"i": "int", "u": "uint", "f": "float", "c": "complex"}
_SCALARS = {name for name in _portable.SCALARS if name[0] not in "cv"}


def _dtype(name: str) -> str:
    return "_np.bool_" if name == "bool" else f"_np.{_KINDS[name[0]]}{name[1:]}"
