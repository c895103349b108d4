"""The server's work: from a batch to libraries in stores."""

from __future__ import annotations

import sys
import types as pytypes
from pathlib import Path
from typing import Any

from numba.core import bytecode, event, funcdesc
from numba.core.errors import NumbaError
from numba.core.typeinfer import register_dispatcher

from puck.dropin import _emit
from puck.dropin._batch import Definition
from puck.dropin._key import NotPortable
from puck.dropin._mirror import Compiled, unpickled
from puck.dropin._sources import Changed, Sources
from puck.dropin._store import Store
from puck.frontend import FrontEndError, _capture

# Why something cannot be compiled, by identity and request, and whether that will stay so.
Refused = dict[tuple[str, str], tuple[str, bool]]


class Builder:
    """Compiles batches; Numba's own helpers stay compiled from one to the next."""

    def __init__(self) -> None:
        _capture.install()
        # As in numba.core.funcdesc, but without importing the user's modules: a function's
        # module is wanted for its name only.
        funcdesc.FunctionDescriptor.lookup_module = _module
        # In numba.core.bytecode, by which recursive calls are named.
        bytecode.FunctionIdentity.from_function = classmethod(_identity)
        self._sources = Sources()
        event.register("numba:compile", self._sources)
        self._stores: dict[Path, Store] = {}
        #: The names of the libraries that the last batch is in.
        self.made: set[str] = set()

    def build(self, targets: bytes, definitions: dict[str, Definition]) -> Refused:
        """Compile a batch into the stores; by identity and request, why something cannot be."""
        self.made = set()
        self._sources.look()
        try:
            mirrors, wanted = unpickled(definitions, targets)
        except Exception as error:  # the user's classes and modules take part
            reason = f"it cannot be sent: {type(error).__name__}: {_first_line(error)}"
            return {(identity, ""): (reason, False) for identity in definitions}
        refused: Refused = {}
        for identity, request, arguments, result in wanted:
            mirror = mirrors[identity]
            signature = arguments if result is None else result(*arguments)
            try:
                with register_dispatcher(mirror):
                    mirror.compile(signature)
            except (NumbaError, NotPortable, FrontEndError, ImportError, NotImplementedError) as e:
                refused[identity, request] = _first_line(e), True
            except Exception as error:  # any code of the user's, as for generated functions
                refused[identity, request] = f"{type(error).__name__}: {_first_line(error)}", False
            reason = mirror.refused.get(tuple(arguments))
            if reason is not None:
                refused[identity, request] = reason, True
        self._sources.look()
        groups: dict[Path, list[Compiled]] = {}
        for mirror in mirrors.values():
            for compiled in mirror.compiled.values():
                groups.setdefault(mirror.definition.folder, []).append(compiled)
        names = _emit.Names(mirrors.values(), self._sources)
        for folder, functions in groups.items():
            refused.update(self._emit(self._store(folder), functions, names))
        return refused

    def _store(self, folder: Path) -> Store:
        return self._stores.setdefault(folder, Store(folder))

    def _emit(self, store: Store, functions: list[Compiled], names: _emit.Names) -> Refused:
        """Write a library with `functions`; one by one if they cannot be in one."""
        try:
            self.made.add(_emit.emit(store, functions, names))
        except (FrontEndError, Changed) as error:
            if len(functions) == 1:
                lasting = isinstance(error, FrontEndError)
                return _all(functions, str(error).partition("\n")[0], lasting)
            refused: Refused = {}
            for function in functions:
                refused.update(self._emit(store, [function], names))
            return refused
        except OSError as error:
            return _all(functions, f"cannot write the local package: {error}", False)
        except Exception as error:
            return _all(functions, f"{type(error).__name__}: {_first_line(error)}", False)
        return {}


def _all(functions: list[Compiled], reason: str, lasting: bool) -> Refused:
    return {(one.mirror.identity, one.request): (reason, lasting) for one in functions}


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])[:300] or type(error).__name__


_from_function = bytecode.FunctionIdentity.from_function.__func__


def _identity(cls: type, py_func: Any) -> Any:
    """Name a function's module as it does itself, also where that is not imported."""
    identity = _from_function(cls, py_func)
    if identity.module is None and py_func.__module__ is not None:
        identity.modname = py_func.__module__
    return identity


_modules: dict[str, pytypes.ModuleType] = {}


def _module(self: Any) -> pytypes.ModuleType:
    name = self.modname
    found = sys.modules.get(name)
    if found is None or name == "__main__":
        found = _modules.setdefault(name, pytypes.ModuleType(name))
    return found
