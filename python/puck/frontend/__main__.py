"""`python -m puck.frontend request.json`: what `puck build` starts for a package's Python files.

The request says what is to be compiled, and into which folder the answer goes. Exit code 2 says
that the sources are at fault: `error.json` in that folder tells how.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

EXIT_FAULT_OF_SOURCES = 2


def main() -> int:
    """Answers the request that the command line names."""
    if len(sys.argv) != 2:
        print("usage: python -m puck.frontend request.json", file=sys.stderr)
        return 1
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    output = Path(request["output"])
    # What is compiled does not depend on this machine, nor on somebody's settings.
    for variable in [name for name in os.environ if name.startswith("NUMBA_")]:
        if variable not in _KEPT:
            del os.environ[variable]
    os.environ["NUMBA_CPU_NAME"] = "generic"
    os.environ["NUMBA_CPU_FEATURES"] = ""
    # `@puck.njit` is Numba's here: what is compiled belongs to this package, and to no local one.
    os.environ["PUCK_NUMBA"] = "off"
    if request.get("environment"):
        os.environ["PUCK_ENVIRONMENT"] = request["environment"]

    from puck.frontend._errors import FrontEndError

    try:
        from puck.frontend._build import build

        answer = build(request)
    except FrontEndError as error:
        _write(output / "error.json", error.to_json())
        return EXIT_FAULT_OF_SOURCES
    _write(output / "front-end.json", answer)
    return 0


_KEPT = {"NUMBA_THREADING_LAYER", "NUMBA_NUM_THREADS"}


def _write(path: Path, content: Any) -> None:
    """Writes JSON so that the file is whole as soon as it has its name."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
