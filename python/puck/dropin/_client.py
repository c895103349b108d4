"""The compile server, seen from the process that needs something compiled.

The server is a process of its own because the code of each function must be caught before Numba
links its callees in, which changes Numba for the whole process, and because compiling takes
memory that the program should not keep. It is started when something is missing for the first
time, and ends with this process.

A message is its length in eight bytes, then a pickle. The server's answer to a batch names what
it could not compile, and why, and the libraries that it has added to the stores with the rest.
"""

from __future__ import annotations

import atexit
import os
import pickle
import selectors
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from weakref import WeakSet

import numba

from puck.dropin import _folder
from puck.dropin._key import NotPortable
from puck.packages._lock import Lock

if TYPE_CHECKING:
    from puck.dropin._batch import Batch

# A server that could not be used so often is not started again.
_MOST_FAILURES = 3
# How long the process waits at its end for libraries to be merged.
_FAREWELL = 10.0
# How long it waits for a server to start, and for one that does nothing any more.
_GREETING = 120.0
_IDLE = 300.0


Answer = tuple[dict[tuple[str, str], tuple[str, bool]], set[str]]


class ServerError(Exception):
    """The compile server could not be used."""


class _Server:
    """A running server."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        here = str(Path(__file__).parents[2])
        paths = [here, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        python = _interpreter()
        try:
            self._process = subprocess.Popen(
                [python, "-P", "-m", "puck.dropin.server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
        except (OSError, ValueError) as error:
            raise ServerError(f"cannot start the compile server: {error}") from error
        _started.add(self)
        hello = {"path": sys.path, "directory": _directory(), "settings": settings}
        found = self.ask(hello, _GREETING)
        if found != versions():
            self.kill()
            raise ServerError(f"{python} has {', '.join(found)}, not {', '.join(versions())}")

    def ask(self, message: Any, patience: float | None = None) -> Any:
        """Send a message and wait for the answer: so long, or while the server is at work."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            send(self._process.stdin, message)
            self._wait(self._process.stdout, patience)
            return receive(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            self.kill()
            code = self._process.wait()
            raise ServerError(f"the compile server ended (exit code {code})") from error
        except BaseException:
            # Interrupted: the answer to this would be taken for that to the next.
            self.kill()
            raise

    def _wait(self, answers: IO[bytes], patience: float | None) -> None:
        """Wait until there is an answer, or the server has ended.

        :raises ServerError: if the server takes too long, or has stopped working.
        """
        selector = selectors.DefaultSelector()
        with selector:
            selector.register(answers, selectors.EVENT_READ)
            if patience is not None:
                if not selector.select(patience):
                    raise ServerError(f"the compile server did not start in {patience:.0f} s")
                return
            before = self._used()
            while not selector.select(_IDLE):
                used = self._used()
                if used is not None and used == before:
                    raise ServerError(f"the compile server did nothing for {_IDLE:.0f} s")
                before = used

    def _used(self) -> tuple[str, ...] | None:
        """How much of the processor the server has used, where the system tells."""
        try:
            text = Path(f"/proc/{self._process.pid}/stat").read_text()
        except OSError:
            return None
        return tuple(text.rpartition(")")[2].split()[11:13])

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

    def release(self) -> None:
        """Hold its pipes no longer; closing the files would send what is left in them."""
        with suppress(OSError), open(os.devnull, "r+b") as null:
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                with suppress(OSError, ValueError):  # it is closed
                    os.dup2(null.fileno(), pipe.fileno(), inheritable=False)


_lock = Lock()
_server: _Server | None = None
# Those that start or end, too.
_started: WeakSet[_Server] = WeakSet()
# Why it could not be used, each time.
_failures: list[str] = []
_disabled: str | None = None


def disable(reason: str) -> None:
    """Compile nothing: this process is itself a server."""
    global _disabled
    _disabled = reason


def compile(batch: Batch) -> Answer:  # noqa: A001
    """Have a batch compiled.

    By identity and request, why something could not be, and whether that will be the same next
    time; and the names of the libraries with the rest.

    Raises `ServerError` if there is no server, or it ended: all of it could not be.
    """
    global _server
    with _lock:
        if _disabled is not None:
            raise ServerError(_disabled)
        if len(_failures) >= _MOST_FAILURES:
            raise ServerError(f"{_failures[-1]}; it is not started again")
        try:
            settings = _folder.settings()
            if _server is not None and _server.settings != settings:
                # What it has compiled for itself by then is of the other settings.
                _server.finish()
                _server = None
            if _server is None:
                _server = _Server(settings)
                atexit.register(_finish, _server)
            answer = _server.ask({"targets": batch.targets(), "definitions": batch.definitions})
        except NotPortable:
            raise
        except BaseException as error:
            if isinstance(error, ServerError):
                _failures.append(str(error))
            _server = None
            raise
    for warning in answer["warnings"]:
        _warn(*warning)
    return answer["refused"], answer["made"]


def _warn(category: type[Warning], text: str, file: str, line: int) -> None:
    warnings.warn_explicit(text, category, file, line)


def _finish(server: _Server) -> None:
    if server is _server:
        server.finish()


def _leave_to_parent() -> None:
    """In a forked child: a server ends when nobody holds the other end of its input."""
    global _server
    for server in list(_started):
        server.release()
    _started.clear()
    _server = None


os.register_at_fork(after_in_child=_leave_to_parent)


def versions() -> tuple[str, ...]:
    """What server and client must have in common."""
    return f"Python {sys.version}", f"Numba {numba.__version__}"


def _interpreter() -> str:
    """The command that runs Python: in a program that embeds it, `sys.executable` does not."""
    name = os.path.basename(sys.executable or "")
    if "python" in name.lower() and not hasattr(sys, "frozen"):
        return sys.executable
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for prefix in dict.fromkeys((sys.prefix, sys.base_prefix)):
        found = os.path.join(prefix, "bin", version)
        if os.access(found, os.X_OK):
            return found
    raise ServerError(
        f"there is no Python to start the compile server with: {sys.executable!r} is none, and "
        f"`bin/{version}` is not in {sys.prefix}"
    )


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


__all__ = ["ServerError", "compile", "disable"]
