"""Small libraries of a store become one, which takes less to load; what nobody needs goes."""

from __future__ import annotations

import os
import shutil
import time
import zlib
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from puck import linker
from puck._errors import PackageError
from puck.dropin._folder import is_store
from puck.dropin._store import Index, Library, Part, Record, Store

# A store with more libraries than this is merged.
_MANY = 8
# How many functions are kept that one place has made: closures, and what was typed in.
_OF_ONE_PLACE = 256
_DAY = 24 * 3600.0
# A file that no index names may be one that is being written, or that is about to be loaded.
_ABANDONED = 3600.0
# A function that its source lacks may be on another branch.
_REMOVED = 7 * _DAY
# Another Python may still use what it has not read for long.
_UNUSED = 180 * _DAY


def merge(folder: Path) -> None:
    """Link the libraries of a store into one if there are many, and remove what is of no use.

    A process that has read the index before still finds what the old one names.
    """
    store = Store(folder)
    with suppress(OSError, PackageError, zlib.error), store.locked():
        before = index = store.all()
        functions = _with_source(store, index.functions)
        used = {record.library for records in functions.values() for record in records}
        changed = len(functions) != len(index.functions)
        libraries = {name: one for name, one in index.libraries.items() if name in used}
        index = Index(libraries, functions)
        if len(libraries) > _MANY:
            index, changed = _merged(store, index), True
        if changed:
            _keep(store, before.libraries.keys() - index.libraries.keys())
            store.replace(index)
        _sweep(store, index)
    with suppress(OSError):
        _sweep_others(folder)


def _with_source(store: Store, functions: dict[str, list[Record]]) -> dict[str, list[Record]]:
    """The functions without those that no source has had for some time."""
    now = time.time()
    counts: Counter[str] = Counter()
    kept = {}
    for identity, records in reversed(functions.items()):  # the newest first
        place, by_contents, _ = identity.partition("#")
        counts[place] += 1
        if by_contents:
            is_kept = counts[place] <= _OF_ONE_PLACE
        else:
            name = identity.rpartition(":")[2].rpartition(".")[2]
            is_kept = any(name in _source(record.file) for record in records) or any(
                now - _changed(store.object(record.part)) < _REMOVED for record in records
            )
        if is_kept:
            kept[identity] = records
    return dict(reversed(kept.items()))


@cache
def _source(file: str) -> str:
    try:
        return Path(file).read_text(errors="replace")
    except OSError:
        return ""


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _merged(store: Store, index: Index) -> Index:
    """An index with one library of all objects in which there is a function that is named."""
    parts: dict[str, Part] = {}
    exports: dict[str, None] = {}
    for records in index.functions.values():
        for record in records:
            library = index.libraries.get(record.library)
            if library is not None:
                parts[record.part] = Part(*library.parts[record.part])
                exports.update({record.code: None, record.entry: None})
    objects = [zlib.decompress(store.object(name).read_bytes()) for name in parts]
    exports.update({part.table: None for part in parts.values() if part.table})
    name = os.urandom(6).hex()
    linker.link(objects, store.path(name), list(exports), soname=f"{name}.so")
    fields = {part_name: tuple(part) for part_name, part in parts.items()}
    library = Library(store.flushed(name), fields)
    functions = {
        identity: [r._replace(library=name) if r.part in parts else r for r in records]
        for identity, records in index.functions.items()
    }
    return Index({name: library}, functions)


def _keep(store: Store, libraries: Iterable[str]) -> None:
    """Have libraries that the index named until now go a little later, as if they were new."""
    for name in libraries:
        with suppress(OSError):
            os.utime(store.path(name))


def _sweep(store: Store, index: Index) -> None:
    """Remove libraries, objects and unfinished files that the index does not name."""
    named = {store.path(name).name for name in index.libraries}
    named |= {store.object(name).name for one in index.libraries.values() for name in one.parts}
    now = time.time()
    for file in store.folder.iterdir():
        if file.name in named or file.name in ("index", "lock"):
            continue
        with suppress(OSError):
            if now - file.stat().st_mtime > _ABANDONED:
                file.unlink()


def _sweep_others(folder: Path) -> None:
    """Remove stores beside this one, of other versions or settings, that are not used any more."""
    now = time.time()
    for other in folder.parent.iterdir():
        if other == folder or not is_store(other):
            continue
        index = other / "index"
        status = (index if index.is_file() else other).stat()
        if now - max(status.st_atime, status.st_mtime) > _UNUSED:
            shutil.rmtree(other, ignore_errors=True)
