"""Modules of the front end, loaded into this process and called as C would call them."""

import base64
import ctypes
import hashlib
import pickle
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
from numba import _dynfunc
from numba.core.codegen import AOTCPUCodegen
from numba.core.environment import Environment
from numba.core.runtime import rtsys

from puck import linker
from puck.frontend import Session, _passes
from puck.numba import _portable as portable

SOURCES = Path(__file__).parent / "sources"

_SCALARS = {
    "bool": ctypes.c_uint8,
    "i8": ctypes.c_int8,
    "i16": ctypes.c_int16,
    "i32": ctypes.c_int32,
    "i64": ctypes.c_int64,
    "u8": ctypes.c_uint8,
    "u16": ctypes.c_uint16,
    "u32": ctypes.c_uint32,
    "u64": ctypes.c_uint64,
    "f32": ctypes.c_float,
    "f64": ctypes.c_double,
}


def _object(module):
    """The module compiled for this processor, with Numba's own passes."""
    code = AOTCPUCodegen("puck", cpu_name="host")
    # The passes change what they are given.
    copy = llvm.parse_bitcode(module.bitcode)
    library = code.create_library(module.name)
    copy.data_layout = code._data_layout
    library._final_module = copy
    library._optimize_final_module()
    _passes.drop_unused(copy, code._tm)
    copy.verify()
    return code._tm.emit_object(copy)


class Raised(Exception):
    """What a function that is called as C calls it ended with: the exception's description."""


class Loaded:
    """A module that is linked, loaded, and has its table filled."""

    def __init__(self, module, folder):
        self.module = module
        path = Path(folder) / f"{module.name}.{hashlib.sha1(module.bitcode).hexdigest()[:8]}.so"
        linker.link([_object(module)], path, module.symbols)
        self.library = ctypes.CDLL(str(path))
        self.description = module.description
        self.kept = []
        if module.imports.table:
            slots = module.imports.slots
            table = (ctypes.c_void_p * len(slots)).in_dll(self.library, module.imports.table)
            for index, (symbol, provider) in enumerate(slots):
                table[index] = self._provided(symbol, provider)
                assert table[index], f"nothing provides {symbol}"

    def _provided(self, symbol, provider):
        if provider == "environment":
            described = self.description["environments"][symbol]
            environment = Environment({"__name__": described["module"]})
            environment.consts[:] = pickle.loads(base64.b64decode(described["constants"]))
            environment.env_name = f"{self.module.name}.{symbol}"
            self.kept.append(environment)
            return id(environment)
        address = llvm.address_of_symbol(symbol)
        if not address:
            address = ctypes.cast(getattr(ctypes.pythonapi, symbol), ctypes.c_void_p).value
        return address

    def function(self, name, signature=None):
        """The compiled function of that name."""
        found = [f for f in self.module.functions if f.name == name]
        if signature is not None:
            found = [f for f in found if str(f.portable) == signature]
        assert len(found) == 1, found
        return found[0]

    def described(self, name):
        """What numba.json says of the function."""
        return next(f for f in self.description["functions"] if f["name"] == name)

    def call(self, name, *args, signature=None):
        """Calls the view for C; the result as NumPy and Python have it."""
        function = self.function(name, signature)
        entry = getattr(self.library, function.c_link_name)
        entry.restype = ctypes.c_int32
        types = function.portable.parameters
        passed = [_passed(ty, value) for ty, value in zip(types, args, strict=True)]
        result = function.portable.result
        optional = isinstance(result, portable.Optional)
        place_type = ctype(result.item if optional else result) if str(result) != "void" else None
        place = None if place_type is None else place_type()
        exception = ctypes.c_void_p()
        status = entry(
            None if place is None else ctypes.byref(place), ctypes.byref(exception), *passed
        )
        if status == -2:
            return None
        if status != 0:
            raise Raised(self.exception(exception.value))
        return None if place is None else _returned(result.item if optional else result, place)

    def exception(self, address):
        """What numba.json says of the exception at `address`."""
        words = (ctypes.c_void_p * 3).from_address(address)
        digest = ctypes.string_at(words[2], 20).hex()
        return self.description["exceptions"][digest]

    def from_python(self, name, *args, signature=None):
        """Calls the entry point for Python."""
        function = self.function(name, signature)
        address = ctypes.cast(getattr(self.library, function.cpython_link_name), ctypes.c_void_p)
        environment = Environment({"__name__": __name__})
        self.kept.append(environment)
        module = function.result.fndesc.lookup_module()
        entry = _dynfunc.make_function(module, name, "", address.value, environment, (self,))
        return entry(*args)


