"""Functions through the whole front end: merged, compiled, linked, loaded, and called."""

import kernels
import loading
import numpy as np
import pytest
from numba import from_dtype, typeof

VECTOR = "float64[::1]"
RECORD = np.dtype([("x", "f8"), ("n", "i4")], align=True)

SIGNATURES = {
    "smooth": ["float64(float64)"],
    "table": ["float64[::1](int64)"],
    "uses_helper_a": ["float64(float64)"],
    "uses_helper_b": ["float64(float64)"],
    "dot": [f"float64({VECTOR}, {VECTOR})", "float32(float32[::1], float32[::1])"],
    "doubled": [f"{VECTOR}({VECTOR})"],
    "from_table": ["float64(int64)"],
    "checked": ["float64(float64)"],
    "with_value": ["float64(float64)"],
    "caught": ["float64(float64)"],
    "factorial": ["int64(int64)"],
    "is_even": ["boolean(int64)"],
    "swapped": ["Tuple((int64, float64))(Tuple((float64, int64)))"],
    "norm": [(typeof(kernels.Point(1.0, 2.0)),)],
    "maybe": ["Optional(float64)(float64)"],
    "positive_or": ["float64(Optional(float64), float64)"],
    "conjugate": ["complex128(complex128)"],
    "flag": ["boolean(boolean, boolean)"],
    "nothing": [f"void({VECTOR})"],
    "later": ["NPDatetime('ns')(NPDatetime('ns'), NPTimedelta('ns'))"],
    "in_record": [(from_dtype(RECORD),)],
    "row_views": ["float64(float64[:, :])"],
    "printed": ["float64(float64)"],
    "counted": ["int64(int64[::1])"],
    "in_python": ["float64(int64)"],
    "parallel_sum": [f"float64({VECTOR})"],
    "vectorized": ["float64(float64, float64)", f"{VECTOR}({VECTOR}, {VECTOR})"],
    "triple": ["float64(float64)"],
    "sorted_copy": [f"{VECTOR}({VECTOR})"],
    "solved": ["float64[::1](float64[::1, :], float64[::1])"],
    "random_mean": ["float64(int64)"],
    "ratio": ["float64(float64, float64)"],
    "with_debug_information": ["float64(float64)"],
    "reshaped": ["float64[:, ::1](float64[::1])"],
}
SIX = np.arange(6.0)
CALLS = [
    ("smooth", (0.3,)),
    ("table", (5,)),
    ("uses_helper_a", (2.0,)),
    ("uses_helper_b", (2.0,)),
    ("doubled", (SIX,)),
    ("from_table", (3,)),
    ("checked", (0.5, 0.0, 1.0)),
    ("caught", (9.0,)),
    ("caught", (0.5,)),
    ("factorial", (10,)),
    ("is_even", (7,)),
    ("is_even", (8,)),
    ("swapped", ((1.5, 2),)),
    ("norm", (kernels.Point(3.0, 4.0),)),
    ("maybe", (1.0,)),
    ("maybe", (-1.0,)),
    ("positive_or", (None, 3.0)),
    ("positive_or", (1.0, 3.0)),
    ("conjugate", (1 + 2j,)),
    ("flag", (True, False)),
    ("flag", (True, True)),
    ("row_views", (np.arange(12.0).reshape(4, 3),)),
    ("row_views", (np.arange(24.0).reshape(4, 6)[:, ::2],)),
    ("printed", (2.0,)),
    ("counted", (np.array([1, 2, 1]),)),
    ("in_python", (12,)),
    ("parallel_sum", (SIX,)),
    ("vectorized", (2.0, 3.0)),
    ("vectorized", (SIX, SIX)),
    ("triple", (2.0,)),
    ("sorted_copy", (SIX[::-1].copy(),)),
    ("solved", (np.asfortranarray([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0]))),
    ("random_mean", (1000,)),
    ("ratio", (1.0, 0.0)),
    ("with_debug_information", (2.0,)),
    ("reshaped", (SIX,)),
]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    session = loading.session()
    functions = [
        session.compile(getattr(kernels, name), signature, name=name)
        for name, signatures in SIGNATURES.items()
        for signature in signatures
    ]
    return loading.Loaded(session.module(functions), tmp_path_factory.mktemp("library"))


def _signature(name, args):
    """Of overloads, the one for `args`."""
    if name != "vectorized":
        return None
    is_array = isinstance(args[0], np.ndarray)
    item = "array<f64,1,C,rw,al>" if is_array else "f64"
    return f"({item},{item})->{item}"


@pytest.mark.parametrize(("name", "args"), CALLS)
def test_results_are_those_of_numba(loaded, name, args):
    expected = getattr(kernels, name)(*args)
    found = loaded.call(name, *args, signature=_signature(name, args))
    np.testing.assert_array_equal(found, expected)
    assert np.asarray(found).tobytes() == np.asarray(expected).tobytes()


@pytest.mark.parametrize(("name", "args"), CALLS)
def test_calls_from_python_give_what_numba_gives(loaded, name, args):
    expected = getattr(kernels, name)(*args)
    found = loaded.from_python(name, *args, signature=_signature(name, args))
    np.testing.assert_array_equal(found, expected)
    assert type(found) is type(expected)


