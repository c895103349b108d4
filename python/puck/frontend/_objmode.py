"""Object mode: functions that the interpreter runs, where the package is used.

Numba keeps a `with objmode` block as a pickle in the function's code. Its functions are pickled by
the names of their modules, which are the sources' and not there where the package is used. So those
are kept whole here, as bytecode, with the globals that they refer to. What of the sources cannot be
kept so, a class or a module, is refused.

Bytecode is for one version of Python: `bytecode` finds the functions that need it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from numba import cloudpickle
from numba.core import serialize
from numba.core.environment import lookup_environment

from puck.frontend._errors import FrontEndError
from puck.frontend._text import ModuleText, pickled

# As cloudpickle names the class of code objects.
_CODE = b"CodeType"


class _State:
    installed = False
    #: Whether a module, given by its name and a file, is only on this machine.
    is_ours: Callable[[str | None, str | None], bool] = staticmethod(lambda name, file: False)
    #: What could not be kept last. Numba may go on without it, and have an address in its place.
    refused: FrontEndError | None = None


def keep_functions(is_ours: Callable[[str | None, str | None], bool]) -> None:
    """Has functions of modules that are `is_ours` pickled whole from now on."""
    _State.is_ours = staticmethod(is_ours)
    if not _State.installed:
        _originals["_function_reduce"] = cloudpickle.Pickler._function_reduce
        _originals["reducer_override"] = cloudpickle.Pickler.reducer_override
        cloudpickle.Pickler._function_reduce = _function_reduce
        cloudpickle.Pickler.reducer_override = _reducer_override
        _State.installed = True


def refused() -> FrontEndError | None:
    """Why an object of the sources could not be kept, if that was so."""
    return _State.refused


def bytecode(text: ModuleText, environments: dict[str, str]) -> set[str]:
    """The symbols of the module that have bytecode: constants, and cells of environments.

    `environments` are the slots' symbols with Numba's names.
    """
    found = set()
    for name, line in text.variables.items():
        data = pickled(line)
        if data is not None and _CODE in data:
            found.add(name)
    for name in environments.values():
        environment = lookup_environment(name)
        if environment is not None and _CODE in serialize.dumps(list(environment.consts)):
            found.add(name)
    return found


def _function_reduce(pickler: Any, function: FunctionType) -> Any:
    """Stands for `cloudpickle.Pickler._function_reduce`.

    Without a module's name, Numba takes the globals that the function brings
    (`numba.core.funcdesc.FunctionDescriptor._get_function_info`): those of a module that happens to
    have the name where the package is used would be others.
    """
    if not _State.is_ours(function.__module__, function.__code__.co_filename):
        return _originals["_function_reduce"](pickler, function)
    _note(pickler, "functions", function)
    make, arguments, (attributes, slots), *rest = pickler._dynamic_function_reduce(function)
    return (make, arguments, (attributes, {**slots, "__module__": None}), *rest)


def _reducer_override(pickler: Any, candidate: Any) -> Any:
    """Adds to `cloudpickle.Pickler.reducer_override` what cannot be kept."""
    is_class = isinstance(candidate, type)
    if is_class or isinstance(candidate, ModuleType):
        name = candidate.__module__ if is_class else candidate.__name__
        file = getattr(sys.modules.get(name), "__file__", None)
        if "<locals>" not in getattr(candidate, "__qualname__", "") and _State.is_ours(name, file):
            _note(pickler, "others", candidate)
    return _originals["reducer_override"](pickler, candidate)


def _note(pickler: Any, kind: str, candidate: Any) -> None:
    """Remembers what a pickle has, and refuses functions of the sources together with the rest of
    them: an exception's class alone is found, or made, by its name.
    """
    noted = vars(pickler).setdefault("_puck_noted", {})
    noted.setdefault(kind, candidate)
    if len(noted) == 2:
        found, function = noted["others"], noted["functions"]
        kind = "class" if isinstance(found, type) else "module"
        name = f"{found.__module__}.{found.__qualname__}" if kind == "class" else found.__name__
        _State.refused = FrontEndError(
            f"object mode in `{function.__qualname__}` uses the {kind} `{name}` of the sources, "
            "which is not there where the package is used",
            "use functions and plain values there, or put what it needs into a Python package that "
            "is installed beside this one",
        )
        raise _State.refused


_originals: dict[str, Any] = {}
