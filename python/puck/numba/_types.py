"""Portable types from Numba's and back, and signatures as people write them."""

from __future__ import annotations

import importlib
from collections import namedtuple
from functools import cache
from typing import Any

from numba.core import types, typing

from puck.numba import _portable as portable
from puck.numba._portable import PortableError, PortableSignature, parse_signature

_SCALARS = {
    types.boolean: "bool",
    **{getattr(types, f"int{bits}"): f"i{bits}" for bits in (8, 16, 32, 64)},
    **{getattr(types, f"uint{bits}"): f"u{bits}" for bits in (8, 16, 32, 64)},
    types.float32: "f32",
    types.float64: "f64",
    types.complex64: "c64",
    types.complex128: "c128",
}
_BY_NAME = {name: ty for ty, name in _SCALARS.items()} | {"void": types.none}


class UnsupportedType(TypeError):
    """A type that no exported function can take or return.

    `what` is the type as people know it, `hint` says what to use in its place.
    """

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(f"{what} cannot cross the border of a package")
        self.what, self.hint = what, hint


def portable_type(ty: types.Type) -> portable.Type:
    """The portable type that is Numba's `ty`.

    Raises `UnsupportedType` where there is none.
    """
    ty = types.unliteral(ty)
    name = _SCALARS.get(ty)
    if name is not None:
        return portable.Scalar(name)
    if type(ty) is types.Array:
        item = portable_type(ty.dtype)
        if isinstance(item, portable.Scalar | portable.Time | portable.Record):
            return portable.Array(item, ty.ndim, ty.layout, ty.mutable, ty.aligned)
        raise UnsupportedType(f"`{ty}`", "use an array of numbers or of records")
    if isinstance(ty, types.BaseTuple):
        items = tuple(_item(item) for item in ty)
        if isinstance(ty, types.BaseNamedTuple):
            cls = ty.instance_class
            if "<locals>" in cls.__qualname__:
                raise UnsupportedType(
                    f"the named tuple `{cls.__name__}`, whose class is within a function",
                    "define the class at the top of a module, where others can import it",
                )
            return portable.Tuple(items, tuple(ty.fields), f"{cls.__module__}.{cls.__qualname__}")
        return portable.Tuple(items)
    if isinstance(ty, types.Optional):
        return portable.Optional(_item(ty.type))
    if isinstance(ty, types.NPDatetime | types.NPTimedelta):
        return portable.Time(isinstance(ty, types.NPTimedelta), ty.unit)
    if isinstance(ty, types.Record):
        return _record(ty)
    if isinstance(ty, types.NestedArray):
        return portable.Nested(_item(ty.dtype), tuple(ty.shape))
    if isinstance(ty, types.ListType | types.DictType):
        for item in (ty.dtype,) if isinstance(ty, types.ListType) else (ty.key_type, ty.value_type):
            portable_type(item)
        return portable.Foreign(str(ty).replace(" ", "").replace("<", "(").replace(">", ")"))
    raise UnsupportedType(_shown(ty), _instead(ty))


def _shown(ty: types.Type) -> str:
    """A type by the name that people know it by; Numba's own has addresses in it for some."""
    if isinstance(ty, types.UnicodeType):
        return "text (`str`)"
    if isinstance(ty, types.ClassInstanceType):
        return f"the jitclass `{ty.classname}`"
    if isinstance(ty, types.Generator):
        return "a generator"
    if isinstance(ty, types.List | types.Set):
        kind = "list" if isinstance(ty, types.List) else "set"
        return f"a Python {kind} (`{'reflected ' * ty.reflected}{kind}({ty.dtype})`)"
    if isinstance(ty, types.Dispatcher | types.FunctionType | types.Function):
        return "a function"
    return f"`{ty}`"


def _item(ty: types.Type) -> portable.Type:
    """As `portable_type`, for what is part of another value."""
    if isinstance(ty, types.NoneType):
        raise UnsupportedType("`None` within another value", "leave it out, or use Optional(T)")
    return portable_type(ty)


def _record(ty: types.Record) -> portable.Record:
    fields = []
    for name, field in ty.fields.items():
        if not name.isidentifier() or not name.isascii():
            raise UnsupportedType(f"a record with the field `{name}`", "rename the field")
        fields.append((name, _item(field.type), field.offset))
    return portable.Record(tuple(fields), ty.size, ty.aligned)


def _instead(ty: types.Type) -> str:
    """What to use in the place of a type that cannot be exported."""
    if isinstance(ty, types.UnicodeType | types.Bytes | types.CharSeq | types.UnicodeCharSeq):
        return "pass text as an array of its bytes (`uint8[::1]`), or a number that stands for it"
    if isinstance(ty, types.List | types.Set):
        return "take an array, or `numba.typed.List`; export a function that calls this one"
    if isinstance(ty, types.ClassInstanceType | types.ClassType):
        return "take the fields that are needed, or a record, and use the jitclass inside only"
    if isinstance(ty, types.Generator):
        return "return an array of what is yielded, and use the generator inside only"
    if isinstance(ty, types.Dispatcher | types.FunctionType | types.Function):
        return "export a function that has the other one as a global name"
    if isinstance(ty, types.PyObject):
        return "compile the function in nopython mode"
    if isinstance(ty, types.Buffer | types.RawPointer | types.CPointer):
        return "take an array"
    if isinstance(ty, types.NoneType):
        return "leave the parameter out, or use Optional(T)"
    return "use numbers, arrays, tuples, records or optional values of them"


