"""Names for Numba's types that mean the same in every process of one store."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import types
from numba.core import sigutils
from numba.core.types.misc import unliteral

from puck.dropin import classes
from puck.dropin._key import NotPortable

_BY_NAME = (
    types.Boolean,
    types.Integer,
    types.Float,
    types.Complex,
    types.NoneType,
    types.NPDatetime,
    types.NPTimedelta,
    types.UnicodeType,
    types.Bytes,
    types.CharSeq,
    types.UnicodeCharSeq,
    types.RangeType,
    types.SliceType,
    types.Record,
    types.EllipsisType,
)


def type_key(t: types.Type) -> str:
    """The name of an argument's or a result's type.

    Raises `NotPortable` for a type of which values or code mean nothing in another process.
    """
    if isinstance(t, types.Literal):
        return f"literal<{type_key(unliteral(t))},{t.literal_value!r}>"
    if isinstance(t, _BY_NAME):
        return t.name
    if type(t) is types.Array:
        access = "rw" if t.mutable else "ro"
        aligned = "al" if t.aligned else "ua"
        return f"array<{type_key(t.dtype)},{t.ndim},{t.layout},{access},{aligned}>"
    if isinstance(t, types.BaseNamedTuple):
        fields = ",".join(t.instance_class._fields)
        return f"{_class_key(t.instance_class)}<{fields}>{_several(t.types)}"
    if isinstance(t, types.BaseAnonymousTuple):
        return _several(t.types)
    if isinstance(t, types.Optional):
        return f"opt<{type_key(t.type)}>"
    if isinstance(t, types.Omitted):
        return f"omitted<{_value(t.value)}>"
    if type(t) is types.ListType:
        return f"list<{type_key(t.dtype)}>"
    if type(t) is types.DictType:
        return f"dict<{type_key(t.key_type)},{type_key(t.value_type)}>"
    if isinstance(t, types.Dispatcher):
        return _function(t)
    if isinstance(t, types.EnumMember | types.IntEnumMember):
        return _class_key(t.instance_class)
    raise NotPortable(f"of type {t}")


def _class_key(kind: type) -> str:
    """The name of a class; the server's stand-in has that of the class that it stands for."""
    if kind.__module__ != classes.__name__:
        return f"{kind.__module__}.{kind.__qualname__}"
    return kind.__qualname__.replace(":", ".").replace("/", ".")


def request_of(arguments: tuple[types.Type, ...], result: types.Type | None) -> str:
    """How the index names argument types, and the result's where the user gave it."""
    request = _several(arguments)
    return request if result is None else f"{request}->{type_key(result)}"


def request_in(signature: Any) -> tuple[str, tuple[types.Type, ...], types.Type | None]:
    """The request that a signature of the user's means, with its types."""
    if isinstance(signature, str):
        return _request_in(signature)
    arguments, result = sigutils.normalize_signature(signature)
    return request_of(tuple(arguments), result), tuple(arguments), result


@cache
def _request_in(signature: str) -> tuple[str, tuple[types.Type, ...], types.Type | None]:
    return request_in(sigutils._parse_signature_string(signature))


def _several(several: tuple[types.Type, ...]) -> str:
    return f"({','.join(map(type_key, several))})"


def _value(value: object) -> str:
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return repr(value)
    if isinstance(value, tuple):
        return f"({','.join(map(_value, value))})"
    raise NotPortable(f"a default value of type {type(value).__name__}")


def _function(t: types.Dispatcher) -> str:
    function = t.dispatcher
    identity_of = getattr(type(function), "identity_of", None)  # as `_pickle.Pickler` asks
    if identity_of is None:
        raise NotPortable(f"a function, `{function.__name__}`, that Puck does not know")
    return f"function<{identity_of(function)}>"
