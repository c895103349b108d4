"""Calls that need no Numba: those of `puck.open()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from puck.packages._installed import Installed


def plain(installed: Installed, name: str) -> Any:
    """The functions of a name as `puck.open(…).PACKAGE.NAME` has them."""
    from puck._environment import open_environment

    environment = open_environment(installed.environment.path)
    return getattr(environment.package(installed.name, installed.series), name)
