"""A request answered: sources imported, what is exported collected and compiled, files written."""

from __future__ import annotations

import ast
import gc
import json
import os
import platform
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import llvmlite
import numba
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaWarning
from numba.np.ufunc.dufunc import DUFunc

from puck import _export
from puck.frontend import _objmode, _providers
from puck.frontend._errors import FrontEndError
from puck.frontend._modules import ProjectModules
from puck.frontend._session import Compiled, Session, declare

FORMAT = 1


def build(request: dict[str, Any]) -> dict[str, Any]:
    """Does what `request` asks, writes the files of the answer, and returns what it says.

    Raises `FrontEndError` where the sources are at fault.
    """
    if request.get("format") != FORMAT:
        raise FrontEndError(
            f"the request has format {request.get('format')}, and this front end knows {FORMAT}",
            "install the version of the Python package `puck` that goes with the command",
        )
    # Compiling makes millions of small objects that live on; looking through them costs a tenth.
    gc.set_threshold(100_000, 20, 20)
    directory, output = Path(request["directory"]).absolute(), Path(request["output"]).absolute()
    os.chdir(directory)
    session = Session(request["package"], request["series"], directory)
    files = ProjectModules(directory)
    files.install()
    _objmode.keep_functions(files.is_ours)
    marked: list[Any] = []

    def on_export(function: Any, mark: _export.Export) -> None:
        marked.append(function)
        if isinstance(function, Dispatcher):
            declare(function, mark.signatures)

    _export.on_export = on_export
    caught: list[str] = []
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("default")
        modules = files.import_sources(request["sources"])
        functions = list(_compiled(session, modules, marked, request["functions"]))
        if not functions:
            raise FrontEndError(
                "no function is exported",
                'decorate one with `@puck.export("float64(float64)")`, or name it in Puck.toml, '
                'with `numba = ["float64(float64)"]`',
                request["sources"][0],
            )
        module = session.module(functions, needs_elsewhere=_needs_elsewhere(request))
    files.stop()
    for warning in noted:
        is_theirs = files.relative(warning.filename) is not None
        if not is_theirs and not issubclass(warning.category, NumbaWarning):
            continue
        text = f"{session.portable_path(warning.filename)}:{warning.lineno}: {warning.message}"
        if text not in caught:
            caught.append(text)
    share = {
        "numba.json": _json(module.description),
        "numba-inline.json": _json(module.inline),
        "numba.h": module.header,
    }
    (output / "module.bc").write_bytes(module.bitcode)
    for name, text in share.items():
        (output / name).write_text(text, encoding="utf-8")
    return {
        "format": FORMAT,
        "tools": [
            f"python {platform.python_version()}",
            f"numba {numba.__version__}",
            f"llvmlite {llvmlite.__version__}",
        ],
        "inputs": sorted({*request["sources"], *files.files, *files.outside()}),
        "functions": module.exports,
        "host-imports": module.host_imports,
        "imports": _imports(module.imports.callees, request.get("dependencies", [])),
        "share": {name: name for name in share},
        "warnings": caught,
    }


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _compiled(
    session: Session,
    modules: dict[str, ModuleType],
    marked: list[Any],
    listed: list[dict[str, Any]],
) -> Iterator[Compiled]:
    """What the sources and the manifest export, compiled.

    Of the functions that decorators have `marked`, a module may have no name any more: a later one
    took it, or they are made within a function.
    """
    done: set[tuple[Any, ...]] = set()

    def once(function: Any, signature: Any, name: str | None) -> Iterator[Compiled]:
        compiled = session.compile(function, signature, name=name)
        # The manifest may repeat what a decorator says.
        key = (id(function), compiled.name, compiled.portable)
        if key not in done:
            done.add(key)
            yield compiled

    found = [(_object(modules, entry), entry) for entry in listed]
    for function, entry in found:
        if isinstance(function, Dispatcher):
            declare(function, entry.get("numba", ()))
    seen: set[int] = set()
    ours = {module.__name__ for module in modules.values()}
    named = [
        (function, module) for module in modules.values() for function in vars(module).values()
    ]
    for function, module in (*named, *((function, None) for function in marked)):
        marks = getattr(function, _export.MARK, None)
        if not isinstance(marks, tuple) or id(function) in seen:
            continue
        # What is imported from elsewhere is another package's to export.
        if getattr(function, "__module__", getattr(module, "__name__", None)) not in ours:
            continue
        seen.add(id(function))
        for mark in marks:
            for signature in _signatures(session, function, mark.signatures):
                yield from once(function, signature, mark.name)
    for function, entry in found:
        for signature in _signatures(session, function, entry.get("numba", ())):
            yield from once(function, signature, entry["name"])


