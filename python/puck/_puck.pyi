"""The part of the package that is compiled."""

from collections.abc import Callable
from inspect import Signature
from os import PathLike
from typing import Any

from puck._errors import PackageError as PackageError

class Environment:
    """An opened environment."""

    @staticmethod
    def open(path: str | PathLike[str]) -> Environment: ...
    @staticmethod
    def user() -> Environment: ...
    @property
    def path(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def link(self) -> str: ...
    def packages(self) -> list[tuple[str, str, str, bool]]: ...
    def description(self, name: str, series: str | None = None) -> bytes: ...
    def share(self, name: str, series: str | None, file: str) -> bytes | None: ...
    def load(
        self,
        name: str,
        series: str | None = None,
        provide: Callable[[str, str], int | None] | None = None,
    ) -> None: ...
    def address(self, link_name: str) -> int: ...

class Overload:
    """One of a function's overloads."""

    @staticmethod
    def c(signature: str, address: int) -> Overload: ...
    @staticmethod
    def numba(
        native: str,
        portable: str,
        declared: str,
        address: int,
        names: list[str | None],
        has_default: list[bool],
        defaults: list[Any],
        release: Callable[[], int],
        raised: Callable[[int, int], BaseException],
    ) -> Overload: ...
    @property
    def text(self) -> str: ...
    @property
    def address(self) -> int: ...

class Function:
    """A function of a package."""

    __name__: str
    __qualname__: str
    def __new__(
        cls, package: str, name: str, doc: str | None, overloads: list[Overload]
    ) -> Function: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    @property
    def documentation(self) -> str: ...
    @property
    def overloads(self) -> list[Overload]: ...
    @property
    def signatures(self) -> list[str]: ...
    @property
    def address(self) -> int: ...
    @property
    def __signature__(self) -> Signature: ...

def link(
    objects: list[bytes], soname: str, exports: list[str], imports: list[str], output: str
) -> None: ...
def fingerprint(text: str) -> str: ...
