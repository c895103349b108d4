"""C's signatures, as Python reads them of `package.json`."""

import pytest

from puck._c_signature import parse


@pytest.mark.parametrize(
    ("signature", "parameters", "result"),
    [
        ("fn()", [], ""),
        ("fn(n: u64, x: *const f64) -> f64", [("n", "u64"), ("x", "*const f64")], "f64"),
        ("fn(f64, _: i8)", [(None, "f64"), ("_", "i8")], ""),
        ("fn(δ: f64, x2: i8) -> f64", [("δ", "f64"), ("x2", "i8")], "f64"),
        ("fn(r#type: bool) -> *mut Node", [("type", "bool")], "*mut Node"),
        (
            'fn(extern "C" fn(a: i32, b: i32) -> i32, n: i32)',
            [(None, 'extern "C" fn(a: i32, b: i32) -> i32'), ("n", "i32")],
            "",
        ),
        (
            'fn(n: i32) -> extern "C" fn(i32) -> i32',
            [("n", "i32")],
            'extern "C" fn(i32) -> i32',
        ),
    ],
)
def test_parts(signature, parameters, result):
    assert parse(signature) == (parameters, result)


@pytest.mark.parametrize("text", ["", "fn", "fn(n: i32", "fn((n: i32)"])
def test_what_is_no_signature(text):
    with pytest.raises(ValueError, match="is no signature"):
        parse(text)
