"""Classes of the user's modules as pickles refer to them: `puck.dropin.classes."module:name"`.

The compile server does not import the user's modules, so that a script without a main guard is
not run twice and a class of `__main__` means the class of whichever process loads it. It makes
a stand-in for such a class, whose pickles name this module; loading one finds the real class.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    module, colon, path = name.partition(":")
    if not colon:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found: Any = import_module(module.replace("/", "."))
        for part in path.split("/"):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise AttributeError(f"the class `{path}` of module `{module}` is not there") from error
    return found
