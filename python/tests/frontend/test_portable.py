"""Portable types: written, read back, and given structures in C."""

import shutil
import subprocess

import pytest

from puck.numba import _header, _portable

TYPES = [
    *_portable.SCALARS,
    "array<f64,1,C,rw,al>",
    "array<c128,3,F,ro,ua>",
    "array<record{x:f64@0,n:i32@8}16/al,2,A,rw,al>",
    "()",
    "(f64)",
    "(f64,(i64,bool))",
    "kernels.Point(x:f64,y:array<f32,1,C,rw,al>)",
    "opt<f64>",
    "opt<(i64,f64)>",
    "dt64<ns>",
    "td64<>",
    "record{grid:nested<f64,3,4>@0,at:dt64<s>@96}104/ua",
    "numba<DictType[int64,float64]>",
]


@pytest.mark.parametrize("text", TYPES)
def test_types_are_read_as_they_are_written(text):
    assert str(_portable.parse_type(text)) == text


def test_signatures():
    text = "(f64,array<f64,1,C,rw,al>,(f64,bool))->(array<i64,1,C,rw,al>,(i64,bool))"
    signature = _portable.parse_signature(text)
    assert str(signature) == text
    assert signature.is_portable
    assert len(signature.parameters) == 3
    assert not _portable.parse_signature("(numba<ListType[f64]>)->void").is_portable


@pytest.mark.parametrize(
    "text",
    ["", "f63", "(f64", "(f64,)", "array<f64,1,D,rw,al>", "array<f64,x,C,rw,al>", "opt<f64",
     "f64 ", "dt64", "record{x:f64}8/al", "numba<", "(" * 40 + ")" * 40],
)  # fmt: skip
def test_what_is_no_type(text):
    with pytest.raises(_portable.PortableError, match="is no portable type: expected"):
        _portable.parse_type(text)


def test_link_names_are_fixed():
    name = _portable.link_name("fast-sums", "v1", "dot", "numba-cpu-1", "(f64)->f64")
    assert name == "fast_sums.v1.dot.12e302e6"


def test_structures_have_the_sizes_of_numbas(tmp_path):
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    sizes = {
        "array<f64,2,C,rw,al>": 40 + 32,
        "array<f64,0,C,rw,al>": 40,
        "c64": 8,
        "c128": 16,
        "(f64,bool,i32)": 16,
        "opt<f64>": 16,
        "kernels.Point(x:f64,int:f32)": 16,
        "record{x:f64@0,n:i32@8}16/al": 16,
        "(array<f64,1,C,rw,al>,opt<c64>,dt64<s>)": 56 + 12 + 4 + 8,
    }
    types = {text: _portable.parse_type(text) for text in sizes}
    signature = _portable.PortableSignature(tuple(types.values()), _portable.Scalar("void"))
    # As if two packages had the same structures.
    for name in ("a.h", "b.h"):
        (tmp_path / name).write_text(_header.header([signature]))
    text = '#include "a.h"\n#include "b.h"\n'
    for written, size in sizes.items():
        name = _header.struct_name(types[written])
        text += f'_Static_assert(sizeof({name}) == {size}, "{written}");\n'
    path = tmp_path / "sizes.c"
    path.write_text(text)
    flags = ["-std=c11", "-Wall", "-Werror", "-c", str(path), "-o", str(tmp_path / "sizes.o")]
    subprocess.run([compiler, *flags], check=True)


def test_structures_of_different_types_have_different_names():
    texts = [
        "((i64,i8),i8)", "((i64,i8,i8))", "(i64,i8,i8)", "((i64),i8,i8)",
        "(opt<(i64,i8)>,i8)", "(opt<(i64,i8,i8)>)", "(((i64,i8)),i8)", "(((i64,i8),i8))",
    ]  # fmt: skip
    names = {_header.struct_name(_portable.parse_type(text)) for text in texts}
    assert len(names) == len(texts)


def test_functions_in_c():
    assert _header.c_parameter_type(_portable.parse_type("dt64<s>")) == "i64"
    assert _header.c_parameter_type(_portable.parse_type("c64")) == "*const Complex64"
    assert _header.c_result_type(_portable.parse_type("opt<f64>")) == "*mut f64"
    assert _header.c_result_type(_portable.parse_type("void")) == "*mut c_void"
    with pytest.raises(_header.NoStructure):
        _header.c_parameter_type(_portable.parse_type("numba<ListType[f64]>"))
