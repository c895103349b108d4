"""What the extension refuses to make an overload of: no function is called in a wrong way."""

import ctypes

import numpy as np
import pytest

import puck
from puck._puck import Function, Overload

RETURNS_ZERO = ctypes.CFUNCTYPE(ctypes.c_int32)(lambda: 0)
ADDRESS = ctypes.cast(RETURNS_ZERO, ctypes.c_void_p).value


def made(native: str, portable: str, *names: str, release: int = 0, defaults: int = 0) -> Overload:
    """An overload of a function that does nothing, and so is never called."""
    return Overload.numba(
        native=native,
        portable=portable,
        declared="(…)",
        address=ADDRESS,
        names=list(names),
        has_default=[index >= len(names) - defaults for index in range(len(names))],
        defaults=[7] * len(names),
        release=lambda: release,
        raised=lambda status, address: RuntimeError(f"status {status}"),
    )


RESULT = "*mut f64, *mut *mut c_void"


@pytest.mark.parametrize(
    "portable",
    [
        "",
        "(f64)",
        "(f64)->",
        "(f64->f64",
        "(f64,)->f64",
        "((f64,))->f64",
        "(f63)->f64",
        "(numba<list(float64)>)->f64",
        "(array<f64,1,C,rw>)->f64",
        "(array<f64,x,C,rw,al>)->f64",
        "(array<f64,65,C,rw,al>)->f64",
        "(array<f64,1,D,rw,al>)->f64",
        "(opt<f64)->f64",
        "(record{x:f64@0}8)->f64",
        "(record{x:f64@0)->f64",
        "(record{x:f63@0}8/al)->f64",
        "(dt64<no unit>)->f64",
        "(" + "(" * 1000 + ")" * 1000 + ")->f64",
        "(" + "opt<" * 100000 + "f64" + ">" * 100000 + ")->f64",
        "(é)->f64",
    ],
)
def test_what_is_no_portable_signature(portable):
    with pytest.raises(puck.PackageError, match="is no portable signature: expected"):
        made(f"fn({RESULT}, f64) -> i32", portable, "x")


@pytest.mark.parametrize(
    ("native", "portable"),
    [
        (f"fn({RESULT}, f64) -> i32", "(i64)->f64"),
        (f"fn({RESULT}, f32) -> i32", "(f64)->f64"),
        (f"fn({RESULT}, f64, f64) -> i32", "(f64)->f64"),
        (f"fn({RESULT}) -> i32", "(f64)->f64"),
        (f"fn({RESULT}, f64)", "(f64)->f64"),
        (f"fn({RESULT}, f64) -> i64", "(f64)->f64"),
        (f"fn({RESULT}, *mut c_void) -> i32", "(array<f64,1,C,rw,al>)->f64"),
        (f"fn({RESULT}, f64) -> i32", "(opt<f64>)->f64"),
        ("fn(f64) -> i32", "()->f64"),
    ],
)
def test_types_that_are_not_passed_as_the_function_takes_them(native, portable):
    with pytest.raises(puck.PackageError, match="is not passed as"):
        made(native, portable, "x")


@pytest.mark.parametrize(
    "portable",
    [
        "(nested<f64,2>)->f64",
        "((opt<nested<f64,2>>))->f64",
        "(array<(f64,f64),1,C,rw,al>)->f64",
        "(f64)->nested<f64,2>",
    ],
)
def test_types_that_no_value_is_passed_as(portable):
    with pytest.raises(puck.PackageError, match="which no value is passed as"):
        made(f"fn({RESULT}, f64) -> i32", portable, "x")


def test_other_contradictions():
    with pytest.raises(puck.PackageError, match="has other parameters"):
        made(f"fn({RESULT}, f64) -> i32", "(f64)->f64")
    with pytest.raises(puck.PackageError, match="which nothing here can free") as raised:
        made("fn(*mut c_void, *mut *mut c_void) -> i32", "()->(i64,array<f64,1,C,rw,al>)")
    assert raised.value.hint == "`puck add numba-runtime`, then `puck install`, adds what can"
    with pytest.raises(puck.PackageError, match="values of more than 1048576 bytes"):
        made(f"fn({RESULT}) -> i32", "()->record{x:f64@0}4294967295/al")
    with pytest.raises(puck.PackageError, match="a record that ends before its field `x`"):
        made(f"fn({RESULT}) -> i32", "()->record{x:f64@8}8/al")
    with pytest.raises(puck.PackageError, match="invalid signature"):
        Overload.c("fn(f65)", ADDRESS)
    with pytest.raises(puck.PackageError, match="invalid signature"):
        made("f64", "()->f64")


