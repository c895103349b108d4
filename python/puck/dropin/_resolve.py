"""From a function and argument types to an address: looked up, checked, or compiled.

A record of the store holds for a function if it was compiled from what the function is now, and
each callee that it declares has the same link name now (so the same signature), looked at in the
same way. Whatever does not hold is compiled by the server, all that is known to be missing in
one batch. What a process has bound once stays as it is, as with Numba.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numba import _dynfunc
from numba.core import sigutils, types
from numba.core.environment import Environment

from puck.dropin import _registry, _report
from puck.dropin._folder import folders
from puck.dropin._key import Content, NotPortable, content
from puck.dropin._library import LoadedLibrary, MissingImport, load
from puck.dropin._pickle import load_types
from puck.dropin._store import Record, Store
from puck.dropin._types import type_key, types_key

if TYPE_CHECKING:
    from puck.dropin import _client
    from puck.dropin._function import LocalFunction

# A compiled callee may have another result type, so that its caller is compiled after it.
_ROUNDS = 4
_stores: dict[Path, Store] = {}
_environments: dict[str, Environment] = {}
# Libraries that this process has had compiled.
_compiled: set[str] = set()


class Bound:
    """Code for one function and argument types, ready to be called in this process."""

    def __init__(self, record: Record, library: LoadedLibrary) -> None:
        self.record = record
        self.library = library
        self.address = library.address(record.code)
        self._entry: Any = None

    def entry_point(self, function: LocalFunction) -> Any:
        """What Python calls."""
        if self._entry is None:
            py_func = function.py_func
            module = py_func.__module__ or "<dynamic>"
            environment = _environments.get(module)
            if environment is None:
                # Code finds its own environment through the library's table, not through this.
                environment = _environments[module] = Environment({"__name__": module})
            self._entry = _dynfunc.make_function(
                sys.modules.get(module, _dynfunc),
                py_func.__name__,
                f"compiled wrapper for {py_func.__qualname__!r}",
                self.library.address(self.record.entry),
                environment,
                (self.library,),
            )
        return self._entry


def request_of(arguments: tuple[types.Type, ...], result: types.Type | None) -> str:
    """How the index names argument types, and the result's where the user gave it."""
    request = types_key(arguments)
    return request if result is None else f"{request}->{type_key(result)}"


def stores_of(function: LocalFunction) -> tuple[Store, ...]:
    """The stores to read from; the last is the one to write to."""
    found = []
    for folder in folders(function.py_func.__code__.co_filename):
        store = _stores.get(folder)
        if store is None:
            store = _stores[folder] = Store(folder)
        found.append(store)
    return tuple(found)


def folder(function: LocalFunction) -> str:
    """Where the code of a function lies."""
    return str(stores_of(function)[-1].folder)


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
    return _Search().bind(function, request, arguments, result)


def _status(bound: Bound) -> str:
    return "compiled" if bound.record.library in _compiled else "declared"


def bind_request(function: LocalFunction, request: str) -> Bound | None:
    """As `bind`, where only the name of the argument types is known."""
    if not function.local.allows(request):
        return None
    known = function.local.bound.get(request)
    if known is not None:
        return known
    search = _Search()
    arguments = search.types_of(function, request)
    return None if arguments is None else search.bind(function, request, *arguments)


def leave_to_numba(function: LocalFunction, arguments: tuple[types.Type, ...], result: Any) -> None:
    """Remember that Numba compiles what the server cannot, so that it is not tried again."""
    local = function.local
    try:
        request = request_of(arguments, result)
        reason = local.refused.pop(request, None)
        if reason is not None:
            record = Record(content(function).digest, request, reason)
            with suppress(OSError):
                stores_of(function)[-1].add({}, {local.identity: [record]})
    except NotPortable:
        return


def forget(function: LocalFunction) -> None:
    """Have everything compiled again that is asked for from now on."""
    function.local.bound.clear()
    function.local.forgotten.update(_digests(function))


def _digests(function: LocalFunction) -> Iterable[bytes]:
    for store in stores_of(function):
        for record in store.records(function.local.identity):
            yield record.library.encode()


