"""Functions of C's convention in jitted code.

Numba calls only functions of its own convention. So for each combination of argument types that is
used, a few instructions are written that have it: they take what C's function expects from Numba's
values, for an array the address of its data, and call it. They are linked into the caller and
inlined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils, errors, typing
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher

from puck._errors import PackageError
from puck.numba._c_types import Parameter, parse
from puck.numba._callee import CalleeDescriptor, CalleeLibrary, parsed, result_of
from puck.numba._guard import Callee, declaration
from puck.packages._package import lookup

if TYPE_CHECKING:
    from puck.packages._c_function import CFunction
    from puck.packages._installed import Installed


class CDispatcher(CPUDispatcher):
    """What numba sees of the C functions of one name.

    Python does not call it: it calls the function that it stands for.
    """

    def __init__(
        self, function: CFunction, installed: Installed, series: str | None, name: str
    ) -> None:
        self._function = function
        self._installed = installed
        self._series = series
        self._described = installed.overloads(name)
        self._parsed = [(one, parse(one["signature"])) for one in self._described]
        super().__init__(_stub(name, self._parsed[0][1].parameters), targetoptions={})

    def get_call_template(
        self, args: tuple[types.Type, ...], kws: dict[str, types.Type]
    ) -> tuple[Any, Any, tuple[types.Type, ...], dict[str, types.Type]]:
        """How numba types a call: the functions that take these arguments compete."""
        pysig = self._compiler.pysig
        folded = typing.fold_arguments(
            pysig,
            tuple(map(types.unliteral, args)),
            {name: types.unliteral(value) for name, value in kws.items()},
            lambda index, parameter, value: value,
            lambda index, parameter, default: default,
            lambda index, parameter, values: types.StarArgTuple(values),
        )
        self._offer(folded)
        template = typing.make_concrete_template(
            f"{self._installed.name}.{self.__name__}", self, self._fitting(folded)
        )
        return template, pysig, folded, {}

    def compile(self, sig: Any) -> Any:
        """Asked for by numba's Dispatcher where an overload for exactly these types is needed."""
        args = sig.args if isinstance(sig, typing.templates.Signature) else sig
        self._offer(tuple(args))
        overload = self.overloads.get(tuple(args))
        if overload is None:
            raise errors.TypingError(self._refusal(args))
        return overload.entry_point

    def only_address(self) -> int:
        """The function's address, if there is one function of the name."""
        if len(self._described) != 1:
            raise TypeError(f"{self.__name__} has several types: choose in a jitted function")
        return self._installed.address(self._described[0]["link-name"])

    def _fitting(self, args: tuple[types.Type, ...]) -> list[typing.templates.Signature]:
        fitting = []
        for _, function in self._parsed:
            signature = function.numba_signature(args)
            if signature is not None:
                fitting.append(signature)
        if not fitting:
            raise errors.TypingError(self._refusal(args))
        return fitting

    def _refusal(self, args: tuple[types.Type, ...]) -> str:
        reasons = [
            f"{self._installed.declared(one)}: {function.reason(args)}"
            for one, function in self._parsed
        ]
        found = ", ".join(map(str, args))
        return f"{self._installed.name}.{self.__name__} does not take ({found})\n" + "\n".join(
            f" * {reason}" for reason in reasons
        )

    def _offer(self, args: tuple[types.Type, ...]) -> None:
        """Make the overloads that these arguments may be for."""
        for described, function in self._parsed:
            signature = function.numba_signature(args)
            if signature is None or signature.args in self.overloads:
                continue
            self._installed.load()
            result = self._adapted(described, function.parameters, signature)
            self.targetctx.insert_user_function(result.entry_point, result.fndesc, [result.library])
            self.overloads[signature.args] = result

    def _adapted(
        self,
        described: dict[str, Any],
        parameters: list[Parameter],
        signature: typing.templates.Signature,
    ) -> Any:
        guard = Callee(
            self._installed.name,
            self._series,
            self.__name__,
            described["link-name"],
            declaration(self._described),
        )
        types_of_arguments = ",".join(map(str, signature.args))
        digest = hashlib.sha256(types_of_arguments.encode()).hexdigest()[:8]
        symbol = f"puck.c.{described['link-name']}.{digest}"
        names = [parameter.name for parameter in parameters]
        descriptor = CalleeDescriptor(symbol, signature, names, self.__module__)
        address = partial(self._installed.address, guard.link_name)
        library = AdapterLibrary(descriptor, self.targetctx, address, guard, parameters)
        # Numba looks implementations up by the entry point; one overload is one object.
        return result_of(self, signature, library, _Entry(self._function), described["signature"])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_dispatcher, (lookup, self._installed.name, self._series, self.__name__))

    def __repr__(self) -> str:
        return f"<packaged {self._installed.name}.{self.__name__}>"


