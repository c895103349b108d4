"""What the compile server is sent: what to compile, and all functions that this leads to."""

from __future__ import annotations

import pickle
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puck.dropin import _pickle, _registry
from puck.dropin._bound import stores_of
from puck.dropin._key import NotPortable, names_in
from puck.dropin._types import request_in

if TYPE_CHECKING:
    from puck.dropin._function import LocalFunction
    from puck.dropin._resolve import Search

# By identity and request: the function, the types of its arguments, the result's or `None`.
Targets = dict[tuple[str, str], tuple["LocalFunction", Any, Any]]


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


class Batch:
    """What is to be compiled: targets, and the definitions of all functions that they lead to."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._targets: list[tuple[str, str, Any, Any]] = []
        self.definitions: dict[str, Definition] = {}

    def targets(self) -> bytes:
        """Pickled: of each identity, request, argument types, result type or `None`."""
        return _pickle.dumps(self._targets)[0]

    def fill(self, function: LocalFunction, request: str, arguments: Any, result: Any) -> None:
        """Add a function, and what else is known to be missing.

        Raises `NotPortable` if the function itself, or one that it may call, cannot be sent.
        """
        search = self._search
        primary = function.local.identity, request
        wanted: Targets = {}
        if primary in search.missing or not search.missing:
            wanted[primary] = function, arguments, result
        for key, missing in list(search.missing.items()):
            found = search.types_of(missing, key[1])
            if found is not None and key not in wanted:
                wanted[key] = (missing, *found)
        if not wanted:
            wanted[primary] = function, arguments, result
        for other in list(_registry.pending):
            self._add_pending(other, wanted)
        for place, (key, target) in enumerate(wanted.items()):
            try:
                self._add(key, *target)
            except NotPortable:
                if place == 0:
                    raise
                # Any other is told when it is used.

    def _add_pending(self, function: LocalFunction, wanted: Targets) -> None:
        """Add the signatures of a function that nobody has used yet."""
        for signature in function.local.signatures or ():
            with suppress(NotPortable, TypeError, ValueError):
                request, arguments, result = request_in(signature)
                key = function.local.identity, request
                if key not in wanted and self._search.check(function, request) is None:
                    if key not in self._search.missing:
                        continue  # its callees come first
                    wanted[key] = function, arguments, result

    def _add(
        self, key: tuple[str, str], function: LocalFunction, arguments: Any, result: Any
    ) -> None:
        self._define(function)
        for argument in _pickle.dumps(arguments)[1].values():
            self._define(argument)
        self._targets.append((*key, arguments, result))

    def _define(self, function: LocalFunction) -> None:
        """Add a function and all that it may call, or nothing."""
        before = set(self.definitions)
        todo = [function]
        try:
            while todo:
                function = todo.pop()
                local = function.local
                if local.identity in self.definitions:
                    continue
                known = self._search.content(function)
                value = (function.py_func, function.locals, function.targetoptions,
                         local.signatures)  # fmt: skip
                payload, references = _dumps(function, value)
                folder = stores_of(function)[-1].folder
                self.definitions[local.identity] = Definition(
                    known.digest, folder, local.mode, payload, self._known(function)
                )
                todo.extend(known.callees.values())
                todo.extend(references.values())
        except NotPortable:
            for identity in self.definitions.keys() - before:
                del self.definitions[identity]
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
            found = self._search.check(function, request)
            if found is not None and not found[0].refused:
                known.append((request, found[0].signature, found[0].link_name))
        return known


def _dumps(function: LocalFunction, value: Any) -> tuple[bytes, dict[str, Any]]:
    try:
        return _pickle.dumps(value, frozenset(names_in(function.py_func.__code__)))
    except (pickle.PicklingError, TypeError, AttributeError, ValueError) as error:
        raise NotPortable(f"`{function.py_func.__qualname__}` cannot be sent: {error}") from error
