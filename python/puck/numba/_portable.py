"""Portable types: what a function takes and returns, said without Numba.

They are written as `share/numba.json` has them, without spaces:

| Numba | portable |
|---|---|
| `boolean`, `int8` … `uint64` | `bool`, `i8` … `u64` |
| `float32`, `float64`, `complex64`, `complex128` | `f32`, `f64`, `c64`, `c128` |
| `none`, as a result | `void` |
| arrays | `array<T,dimensions,C\\|F\\|A,rw\\|ro,al\\|ua>` |
| tuples | `(T,T)`; of one `(T)`, of none `()` |
| named tuples | `module.Class(field:T,field:T)` |
| `Optional(T)` | `opt<T>` |
| `datetime64[u]`, `timedelta64[u]` | `dt64<u>`, `td64<u>` |
| records | `record{field:T@offset,…}size/al\\|ua`, where an array in it is `nested<T,n,m>` |
| what only the same Numba understands | `numba<…>` |

A signature is `(T,T)->T`. Link names are made of it, so what is written here must never change.
Nothing here imports Numba or NumPy.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any, TypeAlias, dataclass_transform

SCALARS = (
    "bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64",
    "f32", "f64", "c64", "c128", "void",
)  # fmt: skip

ABI_NUMBA = "numba-cpu-1"
ABI_CPYTHON = "cpython-1"
ABI_C = "c"

_MAX_DEPTH = 16


class PortableError(ValueError):
    """A text that is no portable type."""


@dataclass_transform(frozen_default=True)
class _Part:
    """Something that a type is made of: equal to others of the same fields, and never changed.

    As a frozen data class. Making these took most of the time of importing a package.
    """

    __match_args__: tuple[str, ...]

    def __init_subclass__(cls) -> None:
        cls.__match_args__ = tuple(cls.__annotations__)

    def __init__(self, *values: Any, **named: Any) -> None:
        given = dict(zip(self.__match_args__, values, strict=False), **named)
        for name in self.__match_args__:
            # Without a value, the one of the class.
            vars(self)[name] = given.pop(name) if name in given else getattr(type(self), name)
        if given or len(values) > len(self.__match_args__):
            raise TypeError(
                f"{type(self).__name__} has the fields {', '.join(self.__match_args__)}"
            )

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


class Scalar(_Part):
    """A number, a truth value, or nothing (`void`)."""

    name: str

    def __str__(self) -> str:
        return self.name


class Array(_Part):
    """An array as Numba passes it: by the words of its structure."""

    item: Type
    dimensions: int
    layout: str
    writable: bool = True
    aligned: bool = True

    def __str__(self) -> str:
        access = "rw" if self.writable else "ro"
        alignment = "al" if self.aligned else "ua"
        return f"array<{self.item},{self.dimensions},{self.layout},{access},{alignment}>"


class Tuple(_Part):
    """A tuple; a named one has a class and fields."""

    items: tuple[Type, ...]
    fields: tuple[str, ...] | None = None
    class_name: str | None = None

    def __str__(self) -> str:
        if self.fields is None:
            return f"({','.join(map(str, self.items))})"
        named = (f"{field}:{item}" for field, item in zip(self.fields, self.items, strict=True))
        return f"{self.class_name}({','.join(named)})"


class Optional(_Part):
    """A value or `None`."""

    item: Type

    def __str__(self) -> str:
        return f"opt<{self.item}>"


class Time(_Part):
    """A point in time, or the difference of two, in a unit of NumPy's."""

    is_difference: bool
    unit: str

    def __str__(self) -> str:
        return f"{'td64' if self.is_difference else 'dt64'}<{self.unit}>"


class Nested(_Part):
    """An array within a record."""

    item: Type
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"nested<{self.item},{','.join(map(str, self.shape))}>"


class Record(_Part):
    """Bytes with fields: name, type and offset."""

    fields: tuple[tuple[str, Type, int], ...]
    size: int
    aligned: bool

    def __str__(self) -> str:
        fields = (f"{name}:{item}@{offset}" for name, item, offset in self.fields)
        return f"record{{{','.join(fields)}}}{self.size}/{'al' if self.aligned else 'ua'}"


class Foreign(_Part):
    """A type whose layout is Numba's own business: good for the same version of it only."""

    text: str

    def __str__(self) -> str:
        return f"numba<{self.text}>"


Type: TypeAlias = Scalar | Array | Tuple | Optional | Time | Nested | Record | Foreign


def children(ty: Type) -> Iterator[Type]:
    """The types that `ty` is made of."""
    match ty:
        case Array(item=item) | Optional(item=item) | Nested(item=item):
            yield item
        case Tuple(items=items):
            yield from items
        case Record(fields=fields):
            yield from (item for _, item, _ in fields)


def is_portable(ty: Type) -> bool:
    """Whether every version of Numba, and C, understand `ty`."""
    return not isinstance(ty, Foreign) and all(map(is_portable, children(ty)))


class PortableSignature(_Part):
    """Parameters and result of a function."""

    parameters: tuple[Type, ...]
    result: Type

    def __str__(self) -> str:
        return f"({','.join(map(str, self.parameters))})->{self.result}"

    @property
    def is_portable(self) -> bool:
        """Whether C, and every version of Numba, understand all of it."""
        return all(map(is_portable, (*self.parameters, self.result)))


