"""Calls of C functions: what is passed, what comes back, what is refused."""

import array
import ctypes
import inspect
import pydoc
import threading

import numpy as np
import pytest


def test_arrays_are_passed_and_overloads_chosen_by_their_type(sums):
    x = np.arange(4.0)
    assert sums.dot(4, x, x) == 14.0
    assert sums.dot(4, x.astype("f4"), np.float32([1, 1, 1, 1])) == 6.0
    assert sums.dot(n=2, y=x, x=x) == 1.0
    assert sums.dot(4, array.array("d", x), memoryview(x)) == 14.0
    assert type(sums.widest(3)) is int
    assert type(sums.widest(3.0)) is float
    assert type(sums.widest(np.float32(3))) is float
    assert type(sums.widest(np.int16(3))) is int


def test_arrays_are_changed_in_place(sums):
    x = np.arange(4.0)
    assert sums.scale(4, 2.0, x) is None
    assert x.tolist() == [0, 2, 4, 6]
    sums.scale(1, 10.0, x[1:])
    assert x.tolist() == [0, 20, 4, 6]
    # Neither NumPy's kinds of memory alone, nor copies.
    plain = array.array("d", [1.0, 2.0])
    sums.scale(2, 3.0, plain)
    assert plain.tolist() == [3.0, 6.0]
    c = (ctypes.c_double * 2)(1.0, 2.0)
    sums.scale(2, 3.0, c)
    assert list(c) == [3.0, 6.0]
    # An axis of one item may have any stride.
    sums.scale(4, 0.0, x.reshape(1, 4)[::-1])
    assert not x.any()


def test_bytes_are_arrays_of_bytes(sums):
    assert sums.ones(b"\x01\x02\x01", 3) == 2
    assert sums.ones(bytearray(b"\x01"), 1) == 1
    assert sums.ones(np.ones(3, np.uint8), 3) == 3


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("prefix", ["next", "nextu"])
def test_integers_of_every_size_keep_their_range(sums, prefix, bits):
    function = sums[f"{prefix}{bits}"]
    signed = prefix == "next"
    least = -(2 ** (bits - 1)) if signed else 0
    greatest = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    assert function(least) == least + 1
    assert function(greatest - 1) == greatest
    # Wraps in C.
    assert function(greatest) == least
    for wrong in [least - 1, greatest + 1, 10**30, -(10**30)]:
        with pytest.raises(ValueError, match=f"expected an int from {least} to {greatest}"):
            function(wrong)
    dtype = np.dtype(f"{'i' if signed else 'u'}{bits // 8}")
    assert function(dtype.type(3)) == 4
    assert function(True) == 2


def test_numbers_of_other_kinds(sums):
    assert sums.half(3) == 1.5
    assert sums.half(np.float32(5)) == 2.5
    assert sums.half(np.array(5.0)) == 2.5
    assert sums.nextf32(0.1) == float(np.float32(0.1) + np.float32(1))
    assert sums.negate(True) is False
    assert sums.negate(np.False_) is True
    assert np.isnan(sums.half(float("nan")))
    assert sums.nextf32(float("inf")) == float("inf")
    assert sums.nothing() is None


def test_more_arguments_than_registers(sums):
    arguments = [-5, 7, -300, 400, -70000, 80000, -(2**40), 2**63 + 4096]
    arguments += [1.5, 2, 3, 4, 5, 6, 7, 8, 9.25, True]
    factors = range(1, 19)
    expected = 0.0
    for factor, argument in zip(factors, arguments, strict=True):
        expected += float(factor) * float(argument)
    assert sums.many(*arguments) == expected


def test_addresses(sums):
    x = np.arange(3.0)
    assert sums.address(None) is None
    assert sums.address(x) == x.ctypes.data
    assert sums.address(12345) == 12345
    assert sums.address(ctypes.c_void_p(777)) == 777
    pointer = ctypes.pointer(ctypes.c_int(1))
    assert sums.address(pointer) == ctypes.addressof(pointer.contents)
    pointers = (type(pointer) * 1)(pointer)
    assert sums.address(pointers) == ctypes.addressof(pointers)
    with pytest.raises(TypeError, match="found a value of type str"):
        sums.address("text")
    with pytest.raises(ValueError, match="not C-contiguous"):
        sums.address(x[::2])


def test_functions_as_arguments(sums):
    function_type = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
    # Called back while the interpreter's lock is not held.
    assert sums.apply(function_type(lambda x: x * 3), 2.0) == 6.0
    assert sums.apply(sums.half, 3.0) == 1.5
    assert sums.apply(sums.half.address, 3.0) == 1.5
    with pytest.raises(TypeError, match="expected a C function"):
        sums.apply(lambda x: x, 2.0)
    with_the_lock = ctypes.PYFUNCTYPE(ctypes.c_double, ctypes.c_double)
    with pytest.raises(TypeError, match="the interpreter's lock to be held: make it with `CFUNC"):
        sums.apply(with_the_lock(lambda x: x * 3), 2.0)
    with pytest.raises(TypeError, match="take the address of one of its `overloads`"):
        _ = sums.dot.address


