"""Functions that Numba compiled, called without it."""

import gc
import inspect
import resource
import subprocess
import sys
from array import array

import numpy as np
import pytest

SAMPLE = np.dtype([("value", np.float64), ("count", np.int32)], align=True)


def test_defaults_and_names(kernels):
    assert kernels.add(1) == 3.0
    assert kernels.add(1, y=5) == 6.0
    assert kernels.add(y=1, x=2) == 3.0
    assert str(inspect.signature(kernels.add)) == "(x, y=2.0)"
    assert kernels.add.signatures == ["(x: float64, y: float64 = 2.0) -> float64"]
    assert kernels.add.__doc__.startswith("x plus y.")
    with pytest.raises(TypeError, match="argument `x` is missing"):
        kernels.add()


def test_overloads(kernels):
    x = np.arange(5.0)
    assert kernels.total(x) == 10.0
    assert kernels.total(x.astype("f4")) == 10.0
    with pytest.raises(TypeError, match=r"no overload takes \(array of int64 with ndim=1\)"):
        kernels.total(x.astype("i8"))
    with pytest.raises(TypeError, match="no overload takes"):
        kernels.total(x[::2])


def test_arrays_that_functions_make(kernels):
    made = kernels.filled(4, 2.5)
    assert made.tolist() == [2.5] * 4
    assert made.flags.writeable
    part = made[1:]
    del made
    gc.collect()
    part += 1
    assert part.tolist() == [3.5] * 3
    assert kernels.filled(0, 1.0).shape == (0,)
    products = kernels.times(np.arange(6).reshape(2, 3), 3)
    assert products.tolist() == [[0, 3, 6], [9, 12, 15]]
    assert products.dtype == np.int64


