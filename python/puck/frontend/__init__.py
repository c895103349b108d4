"""The front end: Python sources to one LLVM module and what is known of its functions.

`python -m puck.frontend request.json` is what `puck build` starts for the Python files of a
package; `Session` is the same for those who compile functions one by one.

    sources ── session ──> functions ── merge ──> one module ── passes ──> module, described

- `_capture` is the only module that changes Numba: it keeps each function's own code apart
- `_session` imports sources, finds what is exported, and compiles it
- `_modules` finds a project's modules, under names that do not depend on its folder
- `_checks` refuses what cannot be exported
- `_link` puts the code of functions and of their helpers into one module, each once
- `_merge` gives that module its names
- `_wrappers` adds the entry points for C and for Python
- `_passes` simplifies the module and removes pairs of reference counts
- `_objmode` keeps what object mode runs, with what that uses of the sources
- `_text` reads a module's text: who refers to what
- `_host` routes what the process provides through one table, `_providers` says who provides what
- `_exceptions`, `_environments`, `_inline` and `_description` say what is in the module
- `_module` is where these meet
- `_build` answers a request, which `__main__` reads
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from puck.frontend._errors import FrontEndError
    from puck.frontend._session import Session

__all__ = ["FrontEndError", "Session"]

_LAZY = {"FrontEndError": "_errors", "Session": "_session"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
