"""What `numba.json` and `front-end.json` say of functions."""

from __future__ import annotations

import base64
import math
import pickle
import platform
from typing import Any

import llvmlite
import numba
from numba.core import serialize

from puck.frontend import _wrappers
from puck.numba import _portable
from puck.numba._portable import ABI_C, ABI_CPYTHON, ABI_NUMBA
from puck.numba._types import declared_type

_PYTHON_SIGNATURE = (
    "fn(closure: *mut c_void, args: *mut c_void, kwargs: *mut c_void) -> *mut c_void"
)


def entries(
    function: Any, needs: list[str], has_c: bool, has_cpython: bool
) -> list[dict[str, Any]]:
    """The entry points of a function that `needs` these providers, as `front-end.json` has them."""
    common = {
        "name": function.name,
        "declared": declared(function),
        "doc": function.doc,
    }
    found = [(ABI_NUMBA, _wrappers.native_signature(function), function.link_name)]
    if has_c:
        found.append((ABI_C, _wrappers.readable_c_signature(function), function.c_link_name))
    if has_cpython:
        found.append((ABI_CPYTHON, _PYTHON_SIGNATURE, function.cpython_link_name))
    return [
        {
            **common,
            "abi": abi,
            "signature": signature,
            "link-name": link_name,
            # What wraps it for the interpreter needs that, too.
            "needs": sorted({*needs, "python"}) if abi == ABI_CPYTHON else needs,
        }
        for abi, signature, link_name in found
    ]


def declared(function: Any) -> str:
    """A function's type as people write it."""
    parameters = []
    for parameter, ty in zip(function.parameters, function.signature.args, strict=True):
        default = f" = {parameter.default!r}" if parameter.has_default else ""
        parameters.append(f"{parameter.name}: {declared_type(ty)}{default}")
    return f"({', '.join(parameters)}) -> {declared_type(function.signature.return_type)}"


def numba_json(module: Any) -> dict[str, Any]:
    """All that `share/numba.json` says of a module."""
    return {
        "format": 1,
        "abi": ABI_NUMBA,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "python": platform.python_version(),
        "package": module.package,
        "series": module.series,
        "functions": [_function(module, function) for function in module.functions],
        "exceptions": module.exceptions,
        "environments": module.environments,
        "requires": module.requirements(),
    }


def _function(module: Any, function: Any) -> dict[str, Any]:
    body = module.bodies.get(function.link_name)
    described = {
        "name": function.name,
        "module": function.module,
        "file": function.file,
        "line": function.line,
        "doc": function.doc,
        "signature": str(function.portable),
        "numba-signature": str(function.signature),
        "parameters": [_parameter(parameter) for parameter in function.parameters],
        "link-name": function.link_name,
        "c": function.c_link_name if module.has_c(function) else None,
        "cpython": function.cpython_link_name if module.has_cpython(function) else None,
        "host-imports": module.reached_slots(function),
        "python": module.needs_python(function),
        "bytecode": module.has_bytecode(function),
        "raises": module.raised(function),
        "calls": module.called(function),
        "inline": body.digest if body else None,
    }
    if _needs_pickle(function.portable):
        described["pickled-type"] = _base64(serialize.dumps(function.signature))
    return described


def _needs_pickle(signature: _portable.PortableSignature) -> bool:
    """Whether the text does not say all that Numba knows of the types."""
    return not signature.is_portable


def _parameter(parameter: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"name": parameter.name}
    if parameter.has_default:
        described["default"] = _value(parameter.default)
    return described


def _value(value: Any) -> Any:
    """A default as JSON has it, or pickled."""
    plain = value is None or isinstance(value, bool | str) or type(value) is int
    if plain or (type(value) is float and math.isfinite(value)):
        return value
    return {"pickle": _base64(pickle.dumps(value, protocol=4))}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
