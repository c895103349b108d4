"""Installed function packages as importable modules.

```python
from puck.packages import kernels

kernels.dot(x, y)            # from Python: nothing is compiled


@njit(cache=True)
def norm(x):                 # from jitted code: declared, not embedded
    return kernels.dot(x, x) ** 0.5
```

A package is found in the environment that :func:`use` named; else in that of the variable
`PUCK_ENVIRONMENT`, of the nearest folder upward from the current directory that has a `.puck`, of
the folder of the main script, or the user's own.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

from puck.packages import _active, _finder

if TYPE_CHECKING:
    import os

    from puck.packages._package import Package

__all__ = ["get", "use"]

_finder.install()


def use(
    environment: str | os.PathLike[str] | Any | None = None, *, inline: str | None = None
) -> None:
    """Choose where packages are found, and whether bodies of callees may be inlined.

    `environment` is the folder of a project or of an environment, or an opened environment. Modules
    that were imported before keep the functions that they have; import them again for those of this
    environment. Without it, the environment stays.

    `inline` is `"auto"` (the optimiser decides, for bodies that packages offer: the default),
    `"never"`, or `"always"` (offered bodies are inlined). It holds for what is compiled from now
    on, and wins over the variable `PUCK_INLINE`.
    """
    if inline is not None:
        _active.set_inline(inline)
    if environment is not None:
        _active.use(environment)
        _finder.forget()


def get(name: str, series: str | None = None) -> Package:
    """The package of that name, of the series `v1`, `v0_3`… that is asked for, or of the newest
    that the project depends on itself.

    :raises puck.PackageError: if the environment has none.
    """
    return _finder.package(_active.environment(), name, series)


def __getattr__(name: str) -> ModuleType:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ImportError as error:
        raise AttributeError(str(error)) from error


def __dir__() -> list[str]:
    return sorted({*__all__, *_finder.names(_active.environment())})
