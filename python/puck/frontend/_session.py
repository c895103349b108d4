"""A session: functions compiled one by one, and modules made of them."""

from __future__ import annotations

import inspect
import keyword
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import errors, sigutils, types
from numba.core.dispatcher import Dispatcher
from numba.core.typing.templates import Signature
from numba.core.typing.typeof import Purpose, typeof
from numba.np.ufunc.dufunc import DUFunc

from puck.frontend import _capture, _checks, _wrappers
from puck.frontend._errors import FrontEndError
from puck.frontend._module import Module
from puck.numba._portable import (
    ABI_CPYTHON,
    ABI_NUMBA,
    PortableSignature,
    fingerprint,
    link_name,
)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a Python function."""

    name: str
    default: Any = inspect.Parameter.empty

    @property
    def has_default(self) -> bool:
        """Whether callers may leave it out."""
        return self.default is not inspect.Parameter.empty


@dataclass(eq=False)
class Compiled:
    """A function compiled for the types of one signature."""

    package: str
    series: str
    name: str
    signature: Signature
    portable: PortableSignature
    parameters: list[Parameter]
    module: str
    qualname: str
    file: str
    line: int
    doc: str | None
    #: Numba's result. It keeps the code alive.
    result: Any = field(repr=False)

    @property
    def mangled_name(self) -> str:
        """What Numba calls the function."""
        return self.result.fndesc.llvm_func_name

    @property
    def link_name(self) -> str:
        """The symbol of the function by Numba's convention."""
        return self._symbol(ABI_NUMBA)

    @property
    def cpython_link_name(self) -> str:
        """The symbol of the entry point for Python."""
        return self._symbol(ABI_CPYTHON)

    @property
    def c_link_name(self) -> str:
        """The symbol of the view for C: as for every C function, by its C type."""
        digits = fingerprint(_wrappers.c_signature(self))
        return f"{self.package.replace('-', '_')}.{self.series}.{self.name}.{digits}"

    def _symbol(self, abi: str) -> str:
        return link_name(self.package, self.series, self.name, abi, str(self.portable))


