"""What is wrong with a package's sources."""

from __future__ import annotations

from typing import Any


class FrontEndError(Exception):
    """A fault of the sources: what it is, where, and what to do about it."""

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.file, self.line = message, hint, file, line

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        hint = f"\nhint: {self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"

    def to_json(self) -> dict[str, Any]:
        """As `error.json` has it."""
        return {
            "message": self.message,
            "hint": self.hint,
            "file": self.file,
            "line": self.line,
        }
