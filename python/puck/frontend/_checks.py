"""What cannot be exported, and what to do instead."""

from __future__ import annotations

import re
from typing import Any

from numba.core import errors, types
from numba.core.typing.templates import Signature

from puck.frontend import _capture, _objmode, _wrappers
from puck.frontend._errors import FrontEndError
from puck.frontend._text import ModuleText
from puck.numba._portable import PortableError, PortableSignature, parse_signature
from puck.numba._types import UnsupportedType, portable_signature, portable_type

# Where an object is in this process, as `repr` has it.
_PLACE = re.compile(r" at 0x[0-9a-f]+")
_ADDRESS = re.compile(r"inttoptr \(i64 (\d{6,}) to ptr\)")


def signature_of(name: str, signature: Signature, place: tuple[str, int]) -> PortableSignature:
    """The portable signature of the compiled function `name`.

    Raises `FrontEndError` for types that cannot be exported.
    """
    for what, ty in (
        *((f"parameter {index + 1}", ty) for index, ty in enumerate(signature.args)),
        ("the result", signature.return_type),
    ):
        if isinstance(ty, types.Omitted):
            raise FrontEndError(
                f"`{name}`: {what} is `{ty}`",
                "leave it out of the signature: the function's default is used",
                *place,
            )
        try:
            if what != "the result" or not isinstance(ty, types.NoneType):
                portable_type(ty)
        except UnsupportedType as error:
            raise FrontEndError(
                f"`{name}`: {what} is {error.what}, which cannot be passed between packages",
                error.hint,
                *place,
            ) from None
    portable = portable_signature(signature)
    try:
        parse_signature(str(portable))
    except PortableError as error:
        raise FrontEndError(
            f"`{name}` has types that no caller can read: {error}",
            "use types that are nested less deeply",
            *place,
        ) from error
    return portable


#: Of an entry point, with the two places for what comes out.
_MOST_PARAMETERS = 255


def refuse_large(function: Any) -> None:
    """Refuses a compiled function that takes more than the format has room for."""
    words = _wrappers.native_parameters(function)
    if words > _MOST_PARAMETERS:
        raise FrontEndError(
            f"`{function.name}` is passed {words} words, where each part of a tuple is one and an "
            f"array five, and two for each dimension; at most {_MOST_PARAMETERS} can be",
            "take an array in the place of a long tuple, or fewer arrays",
            function.file,
            function.line,
        )


def explain(error: BaseException) -> tuple[str, str | None]:
    """What an exception of the compiler or of the sources says, and what to do about it."""
    text = str(error).strip()
    if isinstance(error, errors.NumbaError):
        result = _RESULT.search(text)
        if result is not None:
            return (
                f"it returns {result[1]}, and its signature says {result[2]}",
                "change the signature, or convert what is returned",
            )
        message = _shorten(text)
        for known, hint in _NUMBA_HINTS.items():
            if known in text:
                return message, hint
        return message, "try the function in Python, where Numba shows all of its reasons"
    if isinstance(error, ImportError) and "scipy" in text.lower():
        return text, "install scipy beside numba: linear algebra is SciPy's"
    if isinstance(error, ModuleNotFoundError):
        return text, "install it for the Python that builds the package, or add it to the project"
    name = type(error).__name__
    return (f"{name}: {text}" if text else name), None


# What Numba says where a result is not of the type that was declared.
_RESULT = re.compile(r"No conversion from (.+) to (.+) for '\$\S*return_value\S*', defined at None")
_NUMBA_HINTS = {
    "scipy": "install scipy beside numba: linear algebra is SciPy's",
    "SciPy": "install scipy beside numba: linear algebra is SciPy's",
    "is not defined": "define or import the name before the function is compiled",
    "Untyped global name": "import or jit it before the function that uses it is compiled",
    "reflected list": "use arrays or `numba.typed.List`",
}


def _shorten(text: str) -> str:
    """The part of a message of Numba's that says what is wrong, without what it was doing then."""
    lines: list[str] = []
    in_source = False
    for line in text.splitlines():
        if line.startswith('File "'):
            # Place and lines of the source, up to a mark below.
            in_source = True
        elif in_source:
            in_source = line.strip() != "^"
        elif line.strip() and not line.startswith(_NO_REASON):
            lines.append(line.rstrip())
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 4], "…", *lines[-3:]]
    return "\n".join(lines)


_MOST_LINES = 16
_NO_REASON = ("Failed in ", "During: ", "This error may have", "For more information")


def refuse_addresses(text: ModuleText, functions: list[Any]) -> None:
    """Refuses code with addresses of this process in it: nothing is there in another.

    `functions` are the compiled functions with their link names and places.
    """
    cells = [name for name in text.variables if name.startswith(_capture.DYNAMIC)]
    baked = [name for name, body in text.functions.items() if _ADDRESS.search(body)]
    if not cells and not baked:
        return
    for function in functions:
        reached = text.reach(function.link_name)
        for cell in cells:
            if cell in reached:
                raise _address_error(function, _capture.dynamic_address(cell))
        if any(name in reached for name in baked):
            raise _address_error(function, None)


def _address_error(function: Any, address: _capture.DynamicAddress | None) -> FrontEndError:
    where, info = "", ""
    if address is not None:
        info = address.info
        if address.qualname != function.qualname:
            where = f" through `{address.qualname}`"
    if "ndarray" in info or info == "<class 'int'>":
        what = "a global array that is larger than 1 MB or not contiguous"
        hint = "take the array as a parameter, or make it smaller or contiguous"
    elif any(kind in info for kind in ("CFunctionType", "ExternalFunctionPointer", "_FuncPtr")):
        what = "a C function by its address (ctypes or cffi)"
        hint = "build the C source into the package, or call it outside of the exported function"
    elif "Dispatcher" in info or "CFunc" in info or "FunctionType" in info:
        what = "a function as a value"
        hint = "call the function by its name instead of passing it on"
    elif "with_objectmode" in info and (refused := _objmode.refused()) is not None:
        return FrontEndError(refused.message, refused.hint, function.file, function.line)
    else:
        info = _PLACE.sub("", info)
        what = "an address of the process that compiles it" + (f" ({info})" if info else "")
        hint = "take what is there as a parameter"
    return FrontEndError(
        f"`{function.name}` uses {what}{where}, which no other process has at that place",
        hint,
        function.file,
        function.line,
    )
