"""Where the local package of a function lies on disk.

`PUCK_NUMBA_DIR`, else `target/puck/numba` of the project that the function's file is part of,
else `__pycache__/puck` beside the file, else a folder of the user's cache. Below that, one
folder for each combination of versions, processor and settings that changes the code.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import binding
from numba.core import config

_MARKERS = ("Puck.toml", "pyproject.toml", "setup.py", ".git")
# Settings of Numba that change the code that it makes.
_SETTINGS = (
    "BOUNDSCHECK",
    "CPU_FEATURES",
    "CPU_NAME",
    "DEBUGINFO_DEFAULT",
    "DISABLE_INTEL_SVML",
    "ENABLE_AVX",
    "ENABLE_PROFILING",
    "EXTEND_VARIABLE_LIFETIMES",
    "LLVM_REFPRUNE_FLAGS",
    "LLVM_REFPRUNE_PASS",
    "LOOP_VECTORIZE",
    "OPT",
    "SLP_VECTORIZE",
)


_settings: dict[str, Any] = {}
_now = ""


def folders(file: str) -> tuple[Path, ...]:
    """The folders for functions of the source `file`, for code that is compiled now.

    They are read in this order. The last one can be written to; there are two where the project's
    own folder cannot.
    """
    is_file = not file.startswith("<") and os.path.isfile(file)
    return _folders(os.path.dirname(os.path.abspath(file)) if is_file else None, platform_tag())


def homes(directory: Path) -> tuple[Path, ...]:
    """The folders that hold those of a project for all versions and processors.

    The second one is used by those who may not write to the first.
    """
    chosen = os.environ.get("PUCK_NUMBA_DIR")
    if chosen:
        return (Path(chosen).absolute(),)
    home = _home(directory)
    key = blake2b(str(home).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return home, _user_cache() / key


@cache
def _folders(directory: str | None, tag: str) -> tuple[Path, ...]:
    if directory is None and not os.environ.get("PUCK_NUMBA_DIR"):
        return (_user_cache() / "interactive" / tag,)
    own, *others = (home / tag for home in homes(Path(directory or os.curdir)))
    return (own,) if not others or _writable(own) else (own, *others)


def _home(directory: Path) -> Path:
    for folder in (directory, *directory.parents):
        if any(os.path.exists(folder / marker) for marker in _MARKERS):
            return folder / "target" / "puck" / "numba"
    return directory / "__pycache__" / "puck"


def _writable(folder: Path) -> bool:
    # `Path.exists` would raise where a folder on the way is closed to this user.
    while not os.path.exists(folder):
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def _user_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        cache = Path(base) if base else Path.home() / ".cache"
    except RuntimeError:  # a user whom nobody knows, without `HOME`
        cache = Path("/.cache")  # as where containers say that `HOME` is `/`
    return cache / "puck" / "numba"


def settings() -> dict[str, Any]:
    """Numba's settings, those that were made in code too, as they were last looked at."""
    if not _settings:
        look()
    return _settings


def look() -> None:
    """Look at Numba's settings: code that is compiled from now on is for these."""
    global _settings, _now
    config.reload_config()  # as numba.core.compiler does: variables may have been set since
    _settings = {name: getattr(config, name, None) for name in _SETTINGS}
    _now = _tag(tuple(f"{name}={value}" for name, value in _settings.items()))


def platform_tag() -> str:
    """The name of the folder for this Python, Numba, processor and Numba's settings."""
    if not _now:
        look()
    return _now


_STORE = re.compile(r"\.?(numba-[^-]+-py\d+-[0-9a-f]{12})(\.[0-9a-f]{8})?")


def is_store(folder: Path) -> bool:
    """Whether this is a folder of compiled functions, or was one until it was to be removed."""
    return _STORE.fullmatch(folder.name) is not None and folder.is_dir()


def trash(store: Path) -> Path:
    """A name for a store that is being removed, by which it can be told later on, too."""
    found = _STORE.fullmatch(store.name)
    assert found is not None
    return store.with_name(f".{found[1]}.{os.urandom(4).hex()}")


@cache
def _tag(made: tuple[str, ...]) -> str:
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    facts = [
        _FORMAT,
        sys.version,
        numba.__version__,
        llvmlite.__version__,
        np.__version__,
        binding.get_process_triple(),
        binding.get_host_cpu_name(),
        _features(),
        *made,
    ]
    digest = blake2b("\n".join(map(str, facts)).encode(), digest_size=6).hexdigest()
    return f"numba-{numba.__version__}-{python}-{digest}"


def _features() -> str:
    try:
        return binding.get_host_cpu_features().flatten()
    except RuntimeError:  # llvmlite does not know this processor's
        return ""


# Raised when what a store contains is written differently.
_FORMAT = "puck local package 3"
