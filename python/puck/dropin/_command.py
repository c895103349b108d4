"""`python -m puck numba where|clear [FOLDER]`: the local package of a project."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from puck.dropin._folder import homes, is_store, trash

_USAGE = """\
usage: python -m puck numba where [FOLDER]    where compiled functions of the project lie
       python -m puck numba clear [FOLDER]    remove them; they are compiled again when needed

FOLDER is the current folder if it is not given."""


def main(arguments: list[str]) -> int:
    """Do what the arguments say; the exit code."""
    if not 1 <= len(arguments) <= 2 or arguments[0] not in ("where", "clear"):
        print(_USAGE, file=sys.stderr)
        return 2
    folder = Path(arguments[1] if len(arguments) == 2 else os.curdir).absolute()
    code = 0
    for home in homes(folder):
        if not os.path.isdir(home):
            continue
        if arguments[0] == "clear":
            try:
                _clear(home)
            except OSError as error:
                print(f"error: cannot remove {home}: {error}", file=sys.stderr)
                code = 1
                continue
        print(home)
    return code


def _clear(home: Path) -> None:
    """Remove all stores; what else is there is not ours, as `PUCK_NUMBA_DIR` may be any folder."""
    for store in list(home.iterdir()):
        if is_store(store):
            # Renamed first: whoever looks finds all of it or nothing.
            shutil.rmtree(store.rename(trash(store)))
    with suppress(OSError):  # it is not empty
        home.rmdir()
