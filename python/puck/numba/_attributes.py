"""What jitted code says where it names a function that a package does not have."""

from __future__ import annotations

from numba.core import types
from numba.core.typing.templates import AttributeTemplate, infer_getattr

from puck.packages._package import Package


@infer_getattr
class PackageAttributes(AttributeTemplate):
    """Asked by numba before it looks into a module itself (`BaseContext.resolve_getattr`).

    An error that is not numba's own leaves the compiler as it is.
    """

    key = types.Module

    def generic_resolve(self, module: types.Module, attribute: str) -> None:
        """Raise what `from puck.packages.NAME import FUNCTION` would."""
        package = module.pymod
        if isinstance(package, Package) and not attribute.startswith("_"):
            package._puck_installed.overloads(attribute)
