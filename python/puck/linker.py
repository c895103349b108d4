"""Objects that were compiled in this process, as a library that the dynamic linker has loaded.

No linker is needed on the machine: `puck._puck` has one.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from puck import _puck
from puck._errors import PackageError

if TYPE_CHECKING:
    from puck._puck import Environment

# What was loaded stays loaded: code that was compiled since holds addresses of it.
_loaded: dict[str, Library] = {}


class Library:
    """A library that is loaded, and stays so."""

    def __init__(self, path: str, handle: ctypes.CDLL) -> None:
        self.path = path
        self._handle = handle

    def address(self, symbol: str) -> int:
        """The address of a function or of data that the library exports."""
        try:
            address = ctypes.cast(getattr(self._handle, symbol), ctypes.c_void_p).value
        except AttributeError:
            address = None
        if not address:
            raise PackageError(f"{self.path} does not define `{symbol}`")
        return address

    def __repr__(self) -> str:
        return f"Library({self.path!r})"


def link(
    objects: Sequence[bytes],
    output: str | os.PathLike[str],
    exports: Sequence[str],
    imports: Sequence[str] = (),
    *,
    soname: str | None = None,
) -> None:
    """Link relocatable objects into the shared library `output`.

    `exports` are the symbols that others see; `imports` the link names of functions of packages
    that the objects call. Anything else that they use must be in the system's libraries. The file
    appears whole or not at all.
    """
    path = Path(output)
    _puck.link(
        [bytes(code) for code in objects],
        soname or path.name,
        list(exports),
        list(imports),
        str(path),
    )


def load(
    path: str | os.PathLike[str],
    imports: Sequence[str] = (),
    environment: Environment | None = None,
) -> Library:
    """Load a library that `link` made, after the packages that it calls.

    `environment` is where those packages are; it may be left out if all are loaded already.
    """
    place = str(Path(path).resolve())
    if place in _loaded:
        return _loaded[place]
    if environment is not None:
        for package, series in sorted({_package_of(name) for name in imports}):
            environment.load(package, series)
    try:
        handle = ctypes.CDLL(place, mode=os.RTLD_NOW | os.RTLD_LOCAL)
    except OSError as error:
        raise PackageError(f"cannot load {place}: {error}") from error
    return _loaded.setdefault(place, Library(place, handle))


def _package_of(link_name: str) -> tuple[str, str]:
    package, series, *_ = link_name.split(".")
    return package.replace("_", "-"), series
