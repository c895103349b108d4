"""Numba, changed so that each function's own code is kept apart from that of its callees.

Numba links a copy of every callee into every caller, and compiles the result. There is no public
way to the code before that. After `install`, a library that Numba finishes keeps its own module,
simplified and no more, and the list of the libraries that it refers to. What Python calls while the
sources are imported is compiled at that moment, so that modules may use their own functions.

All that is replaced in Numba is here; each function says what it stands for. What is relied upon is
the same from Numba 0.63 to 0.68.1; `install` refuses a Numba that lacks any of it.
"""

from __future__ import annotations

import ctypes
import hashlib
import marshal
import os
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import _dynfunc, cloudpickle
from numba.core import base, caching, callconv, codegen, cpu, dispatcher, environment
from numba.core.ccallback import CFunc
from numba.core.codegen import JITCodeLibrary
from numba.core.runtime import rtsys
from numba.core.targetconfig import ConfigStack
from numba.np.ufunc.ufuncbuilder import UFuncDispatcher

from puck.frontend import _link
from puck.frontend._errors import FrontEndError

#: What a cell is called that holds the address of an object of the process, before its name.
DATA_CELL = "puck.data."
#: What Numba calls the cell of a function's environment, at the start.
ENVIRONMENT = "_ZN08NumbaEnv"
#: What Numba calls a cell that holds an address of this very process.
DYNAMIC = "numba.dynamic.globals."


@dataclass
class WrapperRequest:
    """What Numba said when it asked for an entry point, for when one is made."""

    context: Any
    fndesc: Any
    environment: Any
    call_helper: Any
    release_gil: bool
    flags: Any


@dataclass(frozen=True)
class DynamicAddress:
    """An address of this process that a function's code has in it."""

    info: str
    module: str
    qualname: str


class _State:
    """What is kept from one compilation to the next."""

    installed = False
    data_cells: dict[str, ctypes.c_void_p] = {}  # noqa: RUF012 (of the process)
    dynamic: dict[str, DynamicAddress] = {}  # noqa: RUF012
    portable_path: Callable[[str], str] = staticmethod(lambda path: path)
    trampoline: int = 0
    identities: dict[str, int] = {}  # noqa: RUF012


class CapturedLibrary(JITCodeLibrary):
    """A library that is neither linked nor compiled when Numba finishes it.

    It takes the place of `JITCodeLibrary` (`numba.core.codegen`).
    """

    is_captured = True
    python_request: WrapperRequest | None = None
    c_request: WrapperRequest | None = None
    _compiled_closure: JITCodeLibrary | None = None

    def add_ir_module(self, ir_module: Any) -> None:
        """Adds to `CPUCodeLibrary.add_ir_module` that the library can be found by its functions.

        Not every library is finalized before others refer to it by name.
        """
        super().add_ir_module(ir_module)
        _link.remember(self)

    def finalize(self) -> None:
        """Stands for `CPUCodeLibrary.finalize`, which links, optimises and compiles."""
        self._raise_if_finalized()
        self._finalized = True
        for library in self._linking_libraries:
            self._reload_init.update(library._reload_init)

    def _get_module_for_linking(self) -> llvm.ModuleRef:
        """Stands for `CPUCodeLibrary._get_module_for_linking`: by libraries of other kinds."""
        return self._compile_closure()._get_module_for_linking()

    def get_pointer_to_function(self, name: str) -> int:
        """Stands for `JITCodeLibrary.get_pointer_to_function`: now it has to be compiled."""
        request = self.c_request
        if request is not None and name == request.fndesc.llvm_cfunc_wrapper_name:
            return _wrapped(self, request, _originals["create_cfunc_wrapper"], name)
        return self._compile_closure().get_pointer_to_function(name)

    def _compile_closure(self) -> JITCodeLibrary:
        """Compiles the function with all that it calls, as Numba would have."""
        if self._compiled_closure is None:
            library = JITCodeLibrary(self._codegen, self.name)
            functions = self._final_module.functions
            own = {function.name for function in functions if not function.is_declaration}
            module = _link.linked(self._codegen, self.name, [self], own)
            library._final_module = module
            library._optimize_final_module()
            module.verify()
            library._finalize_final_module()
            for variable in module.global_variables:
                found = environment.lookup_environment(variable.name)
                if found is not None and not variable.is_declaration:
                    self._codegen.set_env(variable.name, found)
            self._compiled_closure = library
        return self._compiled_closure


def dynamic_address(symbol: str) -> DynamicAddress | None:
    """What the cell `symbol` holds, and which function has it."""
    return _State.dynamic.get(symbol)


def set_portable_path(path: Callable[[str], str]) -> None:
    """Has locations in exceptions written as `path` of the file's name."""
    _State.portable_path = staticmethod(path)


