"""What is raised when a package cannot be had."""

from __future__ import annotations

from collections.abc import Iterable


class PackageError(ImportError):
    """A package, or a function of one, is not there, does not fit, or cannot be loaded.

    `hint` says what to do about it, where there is something to do.
    """

    hint: str | None

    def __init__(self, message: str = "", *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.msg}\nhint: {self.hint}" if self.hint else str(self.msg)

    def __reduce__(self) -> tuple[object, ...]:
        return (_remake, (type(self), self.msg, self.hint))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The name that may have been meant."""
    import difflib  # only errors need it

    return next(iter(difflib.get_close_matches(name, list(known), 1)), None)


def _remake(kind: type[PackageError], message: str, hint: str | None) -> PackageError:
    return kind(message, hint=hint)
