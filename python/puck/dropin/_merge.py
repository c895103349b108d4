"""Small libraries of a store become one, which takes less to load; what nobody needs goes."""

from __future__ import annotations

import os
import time
import zlib
from contextlib import suppress
from pathlib import Path

from puck import linker
from puck._errors import PackageError
from puck.dropin._store import Index, Library, Part, Store

# A store with more libraries than this is merged.
_MANY = 8
# A file that no index names may be one that is being written, or that is about to be loaded.
_ABANDONED = 3600.0


def merge(folder: Path) -> None:
    """Link the libraries of a store into one if there are many, and remove files of nobody's.

    A process that has read the index before still finds what the old one names.
    """
    store = Store(folder)
    with suppress(OSError, PackageError, zlib.error), store.locked():
        index = store.all()
        used = {record.library for records in index.functions.values() for record in records}
        if len(used & index.libraries.keys()) > _MANY:
            index = _merged(store, index)
            store.replace(index)
        _sweep(store, index)


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
    library = Library(store.path(name).stat().st_size, fields)
    functions = {
        identity: [r._replace(library=name) if r.part in parts else r for r in records]
        for identity, records in index.functions.items()
    }
    return Index({name: library}, functions)


def _sweep(store: Store, index: Index) -> None:
    """Remove libraries, objects and unfinished files that the index does not name."""
    named = {store.path(name).name for name in index.libraries}
    named |= {store.object(name).name for one in index.libraries.values() for name in one.parts}
    now = time.time()
    for file in store.folder.iterdir():
        if file.name in named or file.name in ("index", "lock"):
            continue
        with suppress(OSError):
            # Libraries that were merged just now go with the others, a little later.
            if now - file.stat().st_mtime > _ABANDONED:
                file.unlink()
