"""Entry points: for C, where structures go by pointer, and for Python's interpreter.

Both call the function by Numba's own convention. Functions of the same type share the code that
converts Python's objects; an entry point of its own then only says which function is meant.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.callwrapper import PyCallWrapper
from numba.core.targetconfig import ConfigStack

from puck.frontend import _capture
from puck.numba import _header, _portable

_POINTER = ir.IntType(8).as_pointer()


def c_signature(function: Any) -> str:
    """The C type of the view for C, in Puck's grammar.

    Raises `NoStructure` where C has no such type.
    """
    parameters = [
        _header.c_result_type(function.portable.result),
        "*mut *mut c_void",
        *map(_header.c_parameter_type, function.portable.parameters),
    ]
    return f"fn({','.join(parameters)})->i32"


def readable_c_signature(function: Any) -> str:
    """As `c_signature`, with the names of parameters."""
    names = ["result", "exception", *(parameter.name for parameter in function.parameters)]
    types_ = c_signature(function)[3 : -len(")->i32")].split(",")
    shown = []
    for index, (name, ty) in enumerate(zip(names, types_, strict=True)):
        usable = name.isidentifier() and name.isascii() and name not in names[:index]
        shown.append(f"{name}: {ty}" if usable and name not in _RESERVED.split() else ty)
    return f"fn({', '.join(shown)}) -> i32"


# Words of Rust's: no parameter can be called so.
_RESERVED = """
_ Self abstract as async await become box break const continue crate do dyn else enum extern
false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return
self static struct super trait true try type typeof union unsafe unsized use virtual where while
yield
"""


def native_signature(function: Any) -> str:
    """The C type of the function by Numba's convention: flat, and pointers to what LLVM has."""
    context = function.result.target_context
    fndesc = function.result.fndesc
    ty = context.call_conv.get_function_type(fndesc.restype, fndesc.argtypes)
    return f"fn({', '.join(map(_flat_type, ty.args))}) -> i32"


def native_parameters(function: Any) -> int:
    """How many parameters the function has by Numba's own convention."""
    fndesc = function.result.fndesc
    call_conv = function.result.target_context.call_conv
    return len(call_conv.get_function_type(fndesc.restype, fndesc.argtypes).args)


def _flat_type(ty: ir.Type) -> str:
    """An LLVM type in Puck's grammar, which has no structures."""
    if isinstance(ty, ir.IntType):
        return "bool" if ty.width == 1 else f"i{ty.width}"
    if isinstance(ty, ir.FloatType | ir.DoubleType):
        return "f32" if isinstance(ty, ir.FloatType) else "f64"
    target = ty.pointee
    if isinstance(target, ir.PointerType):
        return "*mut *mut c_void"
    is_number = isinstance(target, ir.FloatType | ir.DoubleType) or (
        isinstance(target, ir.IntType) and target.width in (16, 32, 64)
    )
    return f"*mut {_flat_type(target)}" if is_number else "*mut c_void"


def c_views(functions: Iterable[Any]) -> llvm.ModuleRef:
    """A module with the views for C of `functions`."""
    module = ir.Module("c views")
    for function in functions:
        _c_view(module, function)
    return _parsed(module)


def _c_view(module: ir.Module, function: Any) -> None:
    context, fndesc = function.result.target_context, function.result.fndesc
    convention = context.call_conv
    native = convention.get_function_type(fndesc.restype, fndesc.argtypes)
    callee = ir.Function(module, native, function.mangled_name)
    by_pointer = [_header.is_passed_by_pointer(ty) for ty in function.portable.parameters]
    parameters = [
        context.get_data_type(ty).as_pointer() if pointer else context.get_value_type(ty)
        for ty, pointer in zip(fndesc.argtypes, by_pointer, strict=True)
    ]
    is_void = isinstance(fndesc.restype, types.NoneType)
    result = _POINTER if is_void else native.args[0]
    view = ir.Function(
        module, ir.FunctionType(native.return_type, [result, native.args[1], *parameters]),
        function.c_link_name,
    )  # fmt: skip
    builder = ir.IRBuilder(view.append_basic_block("entry"))
    values = []
    for ty, pointer, value in zip(fndesc.argtypes, by_pointer, view.args[2:], strict=True):
        model = context.data_model_manager[ty]
        values.append(model.load_from_data_pointer(builder, value) if pointer else value)
    flat = context.get_arg_packer(fndesc.argtypes).as_arguments(builder, values)
    # Numba writes a null where nothing is returned; the caller has no place for it.
    place = builder.alloca(native.args[0].pointee) if is_void else view.args[0]
    builder.ret(builder.call(callee, [place, view.args[1], *flat]))


