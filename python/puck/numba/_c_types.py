"""C's signatures as numba's types: what each parameter takes, and how it is passed."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import typing

from puck import _c_signature

_SCALARS: dict[str, types.Type] = {
    "bool": types.boolean,
    "i8": types.int8,
    "i16": types.int16,
    "i32": types.int32,
    "i64": types.int64,
    "isize": types.int64,
    "u8": types.uint8,
    "u16": types.uint16,
    "u32": types.uint32,
    "u64": types.uint64,
    "usize": types.uint64,
    "f32": types.float32,
    "f64": types.float64,
}
_POINTER = re.compile(r"\*(const|mut) (.*)")


@dataclass(frozen=True)
class Parameter:
    """A parameter of C's: a number, or a pointer."""

    name: str
    text: str

    @property
    def pointee(self) -> tuple[bool, types.Type | None] | None:
        """Of a pointer, whether it may be written through, and the type of numbers that it points
        to, if it points to numbers; `None` for what is no pointer.
        """
        match = _POINTER.fullmatch(self.text)
        if match is None:
            return None
        return match[1] == "mut", _SCALARS.get(match[2])

    @property
    def scalar(self) -> types.Type | None:
        """The type of a number."""
        return _SCALARS.get(self.text)

    def taken(self, given: types.Type) -> types.Type | str:
        """The type that `given` is passed as, or why it cannot be passed."""
        if self.scalar is not None:
            return self.scalar
        pointee = self.pointee
        if pointee is None:
            return f"`{self.name}: {self.text}` cannot be passed from jitted code"
        writable, item = pointee
        if isinstance(given, types.Array):
            return self._array(given, writable, item)
        if isinstance(given, types.ArrayCTypes):
            return given if item in (None, given.dtype) else self._another(given.dtype)
        if isinstance(given, types.CPointer):
            return given if item in (None, given.dtype) else self._another(given.dtype)
        if given == types.voidptr:
            return given
        return f"`{self.name}` takes an array or a pointer, found {given}"

    def _array(
        self, given: types.Array, writable: bool, item: types.Type | None
    ) -> types.Type | str:
        if item is not None and given.dtype != item:
            return self._another(given.dtype)
        if given.layout == "A":
            return (
                f"`{self.name}` takes a contiguous array: pass numpy.ascontiguousarray({self.name})"
            )
        if writable and not given.mutable:
            return f"`{self.name}` is written to, and the array is read-only"
        if not given.aligned:
            return f"`{self.name}` takes an aligned array: pass a copy"
        return given

    def _another(self, found: types.Type) -> str:
        return f"`{self.name}` is `{self.text}`: found elements of {found}"

    def from_numba(self, context: Any, builder: ir.IRBuilder, ty: types.Type, value: Any) -> Any:
        """What C's function is given for one of numba's values."""
        if isinstance(ty, types.Array):
            return context.make_array(ty)(context, builder, value).data
        if isinstance(ty, types.ArrayCTypes):
            return context.make_helper(builder, ty, value=value).data
        return value

    def mark(self, argument: ir.Argument) -> None:
        """Say how a small number is widened, as C's compilers do on both sides of a call."""
        scalar = self.scalar
        if isinstance(scalar, types.Boolean):
            argument.add_attribute("zeroext")
        elif isinstance(scalar, types.Integer) and scalar.bitwidth < 32:
            argument.add_attribute("signext" if scalar.signed else "zeroext")


@dataclass(frozen=True)
class Function:
    """A signature of C's."""

    parameters: list[Parameter]
    result: str | None

    def numba_signature(self, args: tuple[types.Type, ...]) -> typing.templates.Signature | None:
        """The signature for arguments of these types, if the function takes such."""
        taken = self._taken(args)
        if isinstance(taken, str) or any(isinstance(one, str) for one in taken):
            return None
        result = self.numba_result()
        return None if result is None else typing.signature(result, *taken)

    def numba_result(self) -> types.Type | None:
        """The type of what it returns; `None` if jitted code can do nothing with such."""
        if self.result is None:
            return types.none
        match = _POINTER.fullmatch(self.result)
        if match is None:
            return _SCALARS.get(self.result)
        item = _SCALARS.get(match[2])
        return types.voidptr if item is None else types.CPointer(item)

    def reason(self, args: tuple[types.Type, ...]) -> str:
        """Why arguments of these types are not taken."""
        taken = self._taken(args)
        if isinstance(taken, str):
            return taken
        reasons = [one for one in taken if isinstance(one, str)]
        if reasons:
            return "; ".join(reasons)
        if self.numba_result() is None:
            return f"what it returns, `{self.result}`, is nothing for jitted code"
        return "its arguments fit"

    def _taken(self, args: tuple[types.Type, ...]) -> list[types.Type | str] | str:
        if len(args) != len(self.parameters):
            return f"it takes {len(self.parameters)} arguments, found {len(args)}"
        return [
            parameter.taken(given) for parameter, given in zip(self.parameters, args, strict=True)
        ]


@cache
def parse(signature: str) -> Function:
    """Read a signature as `package.json` has it.

    Types that are not known here are kept as text: who needs them is told.
    """
    parameters, result = _c_signature.parse(signature)
    named = [Parameter(_name(index, name), ty) for index, (name, ty) in enumerate(parameters)]
    return Function(named, result or None)


def _name(index: int, name: str | None) -> str:
    """The name of a parameter, or one for it where that is none in Python."""
    if name is None or name == "_" or keyword.iskeyword(name):
        return f"arg{index}"
    return name
