"""The package numba-runtime against Numba's own helpers: the same calls, the same results.

Its sources are compiled with `cc`, and each function is called by way of ctypes, as is Numba's of
the same name.
"""

import ctypes
import itertools
import math
import random
import struct
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

numba = pytest.importorskip("numba")

SOURCES = Path(__file__).parents[2] / "numba-runtime" / "src"
POINTER = ctypes.c_void_p
INT = ctypes.c_int64


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Our helpers as a library."""
    library = tmp_path_factory.mktemp("numba-runtime") / "runtime.so"
    sources = sorted(str(path) for path in SOURCES.glob("*.c"))
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-ffp-contract=off", "-o", library, *sources, "-lm"],
        check=True,
    )
    return ctypes.CDLL(str(library))


def theirs_at(name: str) -> int:
    """The address of Numba's helper of that name."""
    from numba import _helperlib

    return _helperlib.c_helpers[name.removeprefix("numba_")]


def both(
    ours: ctypes.CDLL, name: str, result: object, *arguments: object
) -> tuple[Callable, Callable]:
    """A function of ours and Numba's of the same name."""
    kind = ctypes.CFUNCTYPE(result, *arguments)
    return kind((name, ours)), kind(theirs_at(name))


def bits(number: float) -> bytes:
    return struct.pack("d", number)


NUMBERS = [
    *(0.0, -0.0, 0.5, 1.0, -1.5, 2.0, 3.7, 10.25, -170.5, 171.0, 1e-300, 1e300),
    *(math.inf, -math.inf, math.nan),
]


@pytest.mark.parametrize("name", ["gamma", "lgamma", "erf", "erfc"])
def test_special_functions(ours: ctypes.CDLL, name: str) -> None:
    for suffix, kind in (("", ctypes.c_double), ("f", ctypes.c_float)):
        mine, numbas = both(ours, f"numba_{name}{suffix}", kind, kind)
        for x in NUMBERS:
            assert bits(mine(x)) == bits(numbas(x)), (name, suffix, x)


def test_exponents(ours: ctypes.CDLL) -> None:
    place = ctypes.POINTER(ctypes.c_int)
    mine, numbas = both(ours, "numba_frexp", ctypes.c_double, ctypes.c_double, place)
    for x in NUMBERS:
        one, other = ctypes.c_int(7), ctypes.c_int(7)
        assert bits(mine(x, one)) == bits(numbas(x, other))
        assert one.value == other.value
    mine, numbas = both(ours, "numba_ldexp", ctypes.c_double, ctypes.c_double, ctypes.c_int)
    for x, exponent in itertools.product(NUMBERS, (0, 1, -7, 2000, -2000)):
        assert bits(mine(x, exponent)) == bits(numbas(x, exponent))


def test_conversions(ours: ctypes.CDLL) -> None:
    mine, numbas = both(ours, "numba_fptoui", ctypes.c_uint64, ctypes.c_double)
    for x in (0.0, 1.9, -1.0, 2.0**62, -(2.0**40)):
        assert mine(x) == numbas(x)


def test_powers_of_complex_numbers(ours: ctypes.CDLL) -> None:
    pair = ctypes.c_double * 2
    mine, numbas = both(ours, "numba_cpow", None, POINTER, POINTER, POINTER)
    parts = [0.0, 1.0, -2.0, 0.37, 1e10, math.inf]
    for base_real, base_imag, real, imag in itertools.product(parts, repeat=4):
        base, exponent = pair(base_real, base_imag), pair(real, imag)
        one, other = pair(), pair()
        mine(ctypes.byref(base), ctypes.byref(exponent), ctypes.byref(one))
        numbas(ctypes.byref(base), ctypes.byref(exponent), ctypes.byref(other))
        for a, b in zip(one, other, strict=True):
            # Of numbers that are none, the sign has no meaning.
            assert bits(a) == bits(b) or (math.isnan(a) and math.isnan(b)), (
                (base_real, base_imag),
                (real, imag),
            )


