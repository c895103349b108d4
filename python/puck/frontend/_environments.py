"""Environments: what functions that handle Python's objects keep them in.

Only functions that print, convert objects, or raise exceptions with values of run time read theirs.
The loader makes one for each slot, from the constants that are kept here.
"""

from __future__ import annotations

import base64
from typing import Any

from numba.core import serialize
from numba.core.environment import lookup_environment

from puck.frontend._errors import FrontEndError


def describe(environments: dict[str, str]) -> dict[str, Any]:
    """What `numba.json` says of environments, which are given by the symbols of their slots."""
    described = {}
    for symbol, name in sorted(environments.items()):
        environment = lookup_environment(name)
        if environment is None:
            raise FrontEndError(
                f"the environment `{name}` is gone",
                "keep the function that it belongs to, in a module or a variable",
            )
        try:
            constants = serialize.dumps(list(environment.consts))
        except Exception as error:  # What pickling calls may raise anything.
            raise FrontEndError(
                f"a constant of a function of `{environment.globals.get('__name__')}` cannot be "
                f"kept: {error}",
                "use values that can be pickled",
            ) from error
        described[symbol] = {
            "module": environment.globals.get("__name__"),
            "constants": base64.b64encode(constants).decode(),
        }
    return described
