"""From a function and argument types to an address: looked up, checked, or compiled.

A record of the store holds for a function if it was compiled from what the function is now, and
each callee that it declares has the same link name now (so the same signature), looked at in the
same way. Whatever does not hold is compiled by the server, all that is known to be missing in
one batch. What a process has bound once stays as it is, as with Numba.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puck.dropin import _folder, _registry, _report
from puck.dropin._bound import Bound, all_stores, stores_of
from puck.dropin._key import Content, NotPortable, content
from puck.dropin._library import MissingImport, give_up, load
from puck.dropin._pickle import load_types
from puck.dropin._store import Record, Store
from puck.dropin._types import request_of

if TYPE_CHECKING:
    from numba import types

    from puck.dropin._function import LocalFunction

# A compiled callee may have another result type, so that its caller is compiled after it.
# What is compiled may be gone, or damaged.
_ROUNDS = 6
# Faults of this process and not of a library.
_PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
# Libraries that this process has had compiled.
_compiled: set[str] = set()
# Folders from which nothing can be loaded, not even what was compiled just now, and why.
_unloadable: dict[Path, str] = {}


def bind(
    function: LocalFunction, arguments: tuple[types.Type, ...], result: types.Type | None
) -> Bound | None:
    """The code for argument types, compiled if need be; `None` leaves it to plain Numba."""
    try:
        request = request_of(arguments, result)
    except NotPortable as error:
        _report.add(function, arguments, "numba", f"an argument is {error}")
        return None
    known = function.local.bound.get(request)
    if known is not None:  # as a callee
        _report.add(function, arguments, _status(known))
        return known
    return Search().bind(function, request, arguments, result)


def _status(bound: Bound) -> str:
    return "compiled" if bound.record.library in _compiled else "declared"


def _passes(error: OSError) -> bool:
    """Whether a library may be loaded at another time; `dlopen` tells the fault as text only."""
    return any(os.strerror(fault) in str(error) for fault in _PASSING)


def bind_request(function: LocalFunction, request: str) -> Bound | None:
    """As `bind`, where only the name of the argument types is known."""
    if not function.local.allows(request):
        return None
    known = function.local.bound.get(request)
    if known is not None:
        return known
    search = Search()
    arguments = search.types_of(function, request)
    return None if arguments is None else search.bind(function, request, *arguments)


def leave_to_numba(function: LocalFunction, arguments: tuple[types.Type, ...], result: Any) -> None:
    """Remember that Numba compiles what the server cannot, so that it is not tried again."""
    local = function.local
    try:
        request = request_of(arguments, result)
        reason = local.refused.pop(request, None)
        if reason is not None:
            file = function.py_func.__code__.co_filename
            record = Record(content(function).digest, request, reason, file=file)
            with suppress(OSError):
                stores_of(function)[-1].add({}, {local.identity: [record]})
    except NotPortable:
        return


def forget(function: LocalFunction) -> None:
    """Have everything compiled again that is asked for from now on."""
    function.local.bound.clear()
    for store in stores_of(function):
        for record in store.records(function.local.identity):
            function.local.forgotten.add(record.library)


class Search:
    """One look-up: what holds, and what has to be compiled."""

    def __init__(self) -> None:
        _folder.look()
        self.missing: dict[tuple[str, str], LocalFunction] = {}
        self._contents: dict[str, Content] = {}
        self._records: dict[tuple[str, str], tuple[Record, Store] | None] = {}
        self._stamps: dict[str, tuple[int, int] | None] = {}
        self._refused: set[tuple[str, str]] = set()
        # Libraries that the server has just made.
        self._made: set[str] = set()

    def bind(
        self,
        function: LocalFunction,
        request: str,
        arguments: tuple[types.Type, ...],
        result: types.Type | None,
    ) -> Bound | None:
        """Look, compile what is missing, look again; then load."""
        local = function.local
        shown = tuple(map(str, arguments))
        wrong = "its callees change while it is compiled"
        for _ in range(_ROUNDS):
            try:
                found = self.check(function, request)
            except NotPortable as error:
                _report.add(function, shown, "numba", str(error))
                return None
            if found is not None and found[0].refused:
                _report.add(function, shown, "numba", found[0].refused)
                return None
            if found is not None:
                try:
                    bound = self._load(function, request)
                except MissingImport as error:
                    _report.add(function, shown, "numba", str(error))
                    return None
                except OSError as error:  # gone or damaged: as if it had not been compiled
                    wrong = f"what is compiled cannot be loaded: {error}"
                    self._drop(function, error)
                    continue
                status = _status(bound)
                (local.misses if status == "compiled" else local.hits)[arguments] += 1
                _report.add(function, shown, status)
                return bound
            reason = self._compile(function, request, arguments, result)
            if reason is not None:
                _report.add(function, shown, "numba", reason)
                return None
        _report.add(function, shown, "numba", wrong)
        return None

    def types_of(
        self, function: LocalFunction, request: str
    ) -> tuple[tuple[types.Type, ...], types.Type | None] | None:
        """The types that a request names, from any record of it."""
        for store in stores_of(function):
            for record in store.records(function.local.identity):
                if record.request == request and record.signature:
                    try:
                        signature = load_types(record.signature)
                    except (NotPortable, AttributeError):  # of a class that is gone
                        continue
                    return signature.args, signature.return_type if "->" in request else None
        return None

    def content(self, function: LocalFunction) -> Content:
        """What a function is made of now."""
        identity = function.local.identity
        known = self._contents.get(identity)
        if known is None:
            known = self._contents[identity] = content(function)
        return known

    def check(self, function: LocalFunction, request: str) -> tuple[Record, Store] | None:
        """The record that holds; otherwise what is missing is in `missing`."""
        local = function.local
        identity = local.identity
        key = identity, request
        if key in self._records:
            return self._records[key]
        bound = local.bound.get(request)
        if bound is not None:
            self._records[key] = bound.record, bound.store
            return self._records[key]
        known = self.content(function)
        waits = False
        for store in stores_of(function):
            for record in store.records(identity):
                if record.digest != known.digest or record.request != request:
                    continue
                if record.library in local.forgotten:
                    continue
                self._records[key] = record, store  # holds while it is looked at: recursion
                holds = self._holds(record, known)
                if holds:
                    return self._records[key]
                waits = waits or holds is None
        self._records[key] = None
        if not waits:
            self.missing[key] = function
        return None

    def _holds(self, record: Record, known: Content) -> bool | None:
        """Whether a record can be used; `None` if that depends on callees to be compiled first."""
        if any(self._stamp(path) != (changed, size) for path, changed, size in record.stamps):
            return False
        for identity, digest in record.embedded:
            function = known.callees.get(identity) or _registry.find(identity)
            if function is None or self.content(function).digest != digest:
                return False
        holds, waits = True, False
        for identity, request, link_name in record.calls:
            function = known.callees.get(identity) or _registry.find(identity)
            if function is None or not function.local.allows(request):
                return False
            # Look at every callee: all that is missing is compiled in one batch.
            found = self.check(function, request)
            if found is not None:
                holds = holds and found[0].link_name == link_name
            elif (identity, request) in self._refused or not self.types_of(function, request):
                holds = False
            else:
                waits = True
        return None if holds and waits else holds

    def _stamp(self, path: str) -> tuple[int, int] | None:
        """The time and size of a file; `None` if it is not there."""
        if path not in self._stamps:
            self._stamps[path] = None
            with suppress(OSError):
                status = os.stat(path)
                self._stamps[path] = status.st_mtime_ns, status.st_size
        return self._stamps[path]

    def _load(self, function: LocalFunction, request: str) -> Bound:
        """Load what `check` found, callees included, and fill what the code reads."""
        local = function.local
        bound = local.bound.get(request)
        if bound is not None:
            return bound
        found = self._records[local.identity, request]
        assert found is not None
        record, store = found
        library = load(store, record.library)
        bound = local.bound[request] = Bound(record, store, library)
        try:
            callees = {}
            for identity, callee_request, link_name in record.calls:
                callee = self._contents[local.identity].callees.get(identity)
                callee = callee or _registry.find(identity)
                assert callee is not None
                callees[link_name] = self._load(callee, callee_request).address
            library.fill(record.part, record.slots, callees.__getitem__)
        except BaseException:
            del local.bound[request]
            raise
        return bound

    def _drop(self, function: LocalFunction, error: OSError) -> None:
        """Look at no library that cannot be loaded, and read indexes again."""
        _report.note(function, (), str(error))
        for record, store in list(filter(None, self._records.values())):
            if record.refused:
                continue
            try:
                load(store, record.library).address(record.code)
            except FileNotFoundError:
                give_up(store, record.library)
            except OSError as wrong:
                if _passes(wrong):
                    continue
                if record.library in self._made:  # in a file system without executables, for one
                    _unloadable[store.folder] = f"what is compiled cannot be loaded: {wrong}"
                give_up(store, record.library)
        self._again()

    def _again(self) -> None:
        self._records.clear()
        self.missing.clear()
        self._contents.clear()
        self._stamps.clear()

    def _compile(
        self,
        function: LocalFunction,
        request: str,
        arguments: tuple[types.Type, ...],
        result: types.Type | None,
    ) -> str | None:
        """Have everything compiled that is missing; the reason why the function cannot be."""
        reason = _unloadable.get(stores_of(function)[-1].folder)
        if reason is not None:
            return reason
        # Not needed where all is compiled.
        from puck.dropin import _client
        from puck.dropin._batch import Batch

        primary = function.local.identity, request
        batch = Batch(self)
        try:
            batch.fill(function, request, arguments, result)
            reasons, self._made = _client.compile(batch)
        except (NotPortable, _client.ServerError) as error:
            return str(error)
        _compiled.update(self._made)
        for store in all_stores():
            store.refresh()
        self._again()
        self._refused.update(reasons)
        for (identity, refused), (reason, lasting) in reasons.items():
            other = _registry.find(identity)
            if other is not None and lasting:
                other.local.refused[refused] = reason
        reason, _ = reasons.get(primary) or reasons.get((primary[0], "")) or (None, False)
        return reason