def ctype(ty):
    """The structure or number that is `ty` in memory."""
    match ty:
        case portable.Scalar(name) if name in _SCALARS:
            return _SCALARS[name]
        case portable.Scalar(name):
            part = ctypes.c_float if name == "c64" else ctypes.c_double
            return _structure([("re", part), ("im", part)])
        case portable.Time():
            return ctypes.c_int64
        case portable.Array(_, dimensions, _, _, _):
            words = [("owner", ctypes.c_void_p), ("parent", ctypes.c_void_p)]
            words += [("nitems", ctypes.c_int64), ("itemsize", ctypes.c_int64)]
            words.append(("data", ctypes.c_void_p))
            words += [(name, ctypes.c_int64 * dimensions) for name in ("shape", "strides")]
            return _structure(words)
        case portable.Tuple(items, _, _):
            return _structure([(f"f{index}", ctype(item)) for index, item in enumerate(items)])
        case portable.Optional(item):
            return _structure([("value", ctype(item)), ("valid", ctypes.c_uint8)])
        case portable.Record(_, size, _):
            return ctypes.c_uint8 * size
    raise AssertionError(ty)


def _structure(fields):
    return type("Structure", (ctypes.Structure,), {"_fields_": fields})


def _value(ty, value):
    """`value` as an instance of `ctype(ty)`."""
    match ty:
        case portable.Scalar("c64" | "c128"):
            return ctype(ty)(value.real, value.imag)
        case portable.Time():
            return ctypes.c_int64(np.asarray(value).view(np.int64).item())
        case portable.Array():
            array = ctype(ty)()
            array.nitems, array.itemsize = value.size, value.itemsize
            array.data = value.ctypes.data
            array.shape[:], array.strides[:] = value.shape, value.strides
            return array
        case portable.Tuple(items, _, _):
            return ctype(ty)(*(_value(item, part) for item, part in zip(items, value, strict=True)))
        case portable.Optional(item):
            present = value is not None
            return ctype(ty)(*((_value(item, value), 1) if present else ()))
        case portable.Record():
            return ctype(ty).from_address(value.__array_interface__["data"][0])
    return ctype(ty)(value)


def _passed(ty, value):
    value = _value(ty, value)
    is_number = isinstance(value, ctypes._SimpleCData)
    return value if is_number else ctypes.byref(value)


def _returned(ty, place):
    match ty:
        case portable.Scalar("bool"):
            return bool(place.value)
        case portable.Scalar("c64" | "c128"):
            return complex(place.re, place.im)
        case portable.Tuple(items, _, _):
            parts = (getattr(place, f"f{index}") for index in range(len(items)))
            return tuple(
                _returned(item, part) if isinstance(part, ctypes.Structure) else part
                for item, part in zip(items, parts, strict=True)
            )
        case portable.Array(item, _, _, _, _):
            buffer = (ctypes.c_char * (place.nitems * place.itemsize)).from_address(place.data)
            dtype = {"f64": np.float64, "i64": np.int64}[str(item)]
            copy = np.frombuffer(bytes(buffer), dtype=dtype).reshape(list(place.shape))
            release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(
                llvm.address_of_symbol("NRT_MemInfo_release")
            )
            release(place.owner)
            return copy
    return place.value


def runtime():
    """Numba's runtime, for its counts of allocations."""
    return rtsys


def session(package="sample"):
    """A session for the sources of these tests."""
    return Session(package, "v1", SOURCES)