class _Search:
    """One look-up: what holds, and what has to be compiled."""

    def __init__(self) -> None:
        self._contents: dict[str, Content] = {}
        self._records: dict[tuple[str, str], tuple[Record, Store] | None] = {}
        self._missing: dict[tuple[str, str], LocalFunction] = {}
        self._refused: set[tuple[str, str]] = set()

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
        for _ in range(_ROUNDS):
            try:
                found = self._check(function, request)
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
                    self._drop(function, error)
                else:
                    status = _status(bound)
                    (local.misses if status == "compiled" else local.hits)[arguments] += 1
                    _report.add(function, shown, status)
                    return bound
            reason = self._compile(function, request, arguments, result)
            if reason is not None:
                _report.add(function, shown, "numba", reason)
                return None
        _report.add(function, shown, "numba", "its callees change while it is compiled")
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

    def _content(self, function: LocalFunction) -> Content:
        identity = function.local.identity
        known = self._contents.get(identity)
        if known is None:
            known = self._contents[identity] = content(function)
        return known

    def _check(self, function: LocalFunction, request: str) -> tuple[Record, Store] | None:
        """The record that holds; otherwise what is missing is in `_missing`."""
        identity = function.local.identity
        key = identity, request
        if key in self._records:
            return self._records[key]
        bound = function.local.bound.get(request)
        stores = stores_of(function)
        if bound is not None:
            self._records[key] = bound.record, stores[-1]
            return self._records[key]
        known = self._content(function)
        waits = False
        for store in stores:
            for record in store.records(identity):
                if record.digest != known.digest or record.request != request:
                    continue
                if record.library.encode() in function.local.forgotten:
                    continue
                self._records[key] = record, store  # holds while it is looked at: recursion
                holds = self._holds(record, known)
                if holds:
                    return self._records[key]
                waits = waits or holds is None
        self._records[key] = None
        if not waits:
            self._missing[key] = function
        return None

    def _holds(self, record: Record, known: Content) -> bool | None:
        """Whether a record can be used; `None` if that depends on callees to be compiled first."""
        for path, changed, size in record.stamps:
            try:
                status = os.stat(path)
            except OSError:
                return False
            if (status.st_mtime_ns, status.st_size) != (changed, size):
                return False
        for identity, digest in record.embedded:
            function = known.callees.get(identity) or _registry.find(identity)
            if function is None or self._content(function).digest != digest:
                return False
        holds, waits = True, False
        for identity, request, link_name in record.calls:
            function = known.callees.get(identity) or _registry.find(identity)
            if function is None or not function.local.allows(request):
                return False
            # Look at every callee: all that is missing is compiled in one batch.
            found = self._check(function, request)
            if found is not None:
                holds = holds and found[0].link_name == link_name
            elif (identity, request) in self._refused or not self.types_of(function, request):
                holds = False
            else:
                waits = True
        return None if holds and waits else holds

    def _load(self, function: LocalFunction, request: str) -> Bound:
        """Load what `_check` found, callees included, and fill what the code reads."""
        local = function.local
        bound = local.bound.get(request)
        if bound is not None:
            return bound
        found = self._records[local.identity, request]
        assert found is not None
        record, store = found
        library = load(store, record.library)
        bound = local.bound[request] = Bound(record, library)
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
            try:
                load(store, record.library)
            except OSError:
                store.forget(record.library)
        self._again()

    def _again(self) -> None:
        self._records.clear()
        self._missing.clear()
        self._contents.clear()

    def _compile(
        self,
        function: LocalFunction,
        request: str,
        arguments: tuple[types.Type, ...],
        result: types.Type | None,
    ) -> str | None:
        """Have everything compiled that is missing; the reason why the function cannot be."""
        from puck.dropin import _client  # not needed where all is compiled

        primary = function.local.identity, request
        targets: dict[Any, Any] = {}
        if primary in self._missing or not self._missing:
            targets[primary] = function, arguments, result
        for key, missing in list(self._missing.items()):
            found = self.types_of(missing, key[1])
            if found is not None and key not in targets:
                targets[key] = (missing, *found)
        if not targets:
            targets[primary] = function, arguments, result
        for other in list(_registry.pending):
            self._add_pending(other, targets)
        try:
            reasons = _client.compile(self._batch(_client.Batch(), targets))
        except (NotPortable, _client.ServerError) as error:
            return str(error)
        for store in _stores.values():
            before = set(store.libraries())
            store.refresh()
            _compiled.update(set(store.libraries()) - before)
        self._again()
        self._refused.update(reasons)
        for (identity, refused), (reason, lasting) in reasons.items():
            other = _registry.find(identity)
            if other is not None and lasting:
                other.local.refused[refused] = reason
        reason, _ = reasons.get(primary) or reasons.get((primary[0], "")) or (None, False)
        return reason

    def _add_pending(self, function: LocalFunction, targets: dict[Any, Any]) -> None:
        """Add the signatures of a function that nobody has used yet."""
        for signature in function.local.signatures or ():
            with suppress(NotPortable, TypeError, ValueError):
                arguments, result = sigutils.normalize_signature(signature)
                request = request_of(tuple(arguments), result)
                key = function.local.identity, request
                if key not in targets and self._check(function, request) is None:
                    if key not in self._missing:
                        continue  # its callees come first
                    targets[key] = function, tuple(arguments), result

    def _batch(self, batch: _client.Batch, targets: dict[Any, Any]) -> _client.Batch:
        """What the server needs: the functions to compile, and all that they may call."""
        first = True
        for key, (function, arguments, result) in targets.items():
            try:
                self._define(batch, function)
                for argument in batch.functions_in(arguments):
                    self._define(batch, argument)
            except NotPortable:
                if first:
                    raise
                continue  # it is told when it is used
            finally:
                first = False
            batch.targets.append((*key, arguments, result))
        return batch

    def _define(self, batch: _client.Batch, function: LocalFunction) -> None:
        """Add a function and all that it may call, or nothing."""
        before = set(batch.definitions)
        todo = [function]
        try:
            while todo:
                function = todo.pop()
                identity = function.local.identity
                if identity in batch.definitions:
                    continue
                known = self._content(function)
                batch.define(function, known.digest, stores_of(function)[-1].folder)
                batch.definitions[identity].known = self._known(function)
                todo.extend(known.callees.values())
                todo.extend(batch.referenced(identity))
        except NotPortable:
            for identity in batch.definitions.keys() - before:
                del batch.definitions[identity]
            raise

    def _known(self, function: LocalFunction) -> list[tuple[str, bytes, str]]:
        """Requests that are compiled already: their signatures and link names."""
        requests = dict.fromkeys(
            record.request
            for store in stores_of(function)
            for record in store.records(function.local.identity)
        )
        known = []
        for request in requests:
            found = self._check(function, request)
            if found is not None and not found[0].refused:
                known.append((request, found[0].signature, found[0].link_name))
        return known
