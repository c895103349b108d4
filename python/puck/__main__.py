"""`python -m puck`: `stubs` and `numba` are done here, everything else by the command `puck`.

The command is a program of its own and not in this package: it carries LLVM, which is several
times the size of all else here, and a script named `puck` in a virtual environment would hide the
one that a user has installed.
"""

from __future__ import annotations

import os
import shutil
import sys

_MISSING = """\
error: there is no command `puck` on PATH

hint: it is not in the Python package; `cargo install --path cli` in Puck's sources installs it"""


def main(arguments: list[str]) -> int:
    """Do what the arguments say; the exit code."""
    if arguments[:1] == ["stubs"]:
        from puck import _stubs

        return _stubs.main(arguments[1:])
    if arguments[:1] == ["numba"]:
        try:
            from puck.dropin import _command
        except ModuleNotFoundError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        return _command.main(arguments[1:])
    command = shutil.which("puck")
    if command is None:
        print(_MISSING, file=sys.stderr)
        return 127
    return os.execv(command, [command, *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