def fingerprint(text: str) -> str:
    """The first 8 hexadecimal digits of the SHA-256 of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def link_name(package: str, series: str, function: str, abi: str, signature: str) -> str:
    """The symbol of an entry point that is known by its portable signature."""
    digits = fingerprint(f"{abi} {signature}")
    return f"{package.replace('-', '_')}.{series}.{function}.{digits}"


def parse_type(text: str) -> Type:
    """The type that is written `text`.

    Raises `PortableError` where it is none.
    """
    reader = _Reader(text)
    ty = reader.type(0)
    reader.end()
    return ty


def parse_signature(text: str) -> PortableSignature:
    """The signature that is written `text`.

    Raises `PortableError` where it is none.
    """
    reader = _Reader(text)
    reader.expect("(")
    parameters = reader.list(")", lambda: reader.type(0))
    reader.expect("->")
    result = reader.type(0)
    reader.end()
    return PortableSignature(tuple(parameters), result)


class _Reader:
    """Reads a portable type from left to right."""

    _word = re.compile(r"[\w.]*")
    _unit = re.compile(r"[\w]*")
    _number = re.compile(r"\d+")

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def wrong(self, expected: str) -> PortableError:
        rest = self.text[self.at : self.at + 40]
        return PortableError(
            f"`{self.text[:200]}` is no portable type: expected {expected} at `{rest}`"
        )

    def take(self, token: str) -> bool:
        found = self.text.startswith(token, self.at)
        if found:
            self.at += len(token)
        return found

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise self.wrong(f"`{token}`")

    def end(self) -> None:
        if self.at != len(self.text):
            raise self.wrong("the end")

    def match(self, pattern: re.Pattern[str], expected: str) -> str:
        found = pattern.match(self.text, self.at)
        if not found:
            raise self.wrong(expected)
        self.at = found.end()
        return found[0]

    def number(self) -> int:
        return int(self.match(self._number, "a number"))

    def one_of(self, *words: str) -> str:
        for word in words:
            if self.take(word):
                return word
        raise self.wrong(" or ".join(f"`{word}`" for word in words))

    def list(self, end: str, item: object) -> list:
        items: list = []
        while not self.take(end):
            if items:
                self.expect(",")
            items.append(item())  # type: ignore[operator]
        return items

    def type(self, depth: int) -> Type:
        if depth > _MAX_DEPTH:
            raise self.wrong("types that are less nested")
        if self.take("("):
            return Tuple(tuple(self.list(")", lambda: self.type(depth + 1))))
        start = self.at
        word = self.match(self._word, "a type")
        if word in SCALARS:
            return Scalar(word)
        read = getattr(self, f"_read_{word}", None)
        if read is not None:
            return read(depth + 1)
        if word and self.take("("):
            fields = self.list(")", lambda: self.field(depth + 1))
            return Tuple(tuple(ty for _, ty in fields), tuple(name for name, _ in fields), word)
        self.at = start
        raise self.wrong("a type")

    def field(self, depth: int) -> tuple[str, Type]:
        name = self.match(self._unit, "a field's name")
        self.expect(":")
        return name, self.type(depth)

    def _read_array(self, depth: int) -> Type:
        self.expect("<")
        item = self.type(depth)
        self.expect(",")
        dimensions = self.number()
        self.expect(",")
        layout = self.one_of("C", "F", "A")
        self.expect(",")
        writable = self.one_of("rw", "ro") == "rw"
        self.expect(",")
        aligned = self.one_of("al", "ua") == "al"
        self.expect(">")
        return Array(item, dimensions, layout, writable, aligned)

    def _read_opt(self, depth: int) -> Type:
        self.expect("<")
        item = self.type(depth)
        self.expect(">")
        return Optional(item)

    def _time(self, is_difference: bool) -> Type:
        self.expect("<")
        unit = self.match(self._unit, "a unit")
        self.expect(">")
        return Time(is_difference, unit)

    def _read_dt64(self, _depth: int) -> Type:
        return self._time(False)

    def _read_td64(self, _depth: int) -> Type:
        return self._time(True)

    def _read_nested(self, depth: int) -> Type:
        self.expect("<")
        item = self.type(depth)
        self.expect(",")
        return Nested(item, tuple(self.list(">", self.number)))

    def _read_record(self, depth: int) -> Type:
        def field() -> tuple[str, Type, int]:
            name, ty = self.field(depth)
            self.expect("@")
            return name, ty, self.number()

        self.expect("{")
        fields = tuple(self.list("}", field))
        size = self.number()
        self.expect("/")
        return Record(fields, size, self.one_of("al", "ua") == "al")

    def _read_numba(self, _depth: int) -> Type:
        self.expect("<")
        start, open_brackets = self.at, 1
        while open_brackets:
            if self.at == len(self.text):
                raise self.wrong("`>`")
            open_brackets += {"<": 1, ">": -1}.get(self.text[self.at], 0)
            self.at += 1
        return Foreign(self.text[start : self.at - 1])
