"""Bodies of callees that the caller's optimiser may have.

A package offers bodies of small functions as bitcode that llvmlite has written. What a caller is
given is marked `available_externally`: LLVM may copy it into calls, and drops it otherwise. Bitcode
that this process's LLVM cannot read is no error: then the callee is only declared.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import sys
from typing import TYPE_CHECKING, Any

from llvmlite import binding

from puck.packages import _active

if TYPE_CHECKING:
    from puck.packages._installed import Installed

_log = logging.getLogger("puck.numba")


class Body:
    """What a package offers of one function; it is read when it is first needed."""

    def __init__(self, installed: Installed, link_name: str, digest: str | None) -> None:
        self._installed = installed
        self._link_name = link_name
        self._digest = digest
        self._modules: dict[bool, binding.ModuleRef | None] = {}

    def offered(self) -> str | None:
        """The digest of the body that :meth:`module` gives a caller now, if it gives one."""
        return self._digest if self.module() is not None else None

    def module(self) -> binding.ModuleRef | None:
        """The body as a module to link in; `None` if there is none, or it is not wanted."""
        mode = _active.inline()
        if self._digest is None or mode == "never" or _exports():
            return None
        always = mode == "always"
        if always not in self._modules:
            self._modules[always] = self._read(always)
        return self._modules[always]

    def _read(self, always: bool) -> binding.ModuleRef | None:
        text = self._installed.bodies.get(self._link_name)
        if text is None:
            return None
        try:
            bitcode = base64.b64decode(text, validate=True)
            if hashlib.sha256(bitcode).hexdigest() != self._digest:
                return self._without("it is not the body that numba.json names")
            module = binding.parse_bitcode(bitcode)
            module.verify()
            function = module.get_function(self._link_name)
        except (binascii.Error, RuntimeError, NameError) as error:
            return self._without(str(error))
        if function.is_declaration:
            return self._without("the bitcode only declares it")
        function.linkage = binding.Linkage.available_externally
        if always:
            function.add_function_attribute("alwaysinline")
        return module

    def _without(self, reason: str) -> None:
        _log.info("%s is not inlined: %s", self._link_name, reason)


def _exports() -> bool:
    """Whether this process builds a package: one package only declares functions of another."""
    capture = sys.modules.get("puck.frontend._capture")
    return capture is not None and capture._State.installed


def empty(codegen: Any, name: str) -> binding.ModuleRef:
    """A module with nothing in it, of the target that numba compiles for."""
    return binding.parse_assembly(str(codegen._create_empty_module(name)))
