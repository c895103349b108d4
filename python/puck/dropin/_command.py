"""`python -m puck numba where|clear [FOLDER]`: the local package of a project."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from puck.dropin._folder import homes

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
    for home in homes(folder):
        if not os.path.isdir(home):
            continue
        if arguments[0] == "clear":
            # Renamed first: whoever looks finds all of it or nothing.
            trash = home.with_name(f".{home.name}.{os.urandom(4).hex()}")
            try:
                home.rename(trash)
                shutil.rmtree(trash)
            except OSError as error:
                print(f"error: cannot remove {home}: {error}", file=sys.stderr)
                return 1
        print(home)
    return 0