def _wrapped(library: Any, request: WrapperRequest, create: Callable[..., None], name: str) -> int:
    """The address of an entry point that is made by `create`, one of Numba's own methods."""
    wrapper = CapturedLibrary(library._codegen, name)
    with ConfigStack().enter(request.flags):
        if create is _originals["create_cfunc_wrapper"]:
            create(request.context, wrapper, request.fndesc, request.environment,
                   request.call_helper)  # fmt: skip
        else:
            create(request.context, wrapper, request.fndesc, request.environment,
                   request.call_helper, release_gil=request.release_gil)  # fmt: skip
    wrapper.add_linking_library(library)
    wrapper.finalize()
    # The compiled code lives as long as the function's library.
    library.__dict__.setdefault("_wrappers", []).append(wrapper)
    return wrapper.get_pointer_to_function(name)


# What is replaced -------------------------------------------------------------------------------


def _create_cpython_wrapper(
    self: Any, library: Any, fndesc: Any, env: Any, call_helper: Any, release_gil: bool = False
) -> None:
    """Stands for `CPUContext.create_cpython_wrapper`: made when it is needed.

    How values are boxed depends on the flags that the function was compiled with.
    """
    flags = ConfigStack().top().copy()
    library.python_request = WrapperRequest(self, fndesc, env, call_helper, release_gil, flags)


def _create_cfunc_wrapper(self: Any, library: Any, fndesc: Any, env: Any, call_helper: Any) -> None:
    """Stands for `CPUContext.create_cfunc_wrapper`: made when its address is asked for."""
    flags = ConfigStack().top().copy()
    library.c_request = WrapperRequest(self, fndesc, env, call_helper, False, flags)


def _get_executable(self: Any, library: Any, fndesc: Any, env: Any) -> Any:
    """Stands for `CPUContext.get_executable`: the function is compiled when Python calls it."""
    compiled: list[Any] = []

    def call(*args: Any, **kwargs: Any) -> Any:
        if not compiled:
            request = library.python_request
            if request is None:
                raise TypeError(f"{fndesc.qualname} has no entry point for Python")
            name = fndesc.llvm_cpython_wrapper_name
            address = _wrapped(library, request, _originals["create_cpython_wrapper"], name)
            compiled.append(_function(fndesc, address, env, library))
        return compiled[0](*args, **kwargs)

    calls = environment.Environment({"__name__": __name__})
    calls.env_name = fndesc.env_name
    calls.consts.append(call)
    return _function(fndesc, _trampoline(self.codegen()), calls, library)


def _function(fndesc: Any, address: int, env: Any, library: Any) -> Any:
    """A function object as `CPUContext.get_executable` makes them."""
    name = fndesc.qualname.split(".")[-1]
    return _dynfunc.make_function(fndesc.lookup_module(), name, "", address, env, (library,))


def _trampoline(code: Any) -> int:
    """The address of a function that calls the first constant of its environment.

    The dispatcher calls functions by address. The layout is that of `numba.core.cpu.ClosureBody`
    and `EnvBody`: an environment has its globals, then its constants.
    """
    if not _State.trampoline:
        closure_body = _dynfunc._impl_info["offsetof_closure_body"]
        constants = _dynfunc._impl_info["offsetof_env_body"] + ctypes.sizeof(ctypes.c_void_p)
        library = JITCodeLibrary(code, "puck.trampoline")
        library.add_llvm_module(
            llvm.parse_assembly(f"""
            declare ptr @PyList_GetItem(ptr, i64)
            declare ptr @PyObject_Call(ptr, ptr, ptr)
            define ptr @puck.trampoline(ptr %closure, ptr %args, ptr %kwargs) {{
              %held = getelementptr i8, ptr %closure, i64 {closure_body}
              %environment = load ptr, ptr %held
              %field = getelementptr i8, ptr %environment, i64 {constants}
              %constants = load ptr, ptr %field
              %callee = call ptr @PyList_GetItem(ptr %constants, i64 0)
              %result = call ptr @PyObject_Call(ptr %callee, ptr %args, ptr %kwargs)
              ret ptr %result
            }}""")
        )
        library.finalize()
        _State.trampoline = library.get_pointer_to_function("puck.trampoline")
        _keep.append(library)
    return _State.trampoline


def _get_c_value(self: Any, builder: Any, typ: Any, name: str, dllimport: bool = False) -> Any:
    """Stands for `BaseContext.get_c_value`: the object's address comes from a cell."""
    cell = DATA_CELL + name
    if cell not in _State.data_cells:
        address = llvm.address_of_symbol(name)
        if not address:
            return _originals["get_c_value"](self, builder, typ, name, dllimport)
        held = _State.data_cells[cell] = ctypes.c_void_p(address)
        llvm.add_symbol(cell, ctypes.addressof(held))
    module = builder.function.module
    variable = module.globals.get(cell)
    if variable is None:
        variable = ir.GlobalVariable(module, typ.as_pointer(), cell)
        variable.linkage = "external"
    return builder.load(variable)


def _add_dynamic_addr(self: Any, builder: Any, intaddr: int, info: str) -> Any:
    """Stands for `BaseContext.add_dynamic_addr`: who has which address is remembered."""
    fndesc = getattr(self, "fndesc", None)
    _State.dynamic[f"{DYNAMIC}{intaddr:x}"] = DynamicAddress(
        info, getattr(fndesc, "modname", "?"), getattr(fndesc, "qualname", builder.function.name)
    )
    return _originals["add_dynamic_addr"](self, builder, intaddr, info)