class Session:
    """Compiles functions for a series of a package, and makes modules of them.

    There can be several in a process, one after the other or at the same time; Numba is changed by
    the first one, for good. `directory` is the project's folder: files in it are known by names
    relative to it.
    """

    def __init__(self, package: str, series: str, directory: str | Path | None = None) -> None:
        _capture.install()
        self.package, self.series = package, series
        self.directory = None if directory is None else Path(directory).absolute()
        _capture.set_portable_path(self.portable_path)

    def portable_path(self, file: str) -> str:
        """A file's name without what only this machine has."""
        if self.directory is not None and os.path.isabs(file):
            path = Path(os.path.normpath(file))
            if path.is_relative_to(self.directory):
                return path.relative_to(self.directory).as_posix()
        return _capture.outside_path(file)

    def compile(
        self,
        function: Any,
        signature: Any,
        options: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> Compiled:
        """Compiles `function`, jitted or not, for the types of `signature`.

        `options` are those of `numba.njit` for a function that is not jitted. Trailing parameters
        that have defaults may be left out of the signature: they get the types of their defaults.

        Raises `FrontEndError` for what cannot be compiled or exported.
        """
        dispatcher = self._dispatcher(function, options or {}, name)
        python = dispatcher.py_func
        name = name or python.__name__
        place = self.place(python)
        if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
            reason = ": it is a word of Python's" if keyword.iskeyword(name) else ""
            raise FrontEndError(
                f"`{name}` cannot be the name of an exported function{reason}",
                'give it one of letters, digits and `_`: `@puck.export(…, name="…")`',
                *place,
            )
        arguments, result = _normalized(signature, name, place)
        parameters = self._parameters(python, name, place)
        arguments = _with_defaults(arguments, parameters, name, place)
        compiled = self._compiled(dispatcher, arguments, result, name, place)
        if compiled.objectmode:
            raise FrontEndError(
                f"`{name}` is compiled in object mode", "use `njit` without `forceobj`", *place
            )
        made = Compiled(
            self.package,
            self.series,
            name,
            compiled.signature,
            _checks.signature_of(name, compiled.signature, place),
            parameters,
            python.__module__,
            python.__qualname__,
            *place,
            inspect.getdoc(python),
            compiled,
        )
        _checks.refuse_large(made)
        return made

    def module(
        self,
        functions: Sequence[Compiled],
        c: bool = True,
        cpython: bool = True,
        needs_elsewhere: Mapping[str, Collection[str]] | None = None,
    ) -> Module:
        """A module with `functions`, and with what they need.

        `c` and `cpython` say which entry points there are besides Numba's own. `needs_elsewhere`
        are, by link name, the providers that functions of other packages need.

        Raises `FrontEndError` for what cannot be exported.
        """
        seen: dict[tuple[str, str], Compiled] = {}
        named: dict[str, str] = {}
        for function in functions:
            other = named.setdefault(function.mangled_name, function.name)
            if other != function.name:
                raise FrontEndError(
                    f"`{function.name}` is the function that is exported as `{other}`, for the "
                    "same types",
                    "export a function that calls it: each name has code of its own",
                    function.file,
                    function.line,
                )
            key = (function.name, str(function.portable))
            before = seen.setdefault(key, function)
            if before is not function:
                raise FrontEndError(
                    f"`{function.name}` is exported twice for {function.portable}, from "
                    f"{before.file}:{before.line} also",
                    'give one of them another name: `@puck.export(…, name="…")`',
                    function.file,
                    function.line,
                )
        return Module(self.package, self.series, functions, c, cpython, needs_elsewhere)

    def place(self, python: Any) -> tuple[str, int]:
        """File and line of a Python function."""
        code = python.__code__
        return self.portable_path(code.co_filename), code.co_firstlineno

    def _dispatcher(self, function: Any, options: dict[str, Any], name: str | None) -> Dispatcher:
        if isinstance(function, Dispatcher):
            return function
        if isinstance(function, DUFunc):
            return _of_ufunc(function)
        if inspect.isfunction(function):
            return njit(**options)(function)
        raise FrontEndError(
            f"`{name or getattr(function, '__name__', '?')}` is of the type "
            f"`{type(function).__name__}`, and not a function that Numba compiles",
            "export a function that is decorated with `@njit` or `@vectorize`",
        )

    def _parameters(self, python: Any, name: str, place: tuple[str, int]) -> list[Parameter]:
        parameters = []
        for parameter in inspect.signature(python).parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise FrontEndError(
                    f"`{name}` takes any number of arguments (`*{parameter.name}`)",
                    "write its parameters out, or take a tuple",
                    *place,
                )
            parameters.append(Parameter(parameter.name, parameter.default))
        return parameters

    def _compiled(
        self, dispatcher: Dispatcher, arguments: tuple[Any, ...], result: Any, name: str,
        place: tuple[str, int],
    ) -> Any:  # fmt: skip
        """Numba's result; one that is there already is taken if it has the right type."""
        found = dispatcher.overloads.get(arguments)
        if found is not None and result is not None and found.signature.return_type != result:
            # It was compiled for a caller, which did not know of the declared result.
            dispatcher, found = _anew(dispatcher), None
        if found is None:
            could_compile = dispatcher._can_compile
            dispatcher.disable_compile(False)
            try:
                dispatcher.compile(Signature(result, arguments, None) if result else arguments)
            except FrontEndError as error:
                # Of what Numba pickles: it does not know where that was.
                if error.file is None:
                    error.file, error.line = place
                raise
            except Exception as error:  # The compiler may raise anything.
                raise self._failed(error, name, arguments, place) from error
            finally:
                dispatcher.disable_compile(not could_compile)
            found = dispatcher.overloads[arguments]
        _keep.append(dispatcher)
        return found

    def _failed(
        self, error: Exception, name: str, arguments: tuple[Any, ...], place: tuple[str, int]
    ) -> FrontEndError:
        message, hint = _checks.explain(error)
        file, line = place
        location = getattr(error, "loc", None) if isinstance(error, errors.NumbaError) else None
        if location is not None and self.portable_path(location.filename) == file:
            line = location.line
        shown = ", ".join(map(str, arguments))
        return FrontEndError(
            f"`{name}` cannot be compiled for ({shown}): {message}", hint, file, line
        )


# Environments and code live as long as what they were compiled by.
_keep: list[Any] = []


def declare(dispatcher: Any, signatures: Iterable[Any]) -> None:
    """Has `dispatcher` compile the parameters of `signatures` for the results that these declare.

    A caller that is compiled first asks by parameters only, and would get what Numba infers.
    """
    declared = {}
    for signature in signatures:
        try:
            arguments, result = sigutils.normalize_signature(signature)
        except (TypeError, NameError, SyntaxError, AttributeError):
            # Whoever exports the function says what is wrong with it.
            continue
        if result is not None:
            declared[tuple(arguments)] = Signature(result, tuple(arguments), None)
    compile_as_before = dispatcher.compile

    def compile_declared(signature: Any) -> Any:
        if isinstance(signature, tuple):
            signature = declared.get(signature, signature)
        return compile_as_before(signature)

    # `Dispatcher.get_call_template` looks it up on the object.
    dispatcher.compile = compile_declared


def _anew(dispatcher: Dispatcher) -> Dispatcher:
    """The same function, not compiled."""
    compiler = dispatcher._compiler.pipeline_class
    return type(dispatcher)(
        dispatcher.py_func, dispatcher.locals, dispatcher.targetoptions, compiler
    )


def _normalized(signature: Any, name: str, place: tuple[str, int]) -> tuple[tuple[Any, ...], Any]:
    try:
        arguments, result = sigutils.normalize_signature(signature)
    except (TypeError, NameError, SyntaxError, AttributeError) as error:
        raise FrontEndError(
            f"`{signature}` is no signature of `{name}`: {error}",
            'write it as Numba does: "float64(float64[::1], int64)"',
            *place,
        ) from error
    return tuple(arguments), result


def _with_defaults(
    arguments: tuple[Any, ...], parameters: list[Parameter], name: str, place: tuple[str, int]
) -> tuple[Any, ...]:
    """The types of all parameters."""
    missing = parameters[len(arguments) :]
    if len(arguments) > len(parameters) or not all(p.has_default for p in missing):
        raise FrontEndError(
            f"`{name}` and its signature have {len(parameters)} and {len(arguments)} parameters",
            "give the types of all parameters; those with defaults may be left out at the end",
            *place,
        )
    types_ = list(arguments)
    for parameter in missing:
        try:
            types_.append(typeof(parameter.default, Purpose.argument))
        except (ValueError, errors.NumbaError) as error:
            raise FrontEndError(
                f"`{name}`: the default of `{parameter.name}` has no type of Numba's: {error}",
                "give the types of all parameters",
                *place,
            ) from error
    return tuple(types.unliteral(ty) for ty in types_)


def _of_ufunc(ufunc: DUFunc) -> Dispatcher:
    """A function of one element each, as a `@vectorize` function is on scalars."""
    python = ufunc._dispatcher.py_func
    return njit(python)