class _SharedWrapper(PyCallWrapper):
    """Numba's entry point for Python (`numba.core.callwrapper`), for any function of one type."""

    def build(self) -> Any:
        """Stands for `PyCallWrapper.build`: the callee is a parameter."""
        pointer = self.context.get_argument_type(types.pyobject)
        callee_type = self.func.function_type.as_pointer()
        wrapper_type = ir.FunctionType(pointer, [pointer] * 3 + [callee_type])
        wrapper = ir.Function(self.module, wrapper_type, self.module.name)
        builder = ir.IRBuilder(wrapper.append_basic_block("entry"))
        closure, args, kwargs, self.func = wrapper.args
        api = self.context.get_python_api(builder)
        self.build_wrapper(api, builder, closure, args, kwargs)
        return wrapper, api


def python_entries(functions: Iterable[Any]) -> list[llvm.ModuleRef]:
    """Modules with the entry points for Python of `functions`."""
    modules: list[llvm.ModuleRef] = []
    shared: dict[Any, str] = {}
    entries = ""
    for function in functions:
        request = function.result.library.python_request
        fndesc = request.fndesc
        key = (fndesc.argtypes, fndesc.restype, request.release_gil, request.flags)
        name = shared.get(key)
        if name is None:
            name = shared[key] = f"python.entry.{len(shared)}"
            modules.append(_shared_wrapper(request, name))
            entries += f'declare ptr @"{name}"(ptr, ptr, ptr, ptr)\n'
        entries += (
            f'declare i32 @"{function.mangled_name}"()\n'
            f'define ptr @"{function.cpython_link_name}"(ptr %0, ptr %1, ptr %2) {{\n'
            f'  %4 = tail call ptr @"{name}"(ptr %0, ptr %1, ptr %2, '
            f'ptr @"{function.mangled_name}")\n'
            "  ret ptr %4\n}\n"
        )
    if entries:
        modules.append(llvm.parse_assembly(entries))
    return modules


def _shared_wrapper(request: _capture.WrapperRequest, name: str) -> llvm.ModuleRef:
    """As `CPUContext.create_cpython_wrapper`, under the flags of the function."""
    context = request.context
    # What it is called in messages about numbers of arguments.
    fndesc = copy.copy(request.fndesc)
    fndesc.qualname = "function"
    with ConfigStack().enter(request.flags):
        module = context.create_module(name)
        native = context.call_conv.get_function_type(fndesc.restype, fndesc.argtypes)
        callee = ir.Function(module, native, fndesc.llvm_func_name)
        wrapper = _SharedWrapper(
            context, module, callee, fndesc, request.environment, request.call_helper,
            request.release_gil,
        )  # fmt: skip
        # Converting a value, a literal for instance, may ask which library code is made for.
        with context.push_code_library(context.codegen().create_library(name)):
            wrapper.build()
    parsed = _parsed(module)
    for function in parsed.functions:
        if function.name.startswith("__excinfo_unwrap_args"):
            function.linkage = "internal"
    return parsed


def _parsed(module: ir.Module) -> llvm.ModuleRef:
    parsed = llvm.parse_assembly(cgutils.normalize_ir_text(str(module)))
    parsed.verify()
    return parsed


def is_portable(ty: _portable.PortableSignature) -> bool:
    """Whether a function of that type can have a view for C."""
    try:
        for parameter in ty.parameters:
            _header.c_parameter_type(parameter)
        _header.c_result_type(ty.result)
    except _header.NoStructure:
        return False
    return ty.is_portable
