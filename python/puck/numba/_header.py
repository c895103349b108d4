"""C structures of portable types: the text of `share/numba.h`, and the names that C views use.

A structure is laid out as Numba lays out its value in memory. Each has a guard of its own, for the
headers of several packages may define the same one.
"""

from __future__ import annotations

from collections.abc import Iterable

from puck.numba import _portable as portable

_C_SCALARS = {
    "bool": "uint8_t",
    **{f"i{bits}": f"int{bits}_t" for bits in (8, 16, 32, 64)},
    **{f"u{bits}": f"uint{bits}_t" for bits in (8, 16, 32, 64)},
    "f32": "float",
    "f64": "double",
}
_COMPLEX = {"c64": ("Complex64", "float"), "c128": ("Complex128", "double")}
# Names that are put together from others stay readable up to here.
_LONGEST_NAME = 40

_START = """\
/* The structures that functions compiled by Numba take and return through pointers.

   An array that a function returns owns one reference to `owner`: unless that is null, release it
   with `NRT_MemInfo_release` of numba-runtime. Strides are in bytes. An array that is passed needs
   neither `owner` nor `parent`; `nitems` and `itemsize` describe all of it.

   A function returns 0, or -2 where the result is `None`; anything else is an exception, and
   `*exception` says which: share/numba.json lists them by the SHA-1 that it points to. */
#pragma once
#include <stdint.h>
"""


class NoStructure(ValueError):
    """A type that C cannot have, such as a tuple of nothing."""


def struct_name(ty: portable.Type) -> str:
    """The name of the structure that is `ty`; for what is part of such a name, that part."""
    match ty:
        case portable.Scalar(name):
            return _COMPLEX[name][0] if name in _COMPLEX else name.capitalize()
        case portable.Time(is_difference, _):
            return "Td64" if is_difference else "Dt64"
        case portable.Array(item, dimensions, _, _, _):
            return f"Array{struct_name(item)}x{dimensions}"
        case portable.Optional(item):
            return _short(f"Optional{struct_name(item)}", ty)
        case portable.Tuple(items, None):
            if any(map(_has_open_end, items)):
                # Where the inner tuple ends, a name put together would not say.
                return f"Tuple_{portable.fingerprint(str(ty))}"
            return _short("Tuple" + "".join(map(struct_name, items)), ty)
        case portable.Tuple(_, _, class_name):
            name = str(class_name).rpartition(".")[2]
            word = "".join(c for c in name if c.isascii() and (c.isalnum() or c == "_"))
            return f"{word or 'Tuple'}_{portable.fingerprint(str(ty))}"
        case portable.Record():
            return f"Record_{portable.fingerprint(str(ty))}"
        case _:
            raise NoStructure(str(ty))


def _has_open_end(ty: portable.Type) -> bool:
    """Whether the name of `ty` is that of a list of types."""
    match ty:
        case portable.Optional(item):
            return _has_open_end(item)
        case portable.Tuple(_, fields, _):
            return fields is None
        case _:
            return False


def _short(name: str, ty: portable.Type) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{type(ty).__name__}_{portable.fingerprint(str(ty))}"


def is_passed_by_pointer(ty: portable.Type) -> bool:
    """Whether a C view takes a pointer to a structure."""
    if isinstance(ty, portable.Scalar):
        return ty.name in _COMPLEX
    return not isinstance(ty, portable.Time)


def c_parameter_type(ty: portable.Type) -> str:
    """The type of a parameter of a C view, in Puck's grammar of signatures."""
    if isinstance(ty, portable.Record):
        return f"*mut {struct_name(ty)}"
    if is_passed_by_pointer(ty):
        return f"*const {struct_name(ty)}"
    return _scalar_type(ty)


def c_result_type(ty: portable.Type) -> str:
    """The type of the place for the result of a C view."""
    # The status says whether there is a value.
    if isinstance(ty, portable.Optional):
        ty = ty.item
    if ty == portable.Scalar("void"):
        return "*mut c_void"
    if isinstance(ty, portable.Record):
        raise NoStructure("a record that is returned refers to memory that nothing owns")
    return f"*mut {struct_name(ty) if is_passed_by_pointer(ty) else _scalar_type(ty)}"


def _scalar_type(ty: portable.Type) -> str:
    return "i64" if isinstance(ty, portable.Time) else str(ty)


def header(signatures: Iterable[portable.PortableSignature]) -> str:
    """The C header with all structures that the portable ones of `signatures` need."""
    structures: dict[str, str] = {}
    for signature in signatures:
        for ty in (*signature.parameters, signature.result):
            try:
                _define(ty, structures)
            except NoStructure:
                continue
    return _START + "".join(
        f"\n#ifndef PUCK_NUMBA_{name}\n#define PUCK_NUMBA_{name}\n{text}#endif\n"
        for name, text in structures.items()
    )


def _define(ty: portable.Type, structures: dict[str, str]) -> None:
    """Adds the structure of `ty` after those that it holds."""
    if not is_passed_by_pointer(ty) or ty == portable.Scalar("void"):
        return
    name = struct_name(ty)
    for part in portable.children(ty):
        # Those of a record are read at their offsets, and an optional result is its value.
        if not isinstance(ty, portable.Record):
            _define(part, structures)
    if name in structures:
        return
    members = "".join(f"  {member};\n" for member in _members(ty))
    structures[name] = (
        f"{_comment(ty)}typedef struct {name} {name};\nstruct {name} {{\n{members}}};\n"
    )


def _comment(ty: portable.Type) -> str:
    if not isinstance(ty, portable.Record):
        return ""
    fields = "".join(f"   {offset:4} {name}: {item}\n" for name, item, offset in ty.fields)
    return f"/* Fields by offset:\n{fields}*/\n"


def _members(ty: portable.Type) -> list[str]:
    match ty:
        case portable.Scalar(name):
            part = _COMPLEX[name][1]
            return [f"{part} re", f"{part} im"]
        case portable.Array(item, dimensions, _, _, _):
            words = ["void *owner", "void *parent", "int64_t nitems", "int64_t itemsize"]
            words.append(f"{_member_type(item)} *data")
            if dimensions:
                words += [f"int64_t shape[{dimensions}]", f"int64_t strides[{dimensions}]"]
            return words
        case portable.Tuple(items, fields, _):
            if not items:
                raise NoStructure("a tuple of nothing")
            names = fields or [f"f{index}" for index in range(len(items))]
            # A field may be called as a word of C's is.
            return [
                f"{_member_type(item)} {name if fields is None else f'{name}_'}"
                for name, item in zip(names, items, strict=True)
            ]
        case portable.Optional(item):
            return [f"{_member_type(item)} value", "uint8_t valid"]
        case portable.Record(_, size, _):
            return [f"uint8_t bytes[{max(size, 1)}]"]
        case _:
            raise NoStructure(str(ty))


def _member_type(ty: portable.Type) -> str:
    match ty:
        case portable.Scalar(name) if name in _C_SCALARS:
            return _C_SCALARS[name]
        case portable.Time():
            return "int64_t"
        case _:
            return struct_name(ty)