def test_overloads_have_symbols_of_their_own(loaded):
    single = np.arange(4, dtype=np.float32)
    vector = "array<f32,1,C,rw,al>"
    assert loaded.call("dot", single, single, signature=f"({vector},{vector})->f32") == 14.0
    vector = "array<f64,1,C,rw,al>"
    double = np.arange(4.0)
    assert loaded.call("dot", double, double, signature=f"({vector},{vector})->f64") == 14.0


def test_arrays_and_records_are_written_in_place(loaded):
    array = np.zeros(2)
    loaded.call("nothing", array)
    assert array.tolist() == [1.0, 0.0]
    record = np.array([(2.5, 3)], dtype=RECORD)
    assert loaded.call("in_record", record) == 10.0
    assert record["n"][0] == 4


def test_times_are_numbers(loaded):
    instant, difference = np.datetime64(5, "ns"), np.timedelta64(3, "ns")
    assert loaded.call("later", instant, difference) == 8
    assert loaded.from_python("later", instant, difference) == np.datetime64(8, "ns")


def test_static_exceptions_are_described(loaded):
    with pytest.raises(loading.Raised) as caught:
        loaded.call("checked", -1.0, 0.0, 1.0)
    described = caught.value.args[0]
    assert described["class"] == described["base"] == "builtins.ValueError"
    assert described["arguments"] == ["'too small'"]
    name, file, line = described["location"]
    assert (name, file) == ("checked", "kernels.py")
    assert "too small" in (loading.SOURCES / file).read_text().splitlines()[line - 1]
    with pytest.raises(loading.Raised) as caught:
        loaded.call("checked", 2.0, 0.0, 1.0)
    described = caught.value.args[0]
    assert described["class"] == "kernels.OutOfRange"
    assert described["base"] == "builtins.ValueError"
    assert described["arguments"] == ["'too large'", "7"]


def test_exceptions_in_python_are_whole(loaded):
    with pytest.raises(kernels.OutOfRange) as caught:
        loaded.from_python("checked", 2.0, 0.0, 1.0)
    assert caught.value.args == ("too large", 7)
    with pytest.raises(ValueError, match="negative") as caught:
        loaded.from_python("with_value", -3.0)
    assert caught.value.args == ("negative", -3.0)


def test_raises_lists_what_is_reached(loaded):
    exceptions = loaded.description["exceptions"]
    classes = {exceptions[digest]["class"] for digest in loaded.described("checked")["raises"]}
    assert classes == {"builtins.ValueError", "kernels.OutOfRange"}
    assert loaded.described("smooth")["raises"] == []


def test_what_needs_python_is_marked(loaded):
    needs = {f["name"] for f in loaded.description["functions"] if f["python"]}
    assert {"printed", "in_python", "parallel_sum", "with_value", "solved"} <= needs
    free = {"smooth", "dot", "doubled", "checked", "row_views", "random_mean", "sorted_copy"}
    assert not needs & free
    assert loaded.description["requires"] == ["python", "parallel", "scipy"]
    assert loaded.described("doubled")["host-imports"] == [
        "NRT_MemInfo_alloc_aligned",
        "NRT_MemInfo_call_dtor",
    ]


def test_slots_are_sorted_and_all_have_providers(loaded):
    symbols = [entry["symbol"] for entry in loaded.module.host_imports]
    assert symbols == sorted(symbols)
    providers = {entry["symbol"]: entry["provider"] for entry in loaded.module.host_imports}
    assert providers["NRT_MemInfo_alloc_aligned"] == "numba-runtime"
    assert providers["numba_xgesv"] == "scipy"
    assert providers["numba_parallel_for"] == "numba"
    assert providers["PyExc_RuntimeError"] == "python"
    assert providers["environment.0"] == "environment"


def test_defaults_are_kept(loaded):
    assert loaded.described("checked")["parameters"] == [
        {"name": "x"},
        {"name": "low", "default": 0.0},
        {"name": "high", "default": 1.0},
    ]
    declared = {
        export["declared"] for export in loaded.module.exports if export["name"] == "checked"
    }
    assert declared == {"(x: float64, low: float64 = 0.0, high: float64 = 1.0) -> float64"}


def test_memory_is_given_back(loaded):
    import llvmlite.binding as llvm

    stats = loading.runtime()
    from numba.core.runtime import _nrt_python

    _nrt_python.memsys_enable_stats()
    assert llvm.address_of_symbol("NRT_Allocate")
    before = stats.get_allocation_stats()
    for _ in range(1000):
        loaded.call("doubled", SIX)
        loaded.call("sorted_copy", SIX)
        loaded.call("row_views", SIX.reshape(2, 3))
        loaded.from_python("doubled", SIX)
    after = stats.get_allocation_stats()
    assert after.alloc - before.alloc == after.free - before.free
    assert after.mi_alloc - before.mi_alloc == after.mi_free - before.mi_free > 0
