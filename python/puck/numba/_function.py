"""A package's function as a dispatcher of Numba's.

Numba's dispatcher knows all that is needed of a function with several signatures: keyword arguments
and default values, the choice of an overload and conversions, first-class functions, and fast calls
from Python. So a package's function is one whose overloads were compiled elsewhere: each entry
point is the package's entry for Python, each library the one that stands for a declared callee.
"""

from __future__ import annotations

import base64
import pickle
from collections import OrderedDict
from functools import lru_cache, partial
from keyword import iskeyword
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from numba import __version__ as numba_version
from numba import _dispatcher, _dynfunc, types
from numba.core import typing
from numba.core.compiler_lock import global_compiler_lock
from numba.core.environment import Environment
from numba.core.typing.typeof import Purpose, typeof

from puck._errors import PackageError
from puck.numba._callee import CalleeDescriptor, CalleeLibrary, result_of
from puck.numba._guard import Callee, declaration
from puck.numba._inline import Body
from puck.numba._target import LazyDispatcher
from puck.numba._types import numba_signature
from puck.packages._lock import lock
from puck.packages._package import lookup

if TYPE_CHECKING:
    from puck.packages._installed import Installed

_signature = lru_cache(maxsize=None)(numba_signature)


class PackagedFunction(LazyDispatcher):
    """All functions of one name of a package.

    Calls from Python need entry points, and no more; what jitted code needs is made when it asks.
    """

    # While the base class sets itself up there is nothing to be made.
    _prepared = _declared = True

    def __init__(self, installed: Installed, series: str | None, name: str) -> None:
        self._installed = installed
        self._series = series
        self._described = installed.overloads(name)
        module = f"puck.packages.{installed.name.replace('-', '_')}"
        stub = _stub(self, installed, module, name)
        super().__init__(stub, {}, {"nopython": True})
        # The base class lets its C code fill in marks for default values, to compile for them; here
        # these are values like others.
        _dispatcher.Dispatcher.__init__(
            self,
            self._tm.get_pointer(),
            stub.__code__.co_argcount,
            self._fold_args,
            stub.__code__.co_varnames,
            stub.__defaults__ or (),
            False,
        )
        self._puck_module = ModuleType(module)
        self._entries: list[tuple[dict[str, Any], typing.templates.Signature, Any, Any]] = []
        self._prepared = self._declared = False

    @property
    def overloads(self) -> OrderedDict[tuple[types.Type, ...], Any]:
        """The overloads, by argument types; numba's dispatchers have them as a plain attribute."""
        self._declare()
        return self._overloads

    @overloads.setter
    def overloads(self, value: OrderedDict[tuple[types.Type, ...], Any]) -> None:
        self._overloads = value

    def _prepare(self) -> None:
        """Make what Python calls. From then on the dispatcher compiles nothing."""
        if self._prepared:
            return
        with lock:
            if self._prepared:
                return
            self._installed.load()
            entries = []
            for described in self._described:
                signature = signature_of(self._installed, described)
                environment = Environment({"__name__": self.__module__})
                entry = self._entry_point(described, environment)
                entries.append((described, signature, environment, entry))
            self._entries = entries
            self._prepared = True
            for _, signature, _, entry in entries:
                # As numba's Dispatcher.add_overload does.
                self._insert([ty._code for ty in signature.args], entry)
            self._can_compile = False

    def _declare(self) -> None:
        """Make what jitted code calls."""
        if self._declared:
            return
        with global_compiler_lock, lock:
            if self._declared:
                return
            self._prepare()
            for entry in self._entries:
                result = self._overload(*entry)
                # As numba's Dispatcher.compile does with what came from its cache.
                self.targetctx.insert_user_function(
                    result.entry_point, result.fndesc, [result.library]
                )
                self._overloads[result.signature.args] = result
            self._declared = True

    def _overload(
        self,
        described: dict[str, Any],
        signature: typing.templates.Signature,
        environment: Environment,
        entry: Any,
    ) -> Any:
        symbol = described["link-name"]
        guard = Callee(
            self._installed.name,
            self._series,
            self.__name__,
            symbol,
            declaration(self._described),
        )
        names = [parameter["name"] for parameter in described["parameters"]]
        descriptor = CalleeDescriptor(symbol, signature, names, self.__module__)
        address = partial(self._installed.address, symbol)
        body = Body(self._installed, symbol, described.get("inline"))
        library = CalleeLibrary(descriptor, self.targetctx, address, guard, body)
        annotation = described.get("numba-signature", "")
        return result_of(self, signature, library, entry, annotation, environment)

    def _entry_point(self, described: dict[str, Any], environment: Environment) -> Any:
        """What Python calls for one overload: the package's own wrapper, as numba writes it."""
        link_name = described.get("cpython")
        if link_name is None:
            raise PackageError(
                f"`{self._installed.name}.{self.__name__}` has no entry for Python",
                hint="build the package again",
            )
        return _dynfunc.make_function(
            self._puck_module,
            self.__name__,
            self.__doc__ or "",
            self._installed.address(link_name),
            environment,
            (),
        )

    def _make_finalizer(self) -> Any:
        """Called by the base class: packages are not unloaded, and neither are their functions."""
        return lambda: None

    def _compile_for_args(self, *args: Any, **kwargs: Any) -> Any:
        """Called by the dispatcher's C code while there is nothing to call, with all arguments."""
        self._prepare()
        return self

    def get_call_template(
        self, args: tuple[types.Type, ...], kws: dict[str, types.Type]
    ) -> tuple[Any, Any, tuple[types.Type, ...], dict[str, types.Type]]:
        """How numba types a call in jitted code.

        As the base class's, but default values count as the values that they are: it would ask for
        an overload that was compiled without the parameter.
        """
        self._declare()
        pysig = self._compiler.pysig
        folded = typing.fold_arguments(
            pysig,
            args,
            kws,
            lambda index, parameter, value: value,
            lambda index, parameter, default: typeof(default, Purpose.constant),
            lambda index, parameter, values: types.StarArgTuple(values),
        )
        template = typing.make_concrete_template(
            f"{self._installed.name}.{self.__name__}", self, self.nopython_signatures
        )
        return template, pysig, folded, {}

    def get_compile_result(self, sig: typing.templates.Signature) -> Any:
        """The overload for exactly these argument types."""
        self._declare()
        return super().get_compile_result(sig)

    def get_function_type(self) -> types.FunctionType | None:
        """The type of the function where there is one overload."""
        self._declare()
        return super().get_function_type()

    def _search_new_conversions(self, *args: Any, **kwargs: Any) -> bool:
        """Called by the dispatcher's C code where it knows no overload for the arguments yet."""
        given = [self.typeof_pyval(arg) for arg in args]
        found = [
            self.typingctx.install_possible_conversions(given, signature.args)
            for _, signature, _, _ in self._entries
        ]
        return any(found)

    def _explain_matching_error(self, *args: Any, **kwargs: Any) -> None:
        """Called by the dispatcher's C code where no overload takes the arguments."""
        found = ", ".join(str(self.typeof_pyval(arg)) for arg in args)
        raise TypeError(
            f"{self._installed.name}.{self.__name__} does not take ({found}); it is "
            + " or ".join(map(self._installed.declared, self._described))
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (lookup, (self._installed.name, self._series, self.__name__))

    def __repr__(self) -> str:
        # Short: numba writes it into the files of cached callers, wherever a variable is this.
        return f"<packaged {self._installed.name}.{self.__name__}>"


def signature_of(installed: Installed, described: dict[str, Any]) -> typing.templates.Signature:
    """The signature of a function in Numba's types.

    :raises PackageError: if only the Numba that the package was made with knows its types.
    """
    pickled = described.get("pickled-type")
    if pickled is None:
        return _signature(described["signature"])
    made_with = (installed.numba or {}).get("numba")
    if made_with != numba_version:
        raise PackageError(
            f"`{installed.name}.{described['name']}` takes or returns what only Numba {made_with} "
            f"understands; this is Numba {numba_version}",
            hint="build the package with this version of Numba, or use types that all understand",
        )
    return pickle.loads(base64.b64decode(pickled))


def default_values(installed: Installed, described: dict[str, Any]) -> tuple[Any, ...]:
    """The default values of a function's last parameters.

    :raises PackageError: if one is of a class that this process does not have.
    """
    return tuple(
        _value(installed, described["name"], parameter)
        for parameter in described["parameters"]
        if "default" in parameter
    )


def _value(installed: Installed, function: str, parameter: dict[str, Any]) -> Any:
    written = parameter["default"]
    if not isinstance(written, dict):
        return written
    try:
        return pickle.loads(base64.b64decode(written["pickle"]))
    except (
        pickle.UnpicklingError, ImportError, AttributeError, KeyError, TypeError, ValueError,
        EOFError,
    ) as error:  # fmt: skip
        raise PackageError(
            f"the default value of `{parameter['name']}` of `{installed.name}.{function}` cannot "
            f"be read: {error}",
            hint="install the module that its class comes from",
        ) from error


def _stub(function: PackagedFunction, installed: Installed, module: str, name: str) -> FunctionType:
    """A Python function with the parameters of the packaged one, as numba's dispatchers wrap one.

    Its place in the source is that of the function that was exported, for messages.
    """
    described = installed.overloads(name)
    first = described[0]
    names = [parameter["name"] for parameter in first["parameters"]]
    for text in (name, *names):
        if not text.isidentifier() or iskeyword(text):
            raise PackageError(f"{module}: {text!r} is no name of Python's")
    source = f"def {name}({', '.join(names)}):\n    return _function({', '.join(names)})\n"
    names_there: dict[str, Any] = {"_function": function, "__name__": module}
    exec(compile(source, first.get("file") or f"<{module}>", "exec"), names_there)
    stub = names_there[name]
    stub.__code__ = stub.__code__.replace(co_firstlineno=first.get("line") or 1)
    stub.__defaults__ = default_values(installed, first) or None
    signatures = "\n".join(f"{name}{installed.declared(one)}" for one in described)
    stub.__doc__ = "\n\n".join(filter(None, [first.get("doc"), signatures]))
    return stub
