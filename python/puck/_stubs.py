"""`python -m puck stubs [PROJECT]`: what an environment offers, for editors and type checkers.

Packages are found when a program runs, so no editor can know them by itself. This writes stub files
for them into `PROJECT/typings`, where Pyright and Pylance look without being told; for mypy, add
`mypy_path = "typings"`. They say what both `puck.open(…).NAME` and `puck.packages.NAME` offer:

    typings/puck/__init__.pyi              the module `puck`, its environments having these packages
    typings/puck/packages/__init__.pyi
    typings/puck/packages/NAME.pyi         the functions of a package

Run it again after `puck install`. Nothing else is removed or changed in the folder.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path
from typing import Any

from puck._environment import Environment, Package, open_environment
from puck._errors import PackageError
from puck._stub_types import of_c, of_portable

_HEADER = '"""Made by `python -m puck stubs`, and made again by it."""\n'
_IMPORTS = """\
from typing import Any as _Any
from typing import overload as _overload

import numpy as _np
from numpy.typing import NDArray as _NDArray
"""


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m puck stubs",
        description="Write stub files for an environment's packages, for editors.",
    )
    parser.add_argument("project", nargs="?", default=".", help="the folder that `.puck` is in")
    parser.add_argument("--output", help="the folder to write to [default: PROJECT/typings]")
    given = parser.parse_args(arguments)
    output = Path(given.output or Path(given.project) / "typings")
    try:
        written = write(open_environment(given.project), output)
    except (PackageError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{len(written)} files in {output}")
    return 0


def write(environment: Environment, output: Path) -> list[Path]:
    """Write the stub files of an environment's packages into a folder; which they are."""
    # One series has the plain name, as it has in Python.
    packages = {
        name: environment.package(name)
        for name in sorted({package.__name__ for package in environment.packages})
    }
    texts = {
        Path("puck/__init__.pyi"): _of_puck(packages),
        Path("puck/packages/__init__.pyi"): _of_packages(packages),
    }
    for name, package in packages.items():
        texts[Path(f"puck/packages/{name}.pyi")] = of_package(package)
    written = []
    for path, text in texts.items():
        place = output / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        written.append(place)
    return written


def of_package(package: Package) -> str:
    """The stub of a package: its functions."""
    lines = [_HEADER, _IMPORTS]
    for name, overloads in sorted(package._functions().items()):
        lines.extend(_function(name, overloads))
    return "\n".join(lines).rstrip() + "\n"


def _function(name: str, overloads: list[dict[str, Any]]) -> Iterator[str]:
    if not name.isidentifier() or iskeyword(name):
        # To be had by `getattr` alone.
        return
    yield ""
    # Type checkers take the first that fits, and an `int` fits where a `float` is asked for.
    signatures = dict.fromkeys(sorted(map(_signature, overloads), key=_narrowness))
    for signature in signatures:
        if len(signatures) > 1:
            yield "@_overload"
        doc = next((found["doc"] for found in overloads if found.get("doc")), None)
        yield f"def {name}{signature}: ..." if not doc else f"def {name}{signature}:"
        if doc:
            yield f"    {_docstring(doc)}"


def _docstring(text: str) -> str:
    escaped = text.strip().replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{escaped}"""' if not escaped.endswith('"') else f'"""{escaped} """'


def _signature(function: dict[str, Any]) -> str:
    """The parameters and the result, as Python writes them."""
    if "numba-signature" in function:
        names = [parameter["name"] for parameter in function["parameters"]]
        optional = ["default" in parameter for parameter in function["parameters"]]
        types, result = of_portable(function["signature"])
        types += ["_Any"] * (len(names) - len(types))
    else:
        names, types, result = of_c(function["signature"])
        optional = [False] * len(names)
    plain = [name is not None and name.isidentifier() and not iskeyword(name) for name in names]
    parts: list[str] = []
    for index, (name, ty) in enumerate(zip(names, types, strict=False)):
        # Two underscores make a parameter that is not given by name.
        shown = name if all(plain[: index + 1]) or plain[index] else f"__{index + 1}"
        is_optional = all(optional[index:])
        parts.append(f"{shown}: {ty}{' = ...' if is_optional else ''}")
    return f"({', '.join(parts)}) -> {result}"


_NARROW_FIRST = ("bool", "int", "float", "complex")


def _narrowness(signature: str) -> list[int]:
    """What sorts a signature before those whose numbers take all that its numbers take."""
    parameters = signature.rpartition(" -> ")[0]
    numbers = re.findall(r": (\w+)", parameters)
    return [_NARROW_FIRST.index(name) if name in _NARROW_FIRST else 0 for name in numbers]


def _of_packages(packages: dict[str, Package]) -> str:
    names = "".join(f"from puck.packages import {name} as {name}\n" for name in packages)
    return (
        f"{_HEADER}\nimport os as _os\nfrom typing import Any as _Any\n\n{names}\n"
        "def get(name: str, series: str | None = None) -> _Any: ...\n"
        "def use(\n"
        "    environment: str | _os.PathLike[str] | _Any | None = None, "
        "*, inline: str | None = None\n"
        ") -> None: ...\n"
    )


def _of_puck(packages: dict[str, Package]) -> str:
    imports = "".join(f"from puck.packages import {name} as _{name}\n" for name in packages)
    # A name of the class's own stays what it is.
    own = set(vars(Environment))
    attributes = "".join(f"    {name} = _{name}\n" for name in packages if name not in own)
    return f"""{_HEADER}
import os
from types import ModuleType
from typing import Any, Literal

{imports}
class PackageError(ImportError):
    hint: str | None
    def __init__(self, message: str = "", *, hint: str | None = None) -> None: ...

class Function:
    __name__: str
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    @property
    def overloads(self) -> list[Any]: ...
    @property
    def signatures(self) -> list[str]: ...
    @property
    def address(self) -> int: ...

class Package(ModuleType):
    __version__: str
    __series__: str
    def __getattr__(self, name: str) -> Any: ...
    def __getitem__(self, name: str) -> Any: ...

class Environment:
{attributes}
    @property
    def path(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def link(self) -> str: ...
    @property
    def packages(self) -> list[Package]: ...
    def package(self, name: str, series: str | None = None) -> Any: ...
    def __getitem__(self, name: str) -> Any: ...

def open(path: str | os.PathLike[str] = ".") -> Environment: ...
def user() -> Environment: ...
def export(*signatures: Any, name: str | None = None, **options: Any) -> Any: ...
def njit(*arguments: Any, **options: Any) -> Any: ...
def numba_mode(mode: Literal["off", "declare", "inline"] | None = None) -> str: ...
def numba_report() -> Any: ...
"""
