"""`@puck.export`: which functions a package offers, and for which types.

Outside of a build this is `numba.njit`, which compiles a function when it is first called. The mark
that it leaves is read by the front end when the package is built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: The attribute that marks what is exported.
MARK = "__puck_export__"

#: While the front end imports sources, what is called with each mark: it declares result types.
on_export: Callable[[Any, Export], None] | None = None


@dataclass(frozen=True)
class Export:
    """What a decorator said of a function."""

    name: str | None
    signatures: tuple[Any, ...]


def export(*signatures: Any, name: str | None = None, **options: Any) -> Any:
    """Mark a function as one that its package exports, for the types of `signatures`.

    Each signature is one of Numba's: `"float64(float64[::1], int64)"`, or the object that it stands
    for, or a list of them. The function is exported as `name`, by default its own. `options` are
    those of `numba.njit`. A function that is jitted already keeps its options, and if it was given
    signatures, none are needed here.

        @puck.export("float64(float64[::1], float64[::1])")
        def dot(x, y):
            return np.sum(x * y)

    In ordinary use the function is compiled when it is first called, as `@njit` does.
    """
    if len(signatures) == 1 and _is_function(signatures[0]):
        return export(name=name, **options)(signatures[0])
    given: list[Any] = []
    for signature in signatures:
        given.extend(signature if isinstance(signature, list) else [signature])
    mark = Export(name, tuple(given))

    def decorate(function: Any) -> Any:
        jitted = _jitted(function, options)
        # A second decorator adds signatures.
        before = getattr(jitted, MARK, ())
        setattr(jitted, MARK, (*before, mark))
        if on_export is not None:
            on_export(jitted, mark)
        return jitted

    return decorate


def _is_function(candidate: Any) -> bool:
    """Whether `@puck.export` stands without parentheses."""
    # Of `@vectorize` and `@guvectorize` there are no dispatchers.
    kinds = ("function", "DUFunc", "GUFunc")
    return hasattr(candidate, "py_func") or type(candidate).__name__ in kinds


def _jitted(function: Any, options: dict[str, Any]) -> Any:
    """What Numba makes of `function`; itself if it is jitted, or if there is no Numba."""
    if type(function).__name__ != "function":
        if options:
            names = ", ".join(sorted(options))
            raise TypeError(
                f"{names}: options belong to the decorator that compiles the function, below "
                "@puck.export"
            )
        return function
    try:
        import numba
    except ModuleNotFoundError:
        return function
    return numba.njit(**options)(function)