class _Entry:
    """Stands for what Python would call for one overload."""

    def __init__(self, function: CFunction) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)


class AdapterLibrary(CalleeLibrary):
    """Brings the function of numba's convention that calls C's."""

    def __init__(
        self,
        descriptor: CalleeDescriptor,
        context: Any,
        address: Callable[[], int],
        guard: Callee,
        parameters: list[Parameter],
    ) -> None:
        super().__init__(descriptor, context, address, guard)
        self._link_name = guard.link_name
        self._parameters = parameters
        self._text: str | None = None
        self._adapter: Any = None

    def _get_module_for_linking(self) -> binding.ModuleRef:
        """What `CPUCodeLibrary.finalize` of a caller links in."""
        self.resolve()
        if self._text is None:
            self._text = self._write()
        module = parsed(self._text)
        if self._wrapper:
            module.link_in(self._wrapper_module())
        return module

    @property
    def _final_module(self) -> binding.ModuleRef:
        return self._get_module_for_linking()

    def get_pointer_to_function(self, name: str) -> int:
        """The address of the adapter or of its C wrapper, which are compiled for that."""
        if self._adapter is None:
            with global_compiler_lock:
                library = self.codegen.create_library(self._name)
                module = self._get_module_for_linking()
                for function in module.functions:
                    if not function.is_declaration:
                        function.linkage = binding.Linkage.external
                library.add_llvm_module(module)
                library.finalize()
            self._adapter = library
        return self._adapter.get_pointer_to_function(name)

    def _write(self) -> str:
        """The adapter's IR."""
        context, descriptor = self._context, self.fndesc
        context.refresh()
        module = context.create_module(self._name)
        function = context.declare_function(module, descriptor)
        function.linkage = "linkonce_odr"
        function.attributes.add("alwaysinline")
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        values = context.call_conv.decode_arguments(builder, descriptor.argtypes, function)
        arguments = [
            parameter.from_numba(context, builder, ty, value)
            for parameter, ty, value in zip(
                self._parameters, descriptor.argtypes, values, strict=True
            )
        ]
        result = _result_type(context, descriptor.restype)
        callee = ir.Function(
            module,
            ir.FunctionType(result, [argument.type for argument in arguments]),
            self._link_name,
        )
        for parameter, argument in zip(self._parameters, callee.args, strict=True):
            parameter.mark(argument)
        value = builder.call(callee, arguments)
        if descriptor.restype == types.none:
            value = context.get_dummy_value()
        elif isinstance(descriptor.restype, types.Boolean):
            callee.return_value.add_attribute("zeroext")
        value = context.get_return_value(builder, descriptor.restype, value)
        context.call_conv.return_value(builder, value)
        return cgutils.normalize_ir_text(str(module))


def _result_type(context: Any, ty: types.Type) -> ir.Type:
    return ir.VoidType() if ty == types.none else context.get_value_type(ty)


def _stub(name: str, parameters: list[Parameter]) -> Any:
    names = [parameter.name for parameter in parameters]
    if not all(text.isidentifier() for text in (name, *names)):
        raise PackageError(f"`{name}` or one of its parameters has no name of Python's")
    there: dict[str, Any] = {}
    exec(f"def {name}({', '.join(names)}):\n    raise NotImplementedError", there)
    return there[name]


def _dispatcher(find: Any, *key: Any) -> Any:
    """The dispatcher that was pickled, of the environment in use now."""
    found = find(*key)
    return getattr(found, "_dispatcher", found)