def test_what_frees_arrays_is_asked_for_where_there_are_any():
    asked = []
    arguments = {
        "declared": "()", "address": ADDRESS, "names": [], "has_default": [], "defaults": [],
        "release": lambda: asked.append(1) or ADDRESS, "raised": RuntimeError,
    }  # fmt: skip
    Overload.numba(native=f"fn({RESULT}) -> i32", portable="()->f64", **arguments)
    assert asked == []
    pointers = "fn(*mut c_void, *mut *mut c_void) -> i32"
    Overload.numba(native=pointers, portable="()->array<f64,1,C,rw,al>", **arguments)
    assert asked == [1]


def test_a_result_that_cannot_be_made_leaves_nothing_behind():
    freed = []
    release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(freed.append)
    # What Numba's runtime keeps of memory begins with the number of references.
    record = (ctypes.c_int64 * 1)(1)

    def call(result, exception):
        place = (ctypes.c_int64 * 8).from_address(result)
        place[:] = [0, ctypes.addressof(record), 0, 0, 8, 0, 0, 8]
        return 0

    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(call)
    overload = Overload.numba(
        native="fn(*mut c_void, *mut *mut c_void) -> i32",
        portable="()->(dt64<parsec>,array<f64,1,C,rw,al>)",
        declared="()",
        address=ctypes.cast(function, ctypes.c_void_p).value,
        names=[],
        has_default=[],
        defaults=[],
        release=lambda: ctypes.cast(release, ctypes.c_void_p).value,
        raised=RuntimeError,
    )
    with pytest.raises(TypeError):
        Function("p", "f", None, [overload])()
    assert freed == [ctypes.addressof(record)]


def test_what_was_compiled_in_cannot_be_given():
    function = Function("p", "f", None, [made(f"fn({RESULT}) -> i32", "()->f64", "n", defaults=1)])
    assert function() == 0.0
    assert function(7) == 0.0
    with pytest.raises(TypeError, match=r"argument `n`: .*compiled for its default alone"):
        function(8)


def test_a_function_without_overloads_takes_nothing():
    with pytest.raises(TypeError, match="no overload takes"):
        Function("p", "f", None, [])(1)


@pytest.mark.parametrize("count", [6, 7, 14, 15, 70, 71, 255])
def test_all_arguments_arrive(count):
    signature = f"fn({', '.join(['i64'] * count)}) -> i64"
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * count)
    callback = kind(lambda *values: sum(place * value for place, value in enumerate(values)))
    address = ctypes.cast(callback, ctypes.c_void_p).value
    function = Function("p", "f", None, [Overload.c(signature, address)])
    expected = sum(place * -place for place in range(count))
    assert function(*range(0, -count, -1)) == expected
    with pytest.raises(TypeError, match="expected"):
        function(*range(count + 1))


@pytest.mark.parametrize("count", [8, 9, 16, 17, 100])
def test_numbers_in_registers_and_on_the_stack_stay_apart(count):
    signature = f"fn({', '.join(['i64, f64, f32'] * count)}) -> f64"
    types = [ctypes.c_int64, ctypes.c_double, ctypes.c_float] * count
    if len(types) > 255:
        with pytest.raises(puck.PackageError, match="more than 255 parameters"):
            Overload.c(signature, ADDRESS)
        return
    kind = ctypes.CFUNCTYPE(ctypes.c_double, *types)
    callback = kind(lambda *values: sum(place * value for place, value in enumerate(values)))
    address = ctypes.cast(callback, ctypes.c_void_p).value
    function = Function("p", "f", None, [Overload.c(signature, address)])
    values = [value for place in range(count) for value in (place, place + 0.5, -place - 0.25)]
    assert function(*values) == sum(place * value for place, value in enumerate(values))


@pytest.mark.parametrize("shape", [(0,), (1,), (3,), (2, 0), (2, 3), (1, 3), (2, 1, 2), (0, 0)])
def test_contiguity_is_what_numpy_says(shape):
    ndim = len(shape)
    for layout, flag in [("C", "c_contiguous"), ("F", "f_contiguous")]:
        words = ", ".join(["*mut c_void"] * 2 + ["i64"] * 2 + ["*mut f64"] + ["i64"] * (2 * ndim))
        portable = f"(array<f64,{ndim},{layout},rw,al>)->f64"
        function = Function("p", "f", None, [made(f"fn({RESULT}, {words}) -> i32", portable, "x")])
        whole = np.zeros(shape)
        double = np.zeros([2 * length for length in shape])
        every = tuple(slice(None, None, 2) for _ in shape)
        for array in [whole, whole.T, np.asfortranarray(whole), double[every], whole[::-1]]:
            if array.ndim != ndim:
                continue
            if getattr(array.flags, flag):
                assert function(array) == 0.0
            else:
                with pytest.raises(ValueError, match="contiguous"):
                    function(array)