READ_ONLY = np.arange(4.0)
READ_ONLY.flags.writeable = False
UNALIGNED = np.frombuffer(bytearray(33), np.uint8)[1:].view("f8")


@pytest.mark.parametrize(
    ("argument", "kind", "message"),
    [
        ([1.0, 2.0], TypeError, "found a value of type list"),
        (None, TypeError, "found None"),
        (np.zeros(4, "f4"), TypeError, "array of float64, found one of float32"),
        (np.zeros(4, ">f8"), TypeError, "found one of >f8"),
        (np.zeros(4, "i8"), TypeError, "found one of int64"),
        (np.zeros(4, object), TypeError, "expected a writable C-contiguous array"),
        (np.zeros(8)[::2], ValueError, "found one that is not C-contiguous"),
        (np.zeros((4, 4)).T[:, 1:], ValueError, "found one that is not C-contiguous"),
        (READ_ONLY, ValueError, "found one that is read-only"),
        (UNALIGNED, ValueError, "found one that is not aligned"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(sums, argument, kind, message):
    with pytest.raises(kind, match=message) as raised:
        sums.scale(4, 2.0, argument)
    text = str(raised.value)
    assert text.startswith("fast-sums.scale: argument `x`: expected a writable C-contiguous array")
    assert "signature: fn(n: u64, a: f64, x: *mut f64)" in text


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda f: f.half(), TypeError, "argument `x` is missing"),
        (lambda f: f.half(1, 2), TypeError, "expected 1 argument, found 2"),
        (lambda f: f.half(y=2), TypeError, "there is no parameter `y`"),
        (lambda f: f.half(1, x=2), TypeError, "argument `x` is given twice"),
        (lambda f: f.unnamed(x=1), TypeError, "there is no parameter `x`"),
        (lambda f: f.unnamed(), TypeError, "argument 1 is missing"),
        (lambda f: f.half("3"), TypeError, "expected a float, found a value of type str"),
        (lambda f: f.half(1j), TypeError, "expected a float"),
        (lambda f: f.half(10**400), ValueError, "float64 can hold"),
        (lambda f: f.nextf32(1e39), ValueError, "float32 can hold"),
        (lambda f: f.next8(1.5), TypeError, "expected an int, found 1.5"),
        (lambda f: f.negate(1), TypeError, "expected a bool, found 1"),
        (lambda f: f.dot(1, [1], [1]), TypeError, "no overload takes"),
        (lambda f: f.dot(1, np.zeros(1), np.zeros(1, "f4")), TypeError, "no overload takes"),
        (lambda f: f.widest("1"), TypeError, r"no overload takes \(str\)"),
    ],
)
def test_calls_that_do_not_fit_are_refused(sums, call, kind, message):
    with pytest.raises(kind, match=message):
        call(sums)


def test_functions_describe_themselves(sums):
    half = sums.half
    assert half.__name__ == "half"
    assert half.__doc__ == "Half of x.\n\nhalf(x: f64) -> f64\n"
    assert str(inspect.signature(half)) == "(x)"
    assert str(inspect.signature(sums.dot)) == "(*args, **kwargs)"
    assert str(inspect.signature(sums.unnamed)) == "(argument_1, /)"
    assert sums.dot.signatures == [
        "fn(n: u64, x: *const f32, y: *const f32) -> f32",
        "fn(n: u64, x: *const f64, y: *const f64) -> f64",
    ]
    assert "half(x)\n    Half of x." in pydoc.render_doc(half, renderer=pydoc.plaintext)
    assert repr(half) == "<function fast-sums.half of a package: fn(x: f64) -> f64>"


def test_a_function_of_a_class_stays_one(sums):
    class Holder:
        half = sums.half

    assert Holder().half(4.0) == 2.0


def test_what_a_function_uses_is_not_resized_meanwhile(sums):
    data = array.array("d", [1.0])
    failures = []

    def resize(x: float) -> float:
        try:
            data.append(2.0)
        except BufferError as error:
            failures.append(error)
        return x + 1

    sums.map(ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(resize), 1, data)
    assert len(failures) == 1
    data.append(5.0)
    assert data.tolist() == [2.0, 5.0]


def test_threads_call_at_once(sums):
    x = np.ones(1000)
    results = []

    def work():
        results.append(sum(sums.dot(1000, x, x) for _ in range(200)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200_000.0] * 4
