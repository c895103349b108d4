"""A local package on disk: an index of compiled functions, and the libraries that they are in.

    index          what is compiled: a checksum and one `marshal` value, replaced by renaming
    lock           held while the index is replaced
    <id>.so        a library, never changed; it is there before the index names it
    <id>.o         an object that a library was linked from, compressed: merging is linking

Readers take no lock. Whatever is missing or damaged counts as not compiled, so the folder can be
removed at any time, and a writer that is killed leaves at most a file that nobody names.
"""

from __future__ import annotations

import fcntl
import marshal
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

_MAGIC = b"puck-local-1\n"
_CHECKSUM = 16
# How many versions of one function are kept, so that going back to one compiles nothing.
_VERSIONS = 4


class Record(NamedTuple):
    """One function compiled for one list of argument types, or why it cannot be."""

    digest: bytes
    """What it was compiled from (`_key.content`)."""
    request: str
    """The types of its arguments, and of its result where the user gave it."""
    refused: str
    """Why it is left to plain Numba; empty if it was compiled."""
    library: str = ""
    part: str = ""
    """The object that it is in."""
    link_name: str = ""
    """What callers call: the name of a slot, and of `code` where callers are compiled at once."""
    signature: bytes = b""
    """Pickled."""
    calls: tuple[tuple[str, str, str], ...] = ()
    """Declared callees: identity, request, link name."""
    embedded: tuple[tuple[str, bytes], ...] = ()
    """Functions whose code is part of this one: identity, digest."""
    slots: tuple[int, ...] = ()
    """Places of the library's table that this function reads."""
    stamps: tuple[tuple[str, int, int], ...] = ()
    """Other files that its code came from: path, time, size."""
    file: str = ""
    """The file of its source."""

    @property
    def code(self) -> str:
        """The symbol of the function in its library."""
        return code_symbol(self.link_name, self.part)

    @property
    def entry(self) -> str:
        """The symbol of its entry point for Python."""
        return entry_symbol(self.link_name, self.part)


def code_symbol(link_name: str, part: str) -> str:
    """The symbol of a function's code; the link name itself is called through slots."""
    return f"{link_name}.{part}"


def entry_symbol(link_name: str, part: str) -> str:
    """The symbol that Python calls."""
    return f"{link_name}.{part}.python"


class Part(NamedTuple):
    """An object that a library is linked from; its symbols are its own."""

    table: str
    """The symbol of its table, or nothing if it imports nothing."""
    slots: tuple[tuple[str, str], ...]
    """What the table's slots hold: symbol and provider."""
    environments: tuple[tuple[str, str, bytes], ...]
    """Cells that hold Numba's environments: symbol, module, pickled constants."""


class Library(NamedTuple):
    """A shared library of the store."""

    size: int
    parts: dict[str, tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, str, bytes], ...]]]
    """Fields of each `Part`, by its name."""


class Index(NamedTuple):
    """What a store has."""

    libraries: dict[str, Library]
    functions: dict[str, list[Record]]


class Store:
    """One folder of compiled functions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stamp: tuple[int, int, int] | None = None
        self._libraries: dict[str, tuple[Any, ...]] = {}
        self._functions: dict[str, list[tuple[Any, ...]]] = {}

    def refresh(self) -> None:
        """Read the index again if another process has replaced it."""
        path = self.folder / "index"
        try:
            status = os.stat(path)
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp == self._stamp:
                return
            self._libraries, self._functions = _decode(path.read_bytes())
            self._stamp = stamp
        except OSError:
            self._libraries, self._functions, self._stamp = {}, {}, None

    def records(self, identity: str) -> Iterator[Record]:
        """Everything known of one function, newest first."""
        if self._stamp is None:
            self.refresh()
        for fields in reversed(self._functions.get(identity, ())):
            yield Record(*fields)

    def library(self, name: str) -> Library | None:
        """The description of a library."""
        fields = self._libraries.get(name)
        return None if fields is None else Library(*fields)

    def forget(self, library: str) -> None:
        """Look at nothing any more that is in a library which cannot be used."""
        self.refresh()
        self._libraries.pop(library, None)
        for identity, records in self._functions.items():
            kept = [fields for fields in records if Record(*fields).library != library]
            self._functions[identity] = kept

    def path(self, library: str) -> Path:
        """The file of a library."""
        return self.folder / f"{library}.so"

    def flushed(self, library: str) -> int:
        """The size of a library that the index may name from now on: it is on the disk."""
        with self.path(library).open("rb") as file:
            os.fsync(file.fileno())
            return os.fstat(file.fileno()).st_size

    def object(self, part: str) -> Path:
        """The file of an object."""
        return self.folder / f"{part}.o"

    def all(self) -> Index:
        """Everything that the index names."""
        self.refresh()
        return Index(
            {name: Library(*fields) for name, fields in self._libraries.items()},
            {
                name: [Record(*fields) for fields in records]
                for name, records in self._functions.items()
            },
        )

    def add(self, libraries: dict[str, Library], records: dict[str, list[Record]]) -> None:
        """Add to the index what was compiled, beside what others add at the same time."""
        with self.locked():
            for name, library in libraries.items():
                self._libraries[name] = tuple(library)
            for identity, added in records.items():
                new = [tuple(record) for record in added]
                replaced = {record[:2] for record in new}
                old = [r for r in self._functions.get(identity, ()) if r[:2] not in replaced]
                self._functions[identity] = _newest(old + new)
            self._write_index()

    def replace(self, index: Index) -> None:
        """Replace everything; the lock is held."""
        self._libraries = {name: tuple(library) for name, library in index.libraries.items()}
        self._functions = {
            name: [tuple(record) for record in records] for name, records in index.functions.items()
        }
        self._write_index()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock, having read the newest index."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self.refresh()
            yield
        finally:
            os.close(descriptor)

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the store, whole or not at all."""
        temporary = self.folder / f".{name}.{os.urandom(6).hex()}"
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.folder / name)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise

    def _write_index(self) -> None:
        # If it cannot be written, what is in memory is not what is there.
        self._stamp = None
        self.write("index", _encode(self._libraries, self._functions))


def _newest(records: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """At most `_VERSIONS` records for one list of argument types; the newest are last."""
    kept: list[tuple[Any, ...]] = []
    counts: dict[str, int] = {}
    for record in reversed(records):
        counts[record[1]] = counts.get(record[1], 0) + 1
        if counts[record[1]] <= _VERSIONS:
            kept.append(record)
    return kept[::-1]


def _encode(*value: Any) -> bytes:
    payload = marshal.dumps(value)
    return _MAGIC + blake2b(payload, digest_size=_CHECKSUM).digest() + payload


def _decode(data: bytes) -> tuple[Any, Any]:
    start = len(_MAGIC) + _CHECKSUM
    payload = memoryview(data)[start:]
    checksum = blake2b(payload, digest_size=_CHECKSUM).digest()
    if data[:start] != _MAGIC + checksum:  # damaged, or not ours
        return {}, {}
    libraries, functions = marshal.loads(payload)
    return libraries, functions
