"""Portable types from Numba's and back."""

from collections import namedtuple
from typing import NamedTuple

import pytest

numba = pytest.importorskip("numba")
np = pytest.importorskip("numpy")

from numba import from_dtype, typeof, types  # noqa: E402

from puck.numba import _portable, _types  # noqa: E402

Point = namedtuple("Point", ["x", "y"])
_RECORD = np.dtype([("x", "f8"), ("n", "i4"), ("grid", "f4", (2, 3))], align=True)
_HERE = Point.__module__

PAIRS = [
    (types.boolean, "bool"),
    (types.uint8, "u8"),
    (types.intp, "i64"),
    (types.complex64, "c64"),
    (types.float64[::1], "array<f64,1,C,rw,al>"),
    (types.float64[::1, :], "array<f64,2,F,rw,al>"),
    (types.int32[:, :, :], "array<i32,3,A,rw,al>"),
    (types.Array(types.float32, 1, "C", readonly=True, aligned=False), "array<f32,1,C,ro,ua>"),
    (types.Array(types.NPDatetime("ns"), 1, "C"), "array<dt64<ns>,1,C,rw,al>"),
    (types.UniTuple(types.float64, 2), "(f64,f64)"),
    (types.Tuple((types.float64, types.boolean)), "(f64,bool)"),
    (types.Tuple(()), "()"),
    (typeof(Point(1.0, 2)), f"{_HERE}.Point(x:f64,y:i64)"),
    (types.Optional(types.float64), "opt<f64>"),
    (types.NPTimedelta("us"), "td64<us>"),
    (from_dtype(_RECORD), "record{x:f64@0,n:i32@8,grid:nested<f32,2,3>@12}40/al"),
    (types.Array(from_dtype(_RECORD), 1, "C"),
     "array<record{x:f64@0,n:i32@8,grid:nested<f32,2,3>@12}40/al,1,C,rw,al>"),
]  # fmt: skip


@pytest.mark.parametrize(("ty", "text"), PAIRS)
def test_both_ways(ty, text):
    assert str(_types.portable_type(ty)) == text
    assert _types.numba_type(_portable.parse_type(text)) == ty


def test_signatures():
    signature = numba.core.typing.signature(types.none, types.float64[::1], types.int64)
    assert str(_types.portable_signature(signature)) == "(array<f64,1,C,rw,al>,i64)->void"
    assert _types.numba_signature("(array<f64,1,C,rw,al>,i64)->void") == signature


def test_literals_are_the_types_of_their_values():
    assert str(_types.portable_type(types.literal(3))) == "i64"


@pytest.mark.parametrize(
    ("ty", "hint"),
    [
        (types.unicode_type, "array of its bytes"),
        (types.List(types.float64, reflected=True), "numba.typed.List"),
        (types.Tuple((types.none,)), "Optional"),
        (types.Array(types.unicode_type, 1, "C"), "array of its bytes"),
        (types.pyobject, "nopython"),
        (types.voidptr, "take an array"),
    ],
)
def test_what_has_no_portable_type(ty, hint):
    with pytest.raises(_types.UnsupportedType) as caught:
        _types.portable_type(ty)
    assert hint in caught.value.hint


def test_named_tuples_that_nobody_can_import():
    class Local(NamedTuple):
        x: float

    with pytest.raises(_types.UnsupportedType, match="named tuple `Local`") as caught:
        _types.portable_type(typeof(Local(1.0)))
    assert "top of a module" in caught.value.hint


@pytest.mark.parametrize(
    ("ty", "text"),
    [
        (types.float64[::1], "float64[::1]"),
        (types.float64[:, ::1], "float64[:, ::1]"),
        (types.float64[::1, :], "float64[::1, :]"),
        (types.float64[:], "float64[:]"),
        (
            types.Array(types.float64, 1, "C", readonly=True),
            "Array(float64, 1, 'C', readonly=True)",
        ),
        (types.Tuple((types.int64, types.boolean)), "tuple[int64, bool]"),
        (types.Tuple(()), "tuple[()]"),
        (types.Optional(types.float64), "float64 | None"),
        (types.none, "None"),
        (types.NPDatetime("ns"), "datetime64[ns]"),
        (typeof(Point(1.0, 2.0)), "Point"),
    ],
)
def test_as_people_write_them(ty, text):
    assert _types.declared_type(ty) == text