def _build_excinfo_struct(self: Any, exc: Any, exc_args: Any, loc: Any, func_name: Any) -> Any:
    """Stands for `CPUCallConv.build_excinfo_struct`: no names of this machine's folders."""
    cls, args, place = _originals["build_excinfo_struct"](self, exc, exc_args, loc, func_name)
    if place is not None:
        name, file, line = place
        place = (name, _State.portable_path(file), line)
    # Some of Numba's messages say where in Numba they are from.
    if args:
        args = tuple(_without_folders(arg) if isinstance(arg, str) else arg for arg in args)
    return cls, args, place


def _uuid(self: Any) -> str:
    """Stands for `_MemoMixin._uuid`: the same sources give the same pickled dispatchers."""
    known = self._MemoMixin__uuid
    if known is None:
        function = self.py_func
        code = function.__code__
        code = code.replace(co_filename=_State.portable_path(code.co_filename))
        text = (function.__module__, function.__qualname__, type(self).__name__)
        digest = hashlib.sha256(marshal.dumps((text, code))).hexdigest()
        # Two closures may have the same code and other values in it.
        count = _State.identities[digest] = _State.identities.get(digest, -1) + 1
        known = f"puck-{digest[:32]}-{count}"
        self._set_uuid(known)
    return known


def _function_getnewargs(self: Any, func: Any) -> Any:
    """Stands for `cloudpickle.Pickler._function_getnewargs`: as for exceptions."""
    code, variables, *rest = _originals["_function_getnewargs"](self, func)
    if "__file__" in variables:
        variables["__file__"] = _State.portable_path(variables["__file__"])
    code = code.replace(co_filename=_State.portable_path(code.co_filename))
    return code, variables, *rest


_keep: list[Any] = []
_originals: dict[str, Any] = {}
# What is replaced: where it is, its name, and by what.
_REPLACED: list[tuple[Any, str, Any]] = [
    (codegen.JITCPUCodegen, "_library_class", CapturedLibrary),
    (cpu.CPUContext, "create_cpython_wrapper", _create_cpython_wrapper),
    (cpu.CPUContext, "create_cfunc_wrapper", _create_cfunc_wrapper),
    (cpu.CPUContext, "get_executable", _get_executable),
    (base.BaseContext, "get_c_value", _get_c_value),
    (base.BaseContext, "add_dynamic_addr", _add_dynamic_addr),
    (callconv.CPUCallConv, "build_excinfo_struct", _build_excinfo_struct),
    (dispatcher._MemoMixin, "_uuid", property(_uuid)),
    (cloudpickle.Pickler, "_function_getnewargs", _function_getnewargs),
    # Code from a cache has been linked already.
    (dispatcher.Dispatcher, "enable_caching", lambda _self: None),
    (UFuncDispatcher, "enable_caching", lambda _self: None),
    (CFunc, "enable_caching", lambda _self: None),
    (caching.Cache, "load_overload", lambda _self, _sig, _context: None),
    (caching.Cache, "save_overload", lambda _self, _sig, _data: None),
]
# What is used as it is.
_USED: list[tuple[Any, str]] = [
    (codegen.CPUCodeLibrary, "_optimize_final_module"),
    (codegen.CPUCodeLibrary, "_finalize_final_module"),
    (codegen.CodeLibrary, "_raise_if_finalized"),
    (codegen.JITCPUCodegen, "set_env"),
    (dispatcher._MemoMixin, "_set_uuid"),
    (environment, "lookup_environment"),
    (_dynfunc, "make_function"),
    (_dynfunc, "_impl_info"),
]


def install() -> None:
    """Changes Numba as described above. It must not have compiled anything.

    Raises `FrontEndError` for a Numba that is not as expected.
    """
    if _State.installed:
        return
    used = [*_USED, *((owner, name) for owner, name, _ in _REPLACED)]
    missing = [f"{owner.__name__}.{name}" for owner, name in used if not hasattr(owner, name)]
    if missing:
        raise FrontEndError(
            f"Numba {numba.__version__} lacks {', '.join(missing)}, which the front end relies on",
            "use a version of Numba from 0.63 to 0.68, or a newer version of the package `puck`",
        )
    if rtsys._init:
        raise FrontEndError(
            "Numba has compiled functions in this process before the front end was started",
            "make the session before any jitted function is compiled",
        )
    for owner, name, replacement in _REPLACED:
        _originals[name] = getattr(owner, name)
        setattr(owner, name, replacement)
    _State.installed = True


def outside_path(file: str) -> str:
    """The name of a file that is not the project's: from the folder that packages are in."""
    short = _without_folders(file)
    return os.path.basename(short) if os.path.isabs(short) else short


def _without_folders(text: str) -> str:
    """`text` without the folders that Python's packages are in."""
    for folder in _PACKAGES:
        text = text.replace(folder, "")
    return text


_PACKAGES = [
    sysconfig.get_paths()[key] + os.sep for key in ("purelib", "platlib", "platstdlib", "stdlib")
]
