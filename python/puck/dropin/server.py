"""The compile server: `python -P -m puck.dropin.server`, started by `_client`.

It reads batches from its standard input and answers on its standard output until the input ends,
which it does with the process at the other end, however that ends.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

from numba.core import config

from puck.dropin import _client


def main() -> int:
    """Serve until the input ends."""
    # Ctrl-C goes to the whole group; whether the server ends is for its owner to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # What imported modules print is not an answer, nor is there anything for them to read.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    from puck.dropin._build import Builder

    _client.disable("this is a compile server")
    try:
        hello = _client.receive(requests)
    except EOFError:
        return 0
    # As in the process that asks, settings that were made in code and not by variables too.
    for name, value in hello["settings"].items():
        setattr(config, name, value)
    sys.path[:] = hello["path"]
    os.chdir(hello["directory"])
    builder = Builder()
    _client.send(answers, _client.versions())
    folders: set[Path] = set()
    while True:
        try:
            message = _client.receive(requests)
        except EOFError:
            break
        try:
            _client.send(answers, _answer(builder, message, folders))
        except BrokenPipeError:
            return 1
    from puck.dropin._merge import merge

    for folder in folders:
        merge(folder)
    return 0


def _answer(builder: Any, message: dict[str, Any], folders: set[Path]) -> dict[str, Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        refused = builder.build(message["targets"], message["definitions"])
    folders.update(definition.folder for definition in message["definitions"].values())
    shown = [
        (warning.category, str(warning.message), warning.filename, warning.lineno)
        for warning in caught
        if warning.category.__module__.startswith("numba")
    ]
    return {"refused": refused, "made": builder.made, "warnings": shown}


if __name__ == "__main__":
    sys.exit(main())
