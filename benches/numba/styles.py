"""The same functions in the four ways that are compared: what differs is a decorator and an import.

- `numba`: `@njit(..., cache=True)`, where every function carries its callees along
- `numbox`: `@proxy(...)` of numbox
- `dropin`: `@puck.njit(..., cache=True)`, which compiles each once into the project's local package
- `export`: plain `@njit` functions that a manifest names; callers import the package
"""

from pathlib import Path
from typing import NamedTuple

STYLES = ("numba", "numbox", "dropin", "export")


class Function(NamedTuple):
    """One function, before anything decorates it."""

    name: str
    parameters: list[str]
    signature: str
    body: list[str]
    # Names of functions in modules of the same names.
    calls: list[str]


def module(style: str, function: Function) -> str:
    """The module of a function."""
    decorators = {
        "numba": ("from numba import njit", f'@njit("{function.signature}", cache=True)'),
        "numbox": (
            "from numba import float64, int64, void\nfrom numbox.core.proxy.proxy import proxy",
            f'@proxy({function.signature}, jit_options={{"cache": True}})',
        ),
        "dropin": ("import puck", f'@puck.njit("{function.signature}", cache=True)'),
        "export": ("from numba import njit", "@njit"),
    }
    imported, decorator = decorators[style]
    lines = ["import math", "", "import numpy as np", imported]
    lines += [f"from {called} import {called}" for called in function.calls]
    if style == "numbox":
        # The wrapper that a proxy generates has its lines in this file.
        lines += ["#"] * 40
    lines += ["", "", decorator, *definition(function)]
    return "\n".join(lines) + "\n"


def definition(function: Function) -> list[str]:
    """The function itself."""
    head = f"def {function.name}({', '.join(function.parameters)}):"
    return [head, *(f"    {line}" for line in function.body)]


def manifest(package: str, functions: list[Function]) -> str:
    """The `Puck.toml` of a package of functions, each in a module of its name."""
    text = f'[package]\nname = "{package}"\nversion = "1.0.0"\n\n[build]\nsources = ["*.py"]\n'
    for function in functions:
        text += (
            f'\n[[function]]\nname = "{function.name}"\n'
            f'symbol = "{function.name}.{function.name}"\nnumba = ["{function.signature}"]\n'
        )
    return text


def write(style: str, package: str, functions: list[Function], folder: Path) -> None:
    """Writes functions; as a package that a project depends on, if they are to be exported."""
    place = folder / package if style == "export" else folder
    place.mkdir(parents=True, exist_ok=True)
    for function in functions:
        text = module(style, function)
        path = place / f"{function.name}.py"
        # What did not change keeps its time, by which Numba and others tell.
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    if style == "export":
        (place / "Puck.toml").write_text(manifest(package, functions))
        dependency = f'[dependencies]\n{package} = {{ path = "{package}" }}\n'
        (folder / "Puck.toml").write_text(dependency)


def write_caller(style: str, package: str, function: Function, folder: Path) -> None:
    """Writes a cached caller of a package's functions, which is not a part of it."""
    if style == "export":
        lines = ["from numba import njit"]
        if function.calls:
            lines.append(f"from puck.packages.{package} import {', '.join(function.calls)}")
        lines += ["", "", f'@njit("{function.signature}", cache=True)', *definition(function)]
        text = "\n".join(lines) + "\n"
    else:
        # A caller through proxies is plain Numba itself.
        text = module("numba" if style == "numbox" else style, function)
    (folder / f"{function.name}.py").write_text(text)
