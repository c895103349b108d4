"""What a cached caller does before its code is loaded: it makes sure of its callee.

Numba keeps in each cache file functions that it calls before it loads the file's code
(`reload_init`). One of these here stands for one callee: it loads the callee's package from the
environment that is used *then*, checks that the function is the one that was declared, and makes
its address known to the code that is loaded next. What it raises becomes a recompilation
(`_cache`), so a callee that is gone or has changed is an error with words at worst, and never a
call of nothing.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from llvmlite import binding

from puck._errors import PackageError
from puck.numba import _cache
from puck.packages import _active

if TYPE_CHECKING:
    from puck.packages._installed import Installed

_cache.install()


class Callee:
    """A function of a package as its caller was compiled for it.

    `declaration` is that of all functions of the name (:func:`declaration`): with another
    parameter, default value or overload, the caller would have been compiled otherwise. `body` is
    the digest of the body where it was offered for inlining, else `None`: then the body may change.
    """

    __slots__ = ("body", "declaration", "function", "link_name", "package", "series")

    def __init__(
        self,
        package: str,
        series: str | None,
        function: str,
        link_name: str,
        declaration: str,
        body: str | None = None,
    ) -> None:
        self.package = package
        self.series = series
        self.function = function
        self.link_name = link_name
        self.declaration = declaration
        self.body = body

    def __call__(self) -> None:
        """Called by numba's `CompileResult._rebuild`."""
        self.bind(self.check())

    def check(self) -> Installed:
        """The package, if the environment in use has the function as it was declared.

        :raises PackageError: if it has not.
        """
        installed = _active.environment().find(self.package, self.series)
        overloads = installed.overloads(self.function)
        overload = next((one for one in overloads if one["link-name"] == self.link_name), None)
        if overload is None or declaration(overloads) != self.declaration:
            raise PackageError(
                f"the declaration of `{self.package}.{self.function}` has changed in package "
                f"{installed.label}"
            )
        if self.body is not None and overload.get("inline") != self.body:
            raise PackageError(
                f"the body of `{self.package}.{self.function}`, which was inlined, has changed in "
                f"package {installed.label}"
            )
        return installed

    def bind(self, installed: Installed) -> None:
        """Load the package, and tell LLVM where the function is."""
        installed.load()
        binding.add_symbol(self.link_name, installed.address(self.link_name))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Callee, self._key())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Callee) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"<callee {self.link_name}>"

    def _key(self) -> tuple[Any, ...]:
        return (
            self.package,
            self.series,
            self.function,
            self.link_name,
            self.declaration,
            self.body,
        )


def declaration(overloads: list[dict[str, Any]]) -> str:
    """A digest of what callers are compiled for: signatures, parameters, default values."""
    facts = sorted(
        json.dumps([one["link-name"], one.get("parameters")], sort_keys=True) for one in overloads
    )
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