def test_memory_is_given_back(kernels):
    for _ in range(20):
        kernels.filled(100_000, 1.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(2000):
        kernels.filled(100_000, 1.0)
        kernels.several(np.ones(100_000), True)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # In kB: without that, it would be more than two million.
    assert after - before < 50_000


def test_views_of_arguments_keep_them(kernels):
    x = np.arange(10.0)
    view = kernels.evens(x)
    view[1] = 77
    assert x[2] == 77
    backwards = kernels.evens(np.arange(10.0)[::-1])
    gc.collect()
    assert backwards.tolist() == [9, 7, 5, 3, 1]
    assert backwards.strides == (-16,)
    assert kernels.evens(np.arange(6.0)[:0]).tolist() == []
    table = np.arange(6.0).reshape(2, 3)
    flipped = kernels.flipped(table)
    assert flipped.tolist() == table.T.tolist()
    assert flipped.flags.f_contiguous


def test_views_of_arguments_given_by_name_keep_them(kernels):
    view = kernels.evens(x=np.arange(100_000.0))
    gc.collect()
    others = [np.full(100_000, -1.0) for _ in range(8)]
    assert view.tolist() == list(range(0, 100_000, 2))
    assert len(others) == 8


def test_what_views_show_is_not_resized(kernels):
    numbers = array("d", range(10))
    view = kernels.evens(numbers)
    with pytest.raises(BufferError):
        numbers.extend(range(100_000))
    assert view.tolist() == [0, 2, 4, 6, 8]
    del view
    numbers.append(1.0)


def test_views_of_what_is_in_a_tuple_keep_it(kernels):
    numbers = array("d", range(6))
    view = kernels.evens_of((np.zeros(2), numbers))
    with pytest.raises(BufferError):
        numbers.append(1.0)
    del numbers
    assert view.tolist() == [0.0, 2.0, 4.0]


def test_what_is_checked_of_arrays(kernels):
    x = np.arange(4.0)
    x.flags.writeable = False
    assert kernels.first(x) == 0.0
    with pytest.raises(ValueError, match="found one that is read-only"):
        kernels.scale(x, 2.0)
    with pytest.raises(ValueError, match="found one that is not C-contiguous"):
        kernels.times(np.arange(6).reshape(2, 3).T, 3)
    with pytest.raises(TypeError, match="found one of int64 with ndim=1"):
        kernels.times(np.arange(6), 3)
    with pytest.raises(ValueError, match="found one that is not aligned"):
        kernels.scale(np.zeros(33, np.uint8)[1:].view("f8"), 2.0)
    with pytest.raises(TypeError, match="found a value of type list"):
        kernels.scale([1.0], 2.0)


def test_tuples_optionals_and_complex_numbers(kernels):
    size, doubled, flag = kernels.several(np.arange(3.0), True)
    assert (size, doubled.tolist(), flag) == (3, [0, 2, 4], False)
    assert kernels.maybe(None) is None
    assert kernels.maybe(2) == 4.0
    assert kernels.product(1 + 2j, 3j) == -6 + 3j
    assert kernels.product(2, np.complex64(1j)) == 2j
    assert kernels.small(-3, 60000, 1.5, True) == (-3, 60000, 1.5, True)
    assert kernels.tuples((1.5, 2), (1, 2, 3)) == 9.5
    assert kernels.scale(np.ones(2), 2.0) is None
    with pytest.raises(TypeError, match="expected a tuple of 3, found a tuple of 2"):
        kernels.tuples((1.5, 2), (1, 2))
    with pytest.raises(TypeError, match="found a value of type list"):
        kernels.tuples([1.5, 2], (1, 2, 3))
    with pytest.raises(ValueError, match="expected an int from -128 to 127"):
        kernels.small(-300, 1, 1, True)


def test_named_tuples(kernels):
    swapped = kernels.swap((1.0, 2.0))
    assert swapped == (2.0, 1.0)
    assert (swapped.x, swapped.y, type(swapped).__name__) == (2.0, 1.0, "Point")
    assert kernels.swap(swapped) == (1.0, 2.0)


def test_dates(kernels):
    when = np.datetime64("2020-01-01T00:00:00", "ns")
    assert kernels.later(when, np.timedelta64(5, "s")) == np.datetime64("2020-01-01T00:00:05", "ns")
    days = np.array(["2020-01-01", "2020-01-03"], "M8[ns]")
    assert kernels.span(days) == np.timedelta64(2, "D")
    with pytest.raises(TypeError, match=r"expected a datetime64\[ns\], found a value of type int"):
        kernels.later(3, np.timedelta64(5, "s"))
    with pytest.raises(TypeError, match=r"found one of datetime64\[s\]"):
        kernels.span(days.astype("M8[s]"))


def test_records(kernels):
    samples = np.zeros(3, SAMPLE)
    samples["value"] = [1, 2, 3]
    samples["count"] = 2
    assert kernels.weigh(samples, samples[0]) == 14.0
    assert samples["count"].tolist() == [3, 3, 3]
    with pytest.raises(TypeError, match="expected a writable C-contiguous array of record"):
        kernels.weigh(np.zeros(2), samples[0])
    with pytest.raises(TypeError, match="expected a record"):
        kernels.weigh(samples, np.zeros(1, [("a", "f8"), ("b", "f8")])[0])


def test_exceptions(kernels):
    with pytest.raises(ValueError, match="negative") as raised:
        kernels.filled(-1, 1.0)
    assert type(raised.value) is ValueError
    assert raised.value.args == ("negative", 3)
    (note,) = raised.value.__notes__
    assert 'kernels.py", line ' in note
    assert note.endswith("in filled")
    # The class is in a module that is not there: the nearest of Python's own, with its name.
    with pytest.raises(ValueError, match=r"kernels\.OddError: unlucky"):
        kernels.filled(13, 1.0)


WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = sys.modules["llvmlite"] = None
import puck
kernels = puck.open(sys.argv[1]).kernels
assert kernels.add(1.0) == 3.0
assert "numpy" not in sys.modules
import numpy
assert kernels.filled(2, 1.0).tolist() == [1.0, 1.0]
try:
    kernels.talk(1.0)
except puck.PackageError as error:
    print(error)
"""


def test_none_of_it_needs_numba(project):
    run = subprocess.run(
        [sys.executable, "-P", "-c", WITHOUT_NUMBA, str(project)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert "`kernels::talk` of kernels 0.3.1" in run.stdout
    assert "hint: call it from Python, with the packages puck and numba" in run.stdout


WITHOUT_THE_PACKAGE = """
import sys
import numpy
if sys.argv[2] == "without":
    sys.modules["numba"] = sys.modules["llvmlite"] = None
import puck
kernels = puck.open(sys.argv[1]).kernels
assert kernels.add(1.0) == 3.0
assert sys.modules.get("numba") is None
try:
    filled = kernels.filled
    print(filled(2, 1.0).tolist(), type(filled) is puck.Function, filled.signatures)
except puck.PackageError as error:
    print(error)
"""


@pytest.mark.parametrize("numba", ["with", "without"])
def test_only_what_needs_numbas_runtime_is_refused_without_it(bare_project, numba):
    command = [sys.executable, "-P", "-c", WITHOUT_THE_PACKAGE, str(bare_project), numba]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    if numba == "with":
        declared = "(n: int64, value: float64) -> float64[::1]"
        assert run.stdout == f"[1.0, 1.0] True ['{declared}']\n"
    else:
        assert run.stdout.startswith("`kernels::filled` of kernels 0.3.1 uses what nothing in")
        assert "numba-runtime: NRT_" in run.stdout
        assert "hint: `puck add numba-runtime`, then `puck install`, adds" in run.stdout


def test_what_needs_numba_has_it(kernels, capfd):
    assert kernels.talk(2.0) == 2.0
    assert capfd.readouterr().out == "hello 2.0\n"
