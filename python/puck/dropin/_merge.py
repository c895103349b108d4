"""Small libraries of a store become one."""

from __future__ import annotations

from pathlib import Path


def merge(folder: Path) -> None:
    """Merge the libraries of a store if there are many."""
