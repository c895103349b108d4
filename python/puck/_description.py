"""What a package says of its functions: `package.json`, and `numba.json` where some are Numba's.

Nothing here needs NumPy or Numba.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from puck._errors import PackageError

if TYPE_CHECKING:
    from puck import _puck

ABI_C = "c"
ABI_NUMBA = "numba-cpu-1"
NUMBA_FILE = "numba.json"
NUMBA_FORMAT = 1


Listed = tuple[str, str, str, bool]
"""A package of an environment: name, version, series, whether the project depends on it itself."""


def chosen(series: list[Listed]) -> Listed:
    """The one that a package's plain name means, of all that the environment has of it.

    They are listed from old to new: it is the newest of those that the project depends on itself.
    """
    return max(reversed(series), key=lambda listed: listed[3])


class Description:
    """One package of an environment, as its files describe it; they are read when it is needed."""

    def __init__(self, native: _puck.Environment, name: str, version: str, series: str) -> None:
        self.native = native
        self.name = name
        self.version = version
        self.series = series
        self.label = f"`{name}` {version}"

    @cached_property
    def document(self) -> dict[str, Any]:
        """`package.json`.

        :raises PackageError: if it is damaged.
        """
        found = self.parsed(self.native.description(self.name, self.series), "package.json")
        return self._with_functions(found, "package.json")

    @cached_property
    def numba(self) -> dict[str, Any] | None:
        """What the package says of its functions to Numba; `None` if it was not made from such.

        :raises PackageError: if it is for another convention, of a newer format, or damaged.
        """
        text = self.share(NUMBA_FILE)
        if text is None:
            return None
        numba = self.parsed(text, NUMBA_FILE)
        if numba.get("format") not in range(NUMBA_FORMAT + 1) or numba.get("abi") != ABI_NUMBA:
            raise PackageError(
                f"package {self.label} has functions of the convention {numba.get('abi')!r}, "
                f"described in format {numba.get('format')!r}; this version of Python's `puck` "
                f"knows {ABI_NUMBA!r}, format {NUMBA_FORMAT}",
                hint="install a newer `puck`, or an older version of the package",
            )
        return self._with_functions(numba, NUMBA_FILE)

    @cached_property
    def of_numba(self) -> frozenset[str]:
        """The names of functions that `numba.json` describes."""
        return frozenset(function["name"] for function in self._numba_functions)

    @property
    def _numba_functions(self) -> list[dict[str, Any]]:
        return [] if self.numba is None else self.numba["functions"]

    @cached_property
    def by_name(self) -> dict[str, list[dict[str, Any]]]:
        """Its functions, from `numba.json` where they are described there, else C's."""
        functions: dict[str, list[dict[str, Any]]] = {}
        for function in self._numba_functions:
            functions.setdefault(function["name"], []).append(function)
        for function in self.document["functions"]:
            # What C sees of a Numba function is not what Python should.
            if function.get("abi", ABI_C) == ABI_C and function["name"] not in self.of_numba:
                functions.setdefault(function["name"], []).append(function)
        return functions

    def share(self, file: str) -> bytes | None:
        """A file that came with the package."""
        return self.native.share(self.name, self.series, file)

    def parsed(self, text: str | bytes, file: str) -> dict[str, Any]:
        """What one of the package's files says.

        :raises PackageError: if it is damaged.
        """
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._damaged(file, str(error)) from None
        if isinstance(found, dict):
            return found
        reason = f"expected an object, found a value of type {type(found).__name__}"
        raise self._damaged(file, reason)

    def _with_functions(self, found: dict[str, Any], file: str) -> dict[str, Any]:
        functions = found.get("functions")
        described = isinstance(functions, list) and all(
            isinstance(function, dict)
            and all(isinstance(function.get(key), str) for key in ("name", "link-name"))
            for function in functions
        )
        if not described:
            raise self._damaged(file, "expected `functions` with their names and link names")
        return found

    def _damaged(self, file: str, reason: str) -> PackageError:
        return PackageError(
            f"`{file}` of package {self.label} in {self.native.path} is damaged: {reason}",
            hint="`puck verify --fix` repairs what is installed",
        )
