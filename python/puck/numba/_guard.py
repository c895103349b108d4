"""What a cached caller of a package's function does before its code is loaded.

It loads the callee's package from the environment that is used *then*, and checks that the
function is the one that was declared.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from puck._errors import PackageError
from puck.numba import _cache

if TYPE_CHECKING:
    from puck.packages._installed import Installed


_cache.install()


class Callee(_cache.Guard):
    """A function of a package.

    `declaration` is that of all functions of the name (:func:`declaration`). `body` is the digest
    of the body where it was offered for inlining, else `None`: then the body may change.
    """

    __slots__ = ("body", "function", "package", "series")

    def __init__(
        self,
        package: str,
        series: str | None,
        function: str,
        link_name: str,
        declaration: str,
        body: str | None = None,
    ) -> None:
        super().__init__(link_name, declaration)
        self.package = package
        self.series = series
        self.function = function
        self.body = body

    def with_body(self, digest: str) -> Callee:
        """The same callee, of which the caller may have that body in it."""
        return Callee(*self._key()[:-1], digest)

    def address(self) -> int:
        """Where the environment that is used *now* has the function."""
        return self.check().address(self.link_name)

    def check(self) -> Installed:
        """The package, if the environment in use has the function as it was declared.

        :raises PackageError: if it has not.
        """
        from puck.packages import _active

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
