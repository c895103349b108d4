"""The compile server, seen from the process that needs something compiled.

The server is a process of its own because the code of each function must be caught before Numba
links its callees in, which changes Numba for the whole process, and because compiling takes
memory that the program should not keep. It is started when something is missing for the first
time, and ends with this process.

A message is its length in eight bytes, then a pickle. The server's answer to a batch names what
it could not compile, and why; the rest it has added to the stores by then.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from puck.dropin import _pickle
from puck.dropin._key import NotPortable, names_in

if TYPE_CHECKING:
    from puck.dropin._function import LocalFunction

# A server that ends by itself this often is not started again.
_CRASHES = 3
# How long the process waits at its end for libraries to be merged.
_FAREWELL = 10.0


class ServerError(Exception):
    """The compile server could not be used."""


@dataclass
class Definition:
    """A function as the server needs it."""

    digest: bytes
    folder: Path
    """Of the store that its code goes to."""
    mode: str
    payload: bytes
    """Pickled: the Python function, types of locals, options, signatures."""
    known: list[tuple[str, bytes, str]] = field(default_factory=list)
    """What is compiled already: request, pickled signature, link name."""


@dataclass
class Batch:
    """What is to be compiled: targets, and the definitions of all functions that they lead to."""

    targets: list[tuple[str, str, Any, Any]] = field(default_factory=list)
    """Identity, request, argument types, result type or `None`."""
    definitions: dict[str, Definition] = field(default_factory=dict)
    _references: dict[str, dict[str, LocalFunction]] = field(default_factory=dict)

    def define(self, function: LocalFunction, digest: bytes, folder: Path) -> None:
        """Add a function."""
        local = function.local
        value = (function.py_func, function.locals, function.targetoptions, local.signatures)
        payload, references = _dumps(function, value)
        self._references[local.identity] = references
        self.definitions[local.identity] = Definition(digest, folder, local.mode, payload)

    @staticmethod
    def functions_in(arguments: Any) -> list[LocalFunction]:
        """The functions among the types of arguments."""
        return list(_pickle.dumps(arguments)[1].values())

    def referenced(self, identity: str) -> list[LocalFunction]:
        """The functions that a definition refers to."""
        return list(self._references[identity].values())


def _dumps(function: LocalFunction, value: Any) -> tuple[bytes, dict[str, Any]]:
    try:
        return _pickle.dumps(value, frozenset(names_in(function.py_func.__code__)))
    except (pickle.PicklingError, TypeError, AttributeError, ValueError) as error:
        raise NotPortable(f"`{function.py_func.__qualname__}` cannot be sent: {error}") from error


class _Server:
    """A running server."""

    def __init__(self) -> None:
        here = str(Path(__file__).parents[2])
        paths = [here, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "puck.dropin.server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
        except (OSError, ValueError) as error:
            raise ServerError(f"cannot start the compile server: {error}") from error
        self.owner = os.getpid()
        self.ask({"path": sys.path, "directory": _directory()})

    def ask(self, message: Any) -> Any:
        """Send a message and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            send(self._process.stdin, message)
            return receive(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            self.kill()
            code = self._process.wait()
            raise ServerError(f"the compile server ended (exit code {code})") from error
        except BaseException:
            # Interrupted: the answer to this would be taken for that to the next.
            self.kill()
            raise

    def finish(self) -> None:
        """Let the server merge small libraries, and end it."""
        with suppress(OSError, subprocess.TimeoutExpired):
            self._process.communicate(timeout=_FAREWELL)
            return
        self.kill()

    def kill(self) -> None:
        """End it at once."""
        with suppress(OSError):
            self._process.kill()


_lock = threading.RLock()
_server: _Server | None = None
_crashes = 0
_disabled: str | None = None


def disable(reason: str) -> None:
    """Compile nothing: this process is itself a server."""
    global _disabled
    _disabled = reason


def compile(batch: Batch) -> dict[tuple[str, str], tuple[str, bool]]:  # noqa: A001
    """Have a batch compiled: by identity and request, why something could not be.

    With each reason comes whether it will be the same next time.

    Raises `ServerError` if there is no server, or it ended: all of it could not be.
    """
    global _crashes, _server
    with _lock:
        if _disabled is not None:
            raise ServerError(_disabled)
        if _crashes >= _CRASHES:
            raise ServerError("the compile server ended too often")
        try:
            if _server is None or _server.owner != os.getpid():
                _server = None
                _server = _Server()
                atexit.register(_finish, _server)
            targets, _ = _pickle.dumps(batch.targets)
            answer = _server.ask({"targets": targets, "definitions": batch.definitions})
        except NotPortable:
            raise
        except BaseException as error:
            if isinstance(error, ServerError):
                _crashes += 1
            _server = None
            raise
    for warning in answer["warnings"]:
        _warn(*warning)
    return answer["refused"]


def _warn(category: type[Warning], text: str, file: str, line: int) -> None:
    warnings.warn_explicit(text, category, file, line)


def _finish(server: _Server) -> None:
    if server is _server and server.owner == os.getpid():
        server.finish()


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return "/"


def send(file: IO[bytes], message: Any) -> None:
    """Write one message."""
    data = pickle.dumps(message)
    file.write(len(data).to_bytes(8, "little") + data)
    file.flush()


def receive(file: IO[bytes], load: Callable[[bytes], Any] = pickle.loads) -> Any:
    """Read one message.

    Raises `EOFError` where the other side has ended.
    """
    return load(_read(file, int.from_bytes(_read(file, 8), "little")))


def _read(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise EOFError("the other side has ended")
    return data


__all__ = ["Batch", "Definition", "ServerError", "compile", "disable"]