def numba_type(ty: portable.Type) -> types.Type:
    """The type of Numba's that is the portable `ty`.

    Raises `PortableError` for one that only the Numba that wrote it understands.
    """
    match ty:
        case portable.Scalar(name):
            return _BY_NAME[name]
        case portable.Array(item, dimensions, layout, writable, aligned):
            return types.Array(
                numba_type(item), dimensions, layout, readonly=not writable, aligned=aligned
            )
        case portable.Tuple(items, None):
            return types.Tuple(tuple(map(numba_type, items)))
        case portable.Tuple(items, fields, class_name):
            cls = _named_tuple_class(class_name, fields)
            return types.BaseTuple.from_types(tuple(map(numba_type, items)), cls)
        case portable.Optional(item):
            return types.Optional(numba_type(item))
        case portable.Time(is_difference, unit):
            return (types.NPTimedelta if is_difference else types.NPDatetime)(unit)
        case portable.Nested(item, shape):
            return types.NestedArray(numba_type(item), shape)
        case portable.Record(fields, size, aligned):
            # What `Record` says of a field is more than name, type and offset: NumPy knows the
            # rest.
            described = [
                (name, {"type": numba_type(item), "offset": offset, "alignment": None})
                for name, item, offset in fields
            ]
            for _, field in described:
                field["title"] = None
            return types.Record(described, size, aligned)
        case _:
            raise PortableError(f"`{ty}` is understood by the Numba that wrote it only")


@cache
def _named_tuple_class(class_name: str, fields: tuple[str, ...]) -> Any:
    """The class of that name where it can be imported, one of the same shape elsewhere."""
    module, _, name = class_name.rpartition(".")
    try:
        cls = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        cls = None
    if getattr(cls, "_fields", None) == fields:
        return cls
    return namedtuple(name, fields)


def portable_signature(signature: typing.templates.Signature) -> PortableSignature:
    """The portable signature of a compiled function.

    Raises `UnsupportedType` for what cannot be exported.
    """
    if isinstance(signature.return_type, types.NoneType):
        result: portable.Type = portable.Scalar("void")
    else:
        result = portable_type(signature.return_type)
    return PortableSignature(tuple(portable_type(arg) for arg in signature.args), result)


def numba_signature(text: str) -> typing.templates.Signature:
    """The signature of Numba's that is written `text`.

    Raises `PortableError` where it is no signature, or one of another Numba's only.
    """
    signature = parse_signature(text)
    return typing.signature(numba_type(signature.result), *map(numba_type, signature.parameters))


def declared_type(ty: types.Type) -> str:
    """Numba's `ty` as people write it in a signature."""
    ty = types.unliteral(ty)
    if isinstance(ty, types.NoneType):
        return "None"
    if isinstance(ty, types.Boolean):
        return "bool"
    if type(ty) is types.Array:
        item = declared_type(ty.dtype)
        if ty.mutable and ty.aligned:
            dimensions = [":"] * ty.ndim
            if ty.layout == "C" and ty.ndim:
                dimensions[-1] = "::1"
            elif ty.layout == "F" and ty.ndim:
                dimensions[0] = "::1"
            # One dimension that is contiguous is both; Numba calls it C.
            if ty.ndim and not (ty.layout == "F" and ty.ndim == 1):
                return f"{item}[{', '.join(dimensions)}]"
        flags = f"{', readonly=True' * (not ty.mutable)}{', aligned=False' * (not ty.aligned)}"
        return f"Array({item}, {ty.ndim}, '{ty.layout}'{flags})"
    if isinstance(ty, types.BaseNamedTuple):
        return ty.instance_class.__name__
    if isinstance(ty, types.BaseTuple):
        return f"tuple[{', '.join(map(declared_type, ty)) or '()'}]"
    if isinstance(ty, types.Optional):
        return f"{declared_type(ty.type)} | None"
    if isinstance(ty, types.NPDatetime | types.NPTimedelta):
        name = "timedelta64" if isinstance(ty, types.NPTimedelta) else "datetime64"
        return f"{name}[{ty.unit}]"
    if isinstance(ty, types.Record):
        fields = (f"{name}: {declared_type(field.type)}" for name, field in ty.fields.items())
        return f"Record({', '.join(fields)})"
    if isinstance(ty, types.NestedArray):
        return f"{declared_type(ty.dtype)}{list(ty.shape)}"
    if isinstance(ty, types.ListType):
        return f"List[{declared_type(ty.dtype)}]"
    if isinstance(ty, types.DictType):
        return f"Dict[{declared_type(ty.key_type)}, {declared_type(ty.value_type)}]"
    return str(ty)