def _needs_elsewhere(request: dict[str, Any]) -> dict[str, set[str]]:
    """The providers that functions of installed packages need, with those that they call."""
    described: dict[str, dict[str, Any]] = {}
    if request.get("environment"):
        for path in Path(request["environment"]).glob("share/*/numba.json"):
            functions = json.loads(path.read_text(encoding="utf-8")).get("functions", [])
            described |= {function["link-name"]: function for function in functions}
    own: dict[str, set[str]] = {}
    for name, function in described.items():
        own[name] = _providers.needs(function.get("host-imports", ()))
        if function.get("python"):
            own[name].add(_providers.PYTHON)
    needs = {}
    for name in described:
        reached, left = set[str](), [name]
        while left:
            callee = left.pop()
            if callee in described and callee not in reached:
                reached.add(callee)
                left.extend(described[callee].get("calls", ()))
        needs[name] = set().union(*(own[callee] for callee in reached))
    return needs


def _signatures(session: Session, function: Any, given: Any) -> list[Any]:
    """What was declared, or what the function was compiled for by its own decorator."""
    signatures = list(given) or list(getattr(function, "nopython_signatures", ()))
    if not signatures and isinstance(function, DUFunc):
        overloads = function._dispatcher.overloads.values()
        signatures = [overload.signature for overload in overloads]
    if not signatures:
        python = getattr(function, "py_func", function)
        raise FrontEndError(
            f"`{getattr(python, '__name__', python)}` is exported without types",
            'say for which: `@puck.export("float64(float64[::1])")`',
            *(session.place(python) if hasattr(python, "__code__") else ()),
        )
    return signatures


def _object(modules: dict[str, ModuleType], entry: dict[str, Any]) -> Any:
    """The function that an entry of the manifest names."""
    path = entry.get("object") or entry["name"]
    module_name, _, name = path.rpartition(".")
    found = [
        vars(module)[name]
        for module in modules.values()
        if name in vars(module)
        and (not module_name or f".{module.__name__}".endswith(f".{module_name}"))
    ]
    distinct = {id(candidate): candidate for candidate in found}
    if len(distinct) == 1:
        if not isinstance(found[0], Dispatcher | DUFunc | FunctionType):
            raise FrontEndError(
                f"the manifest exports `{path}`, which is of the type "
                f"`{type(found[0]).__name__}`, and not a function that Numba compiles",
                "export a function that is decorated with `@njit` or `@vectorize`",
                *_place(modules, name, found[0]),
            )
        return found[0]
    if distinct:
        names = sorted(m.__name__ for m in modules.values() if name in vars(m))
        raise FrontEndError(
            f"the manifest exports `{path}`, and there are several: in {', '.join(names)}",
            f'write `symbol = "{names[0]}.{name}"`',
        )
    searched = ", ".join(sorted(module.__name__ for module in modules.values()))
    raise FrontEndError(
        f"the manifest exports `{path}`, which none of the sources defines (searched: {searched})",
        "write the function's name, or `module.name`, as `symbol`",
    )


def _place(modules: dict[str, ModuleType], name: str, value: Any) -> tuple[str, int | None]:
    """The source that defines a name, and the line that does so first."""
    source, module = next((s, m) for s, m in modules.items() if vars(m).get(name) is value)
    path = Path(str(module.__file__))
    for statement in ast.parse(path.read_bytes()).body:
        bound = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)
                 and isinstance(node.ctx, ast.Store)}  # fmt: skip
        bound |= {alias.asname or alias.name for alias in getattr(statement, "names", ())
                  if isinstance(alias, ast.alias)}  # fmt: skip
        if name in bound or getattr(statement, "name", None) == name:
            return source, statement.lineno
    return source, None


def _imports(callees: tuple[str, ...], dependencies: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Functions of other packages, with the names of these."""
    names = {
        dependency["name"].replace("-", "_"): dependency["name"] for dependency in dependencies
    }
    imports = []
    for callee in callees:
        symbol = callee.partition(".")[0]
        if symbol not in names:
            raise FrontEndError(
                f"the sources call a function of the package `{symbol.replace('_', '-')}`, which "
                "is not among the dependencies",
                f"add it to [dependencies]: `puck add {symbol.replace('_', '-')}`",
            )
        imports.append({"package": names[symbol], "link-name": callee})
    return imports