def reshape(
    function: Callable, shape: Sequence[int], strides: Sequence[int], new: Sequence[int], f: bool
) -> list[int] | None:
    """The strides that a helper gives; `None` if a copy is needed."""
    place = (INT * max(len(new), 1))()
    old_shape, old_strides = (INT * 8)(*shape), (INT * 8)(*strides)
    new_shape = (INT * 8)(*new)
    done = function(
        len(shape), old_shape, old_strides, len(new), new_shape, place, 8, ctypes.c_int(f)
    )
    return list(place)[: len(new)] if done else None


def test_reshape(ours: ctypes.CDLL) -> None:
    name = "numba_attempt_nocopy_reshape"
    arguments = (INT, POINTER, POINTER, INT, POINTER, POINTER, INT, ctypes.c_int)
    mine, numbas = both(ours, name, ctypes.c_int, *arguments)
    shapes = [(1,), (6,), (2, 3), (3, 2), (1, 6, 1), (2, 1, 3), (0, 3), (3, 0, 2), (2, 2, 3)]
    shapes += [(12,), (4, 3), (12, 1), (1, 1)]
    draw = random.Random(5)
    for shape, new in itertools.product(shapes, shapes):
        for _ in range(6):
            strides = [draw.choice((8, 16, 24, 48, 96, -8, 0)) for _ in shape]
            whole = [8 * math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
            for steps in (strides, whole, whole[::-1]):
                for columns_first in (False, True):
                    if columns_first and math.prod(shape) == 1:
                        # Numba's reads what is before the shape; such a stride is never used.
                        continue
                    found = reshape(mine, shape, steps, new, columns_first)
                    expected = reshape(numbas, shape, steps, new, columns_first)
                    assert found == expected, (shape, steps, new, columns_first)


class State(ctypes.Structure):
    """Numba's state of a generator."""

    _fields_ = (
        ("index", ctypes.c_int),
        ("words", ctypes.c_uint * 624),
        ("has_gauss", ctypes.c_int),
        ("gauss", ctypes.c_double),
        ("is_initialized", ctypes.c_int),
    )


def test_random_numbers(ours: ctypes.CDLL) -> None:
    init = both(ours, "numba_rnd_init", None, POINTER, ctypes.c_uint)
    shuffle = both(ours, "numba_rnd_shuffle", None, POINTER)
    poisson = both(ours, "numba_poisson_ptrs", INT, POINTER, ctypes.c_double)
    for seed in (0, 1, 12345, 2**32 - 1):
        states = [State(), State()]
        for state, start, mix, draw in zip(states, init, shuffle, poisson, strict=True):
            start(ctypes.byref(state), seed)
            mix(ctypes.byref(state))
            state.drawn = [draw(ctypes.byref(state), mean) for mean in (10, 33.3, 1e6) * 400]
        assert states[0].drawn == states[1].drawn
        assert bytes(states[0]) == bytes(states[1])


@pytest.mark.parametrize("name", ["py", "np", "internal"])
def test_states_of_threads_begin_by_chance(ours: ctypes.CDLL, name: str) -> None:
    import threading

    get = ctypes.CFUNCTYPE(POINTER)((f"numba_get_{name}_random_state", ours))
    states: list[bytes] = []

    def note() -> None:
        assert get() == get()
        state = State.from_address(get())
        assert state.is_initialized == 1
        assert state.index == 624
        states.append(bytes(state.words))

    note()
    thread = threading.Thread(target=note)
    thread.start()
    thread.join()
    assert states[0] != states[1]


DRAWS = random.Random(11)
HASH = INT


def some_of(count: int, most: int) -> list[int]:
    return [DRAWS.randrange(most) for _ in range(count)]


class Table:
    """A typed dictionary or set of one of the two, with 64-bit keys and values."""

    def __init__(self, ours: ctypes.CDLL, kind: str, *, is_ours: bool) -> None:
        self.kind = kind
        self.pick = 0 if is_ours else 1
        self.ours = ours
        self.place = POINTER()
        sizes = (0, 8, 8) if kind == "dict" else (8, 0)
        new = self.function("new_sized", ctypes.c_int, POINTER, *(INT for _ in sizes))
        assert new(ctypes.addressof(self.place), *sizes) == 0

    def function(self, name: str, result: object, *arguments: object) -> Callable:
        name = f"numba_{self.kind}_{name}"
        return both(self.ours, name, result, *arguments)[self.pick]

    def add(self, key: int, value: int) -> int:
        k, v, old = INT(key), INT(value), INT(-1)
        if self.kind == "set":
            add = self.function("add", ctypes.c_int, POINTER, POINTER, HASH)
            return add(self.place, ctypes.addressof(k), key % 13)
        insert = self.function("insert", ctypes.c_int, POINTER, POINTER, HASH, POINTER, POINTER)
        places = [ctypes.addressof(item) for item in (v, old)]
        return insert(self.place, ctypes.addressof(k), key % 13, *places)

    def remove(self, key: int) -> int:
        k, old = INT(key), INT(-1)
        if self.kind == "set":
            discard = self.function("discard", ctypes.c_int, POINTER, POINTER, HASH)
            return discard(self.place, ctypes.addressof(k), key % 13)
        lookup = self.function("lookup", INT, POINTER, POINTER, HASH, POINTER)
        entry = lookup(self.place, ctypes.addressof(k), key % 13, ctypes.addressof(old))
        if entry < 0:
            return entry
        delete = self.function("delitem", ctypes.c_int, POINTER, HASH, INT)
        return delete(self.place, key % 13, entry) * 1000 + old.value

    def pop(self) -> tuple[int, int, int]:
        key, value = INT(), INT()
        pop = self.function("popitem", ctypes.c_int, POINTER, POINTER, POINTER)
        status = pop(self.place, ctypes.addressof(key), ctypes.addressof(value))
        return status, key.value, value.value

    def contents(self) -> list[int]:
        """Keys, values and the last status, in the order of iteration."""
        size = self.function("iter_sizeof", ctypes.c_size_t)()
        assert size <= (32 if self.kind != "list" else 24)
        iterator = ctypes.create_string_buffer(64)
        self.function("iter", None, POINTER, POINTER)(iterator, self.place)
        outs = [POINTER() for _ in range(2 if self.kind == "dict" else 1)]
        following = self.function("iter_next", ctypes.c_int, POINTER, *(POINTER for _ in outs))
        found = [self.function("length", INT, POINTER)(self.place)]
        while (status := following(iterator, *map(ctypes.addressof, outs))) == 0:
            found += [INT.from_address(out.value or 0).value for out in outs]
        return [*found, status]

    def free(self) -> None:
        self.function("free", None, POINTER)(self.place)


@pytest.mark.parametrize("kind", ["dict", "set"])
def test_hash_tables(ours: ctypes.CDLL, kind: str) -> None:
    if kind == "set":
        from numba import _helperlib

        if "set_new_sized" not in _helperlib.c_helpers:
            pytest.skip("this Numba has no typed sets")
    tables = [Table(ours, kind, is_ours=is_ours) for is_ours in (True, False)]
    draws = random.Random(7)
    for step in range(6000):
        action, key = draws.random(), draws.randrange(300 if step % 2000 < 1500 else 9)
        if action < 0.55:
            results = [table.add(key, step) for table in tables]
        elif action < 0.9 or kind == "set":
            results = [table.remove(key) for table in tables]
            # Where an entry was is each table's own affair.
        else:
            results = [table.pop() for table in tables]
            if results[0][0] != 0:
                results = [result[0] for result in results]
        assert results[0] == results[1], (step, key)
        if step % 37 == 0:
            assert tables[0].contents() == tables[1].contents(), step
    for table in tables:
        table.free()


class List:
    """A typed list of one of the two, of 32-bit items."""

    def __init__(self, ours: ctypes.CDLL, *, is_ours: bool) -> None:
        self.ours, self.pick = ours, 0 if is_ours else 1
        self.place = POINTER()
        assert self.call("new", ctypes.addressof(self.place), INT(4), INT(0)) == 0

    def call(self, name: str, *arguments: object, result: object = ctypes.c_int) -> int:
        kinds = [POINTER if isinstance(a, int | POINTER) else INT for a in arguments]
        return both(self.ours, f"numba_list_{name}", result, *kinds)[self.pick](*arguments)

    def state(self) -> tuple[int, ...]:
        length = self.call("length", self.place, result=INT)
        item = ctypes.c_int32()
        items = []
        for index in range(length):
            assert self.call("getitem", self.place, INT(index), ctypes.addressof(item)) == 0
            items.append(item.value)
        outside = self.call("getitem", self.place, INT(length), ctypes.addressof(item))
        return length, self.call("allocated", self.place, result=INT), outside, *items


def test_lists(ours: ctypes.CDLL) -> None:
    lists = [List(ours, is_ours=is_ours) for is_ours in (True, False)]
    draws = random.Random(3)
    for step in range(3000):
        length = lists[0].call("length", lists[0].place, result=INT)
        action = draws.random()
        item = ctypes.c_int32(step)
        if action < 0.6:
            arguments = ("append", ctypes.addressof(item))
        elif action < 0.7:
            arguments = ("setitem", INT(draws.randrange(-1, length + 1)), ctypes.addressof(item))
        elif action < 0.9:
            arguments = ("delitem", INT(draws.randrange(-1, length + 1)))
        else:
            stride = draws.choice((1, 2, 3, 7, -1, -2, -5))
            first, last = sorted((draws.randrange(length + 1), draws.randrange(length + 1)))
            if stride < 0:
                first, last = min(last, length - 1), first - 1
            arguments = ("delete_slice", INT(first), INT(last), INT(stride))
        name, *rest = arguments
        statuses = [one.call(name, one.place, *rest) for one in lists]
        assert statuses[0] == statuses[1], (step, name)
        assert lists[0].state() == lists[1].state(), (step, name)


def test_owners(ours: ctypes.CDLL) -> None:
    """The layout, the destructors and the counts."""
    ours.NRT_MemSys_enable_stats()
    names = ("alloc", "free", "mi_alloc", "mi_free")
    counts = [ctypes.CFUNCTYPE(ctypes.c_size_t)((f"NRT_MemSys_get_stats_{n}", ours)) for n in names]
    before = [count() for count in counts]
    seen: list[tuple[int, int]] = []
    destructor_type = ctypes.CFUNCTYPE(None, POINTER, ctypes.c_size_t, POINTER)
    destructor = destructor_type(lambda data, size, _: seen.append((data, size)))
    new = ctypes.CFUNCTYPE(POINTER, ctypes.c_size_t, destructor_type)
    owner = new(("NRT_MemInfo_alloc_dtor", ours))(40, destructor)
    words = (ctypes.c_uint64 * 6).from_address(owner)
    assert (words[0], words[4], words[5]) == (1, 40, 0)
    assert words[3] == owner + 48
    acquire, release, decref = (
        ctypes.CFUNCTYPE(None, POINTER)((name, ours))
        for name in ("NRT_MemInfo_acquire", "NRT_MemInfo_release", "NRT_decref")
    )
    acquire(owner)
    assert words[0] == 2
    release(owner)
    assert not seen
    release(owner)
    assert seen == [(owner + 48, 40)]
    decref(None)
    aligned = ctypes.CFUNCTYPE(POINTER, ctypes.c_size_t, ctypes.c_uint)
    for align in (1, 16, 24, 64, 4096):
        owner = aligned(("NRT_MemInfo_alloc_safe_aligned", ours))(100, align)
        data = (ctypes.c_uint64 * 6).from_address(owner)[3]
        assert data % align == 0
        assert ctypes.string_at(data, 100) == b"\xcb" * 100
        decref(owner)
    sized = ctypes.CFUNCTYPE(POINTER, ctypes.c_size_t)(("NRT_MemInfo_new_varsize", ours))
    resize = ctypes.CFUNCTYPE(POINTER, POINTER, ctypes.c_size_t)
    owner = sized(16)
    data = resize(("NRT_MemInfo_varsize_realloc", ours))(owner, 1 << 20)
    assert (ctypes.c_uint64 * 6).from_address(owner)[3] == data
    decref(owner)
    made, gone, owners_made, owners_gone = (
        count() - old for count, old in zip(counts, before, strict=True)
    )
    assert made == gone
    assert owners_made == owners_gone == 7
    assert aligned(("NRT_MemInfo_alloc_aligned", ours))(2**64 - 8, 16) is None
