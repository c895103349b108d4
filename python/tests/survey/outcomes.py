"""One side of the survey, in a process of its own: `outcomes.py WAY FILE`.

Ways: `numba` (plain Numba), `puck` (the installed package, called from Python), `caller` (the same,
called from jitted functions), `alone` (the package where there is no Numba). FILE gets a pickle of
`{name: [outcome, ...]}`.
"""

import pickle
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

# Classes of the kernels are found under the same names as where the package was built.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "kernels")]

import cases  # noqa: E402 - found only now
import values  # noqa: E402


def plain(case: cases.Case) -> Callable[..., Any]:
    """The function, compiled by Numba for the signature."""
    function = getattr(import_module(case.module), case.name)
    if case.signature is not None:
        function.compile(case.signature)
        # Python's numbers are converted, as a package does, and not compiled for.
        function.disable_compile()
    return function


def packaged(case: cases.Case) -> Callable[..., Any]:
    """The function of the installed package."""
    from puck.packages import survey

    return getattr(survey, case.name)


def called(case: cases.Case) -> Callable[..., Any]:
    """A jitted function that calls the package's."""
    from numba import njit

    count = len(case.calls[0]())
    names = ", ".join(f"a{i}" for i in range(count))
    scope: dict[str, Any] = {"callee": packaged(case)}
    exec(f"def caller({names}):\n    return callee({names})\n", scope)
    return njit(scope["caller"])


def served(case: cases.Case) -> Callable[..., Any]:
    """The function of the installed package, in a process that cannot import Numba."""
    import puck

    return getattr(puck.open(".").survey, case.name)


def main(way: str, file: str) -> None:
    """Calls everything that can be, and writes what came out."""
    make = {"numba": plain, "puck": packaged, "caller": called, "alone": served}[way]
    found: dict[str, Any] = {}
    if way == "alone":
        sys.modules["numba"] = None  # type: ignore[assignment]
        every = cases.CASES
    else:
        every = [*cases.CASES, *cases.structures()]
    for case in every:
        try:
            function = make(case)
        except Exception as error:
            found[case.name] = [("cannot be had", f"{type(error).__name__}: {error}")]
            continue
        found[case.name] = [values.outcome(function, arguments()) for arguments in case.calls]
    Path(file).write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
