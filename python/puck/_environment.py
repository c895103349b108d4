"""Environments and their packages: `puck.open(".").linalg.dot(…)`.

Nothing here needs NumPy or Numba. Functions of C's convention and of Numba's are called by the
extension; those of Numba's that need more of Numba than its runtime go by way of `puck.packages`,
where it is installed.
"""

from __future__ import annotations

import base64
import os
import pickle
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from puck import _puck
from puck._description import Description, chosen
from puck._errors import PackageError, nearest


def open_environment(path: str | os.PathLike[str] = ".") -> Environment:
    """Open the environment of the project in `path`, or the environment that is there.

    :raises puck.PackageError: if there is none, or it cannot be used.
    """
    return Environment(_puck.Environment.open(os.fsdecode(path)))


def user() -> Environment:
    """Open the user's own environment, where `puck install NAME` puts packages.

    :raises puck.PackageError: if there is none, or it cannot be used.
    """
    return Environment(_puck.Environment.user())


class Function(_puck.Function):
    """A function of a package, with all its overloads; called like any other.

    It can be pickled: another process opens the same environment and asks it for the function.
    """

    __slots__ = ("_origin",)

    # The environment's folder, the package and its series, the name.
    _origin: tuple[str, str, str, str]

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return self.documentation

    def __reduce__(self) -> tuple[Any, ...]:
        return (_reopened, self._origin)


# Where people find it; `help` shows that.
Function.__module__ = "puck"


class Environment:
    """An opened environment. Its attributes are its packages, with `_` for `-` in their names.

    A package whose name is that of another attribute here is an item: `environment["path"]`. So are
    series: `environment["linalg.v2"]`.
    """

    def __init__(self, native: _puck.Environment) -> None:
        self._native = native
        self._listed = native.packages()
        self._packages: dict[tuple[str, str], Package] = {}

    @property
    def path(self) -> str:
        """The environment's own folder, which never changes."""
        return self._native.path

    @property
    def key(self) -> str:
        """The digest that identifies the environment's content."""
        return self._native.key

    @property
    def link(self) -> str:
        """How the packages are linked: `dynamic`, `image` or `lto`."""
        return self._native.link

    @property
    def packages(self) -> list[Package]:
        """All packages, by name, then series."""
        return [self._package(name, version, series) for name, version, series, _ in self._listed]

    def package(self, name: str, series: str | None = None) -> Package:
        """The package of that name: of the series `v1`, `v0_3`, … that is asked for, or else of the
        one that the project itself depends on, or else the newest.

        :raises puck.PackageError: if there is none.
        """
        wanted = name.replace("_", "-")
        found = [entry for entry in self._listed if entry[0] == wanted]
        if not found:
            raise PackageError(
                f"no package `{name}` in {self.path}",
                hint=_meant(wanted, [entry[0] for entry in self._listed])
                or f"`puck add {wanted}`, then `puck install`, adds it",
            )
        if series is None:
            name, version, series, _ = chosen(found)
        else:
            of_series = [entry for entry in found if entry[2] == series]
            if not of_series:
                there = ", ".join(entry[2] for entry in found)
                raise PackageError(
                    f"no series {series} of `{name}` in {self.path}, but {there}",
                    hint=f'`environment["{wanted}.{found[-1][2]}"]` is what there is',
                )
            name, version, series, _ = of_series[0]
        return self._package(name, version, series)

    def _package(self, name: str, version: str, series: str) -> Package:
        key = (name, series)
        if key not in self._packages:
            self._packages.setdefault(key, Package(self._native, name, version, series))
        return self._packages[key]

    def __getattr__(self, name: str) -> Package:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.package(name)
        except PackageError as error:
            # As Python asks: `hasattr` and completion count on this class.
            raise AttributeError(str(error), name=name, obj=self) from error

    def __getitem__(self, name: str) -> Package:
        package, _, series = name.partition(".")
        return self.package(package, series or None)

    def __dir__(self) -> Iterable[str]:
        names = {name.replace("-", "_") for name, *_ in self._listed}
        return sorted({*super().__dir__(), *names})

    def __repr__(self) -> str:
        names = ", ".join(f"{name} {version}" for name, version, *_ in self._listed)
        return f"<environment {self.path}: {names or 'empty'}>"


class Package(ModuleType):
    """A package of an environment. Its attributes are its functions, and nothing else.

    `__version__`, `__series__` and `__doc__` tell of it. The library is loaded when the first
    function is asked for.
    """

    def __init__(self, native: _puck.Environment, name: str, version: str, series: str) -> None:
        super().__init__(name.replace("-", "_"))
        self._native = native
        self._package = name
        self.__version__ = version
        self.__series__ = series
        self._description = Description(native, name, version, series)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self._description.document.get("description")

    @property
    def _label(self) -> str:
        return f"{self._package} {self.__version__}"

    def _functions(self) -> dict[str, list[dict[str, Any]]]:
        return self._description.by_name

    def __getattr__(self, name: str) -> Function:
        if name.startswith("__"):
            raise AttributeError(name)
        functions = self._functions()
        if name not in functions:
            message = f"{self._label} has no function `{name}`"
            hint = _meant(name, functions)
            raise AttributeError(f"{message}\nhint: {hint}" if hint else message, name=name)
        function = self._made(name, functions[name])
        self.__dict__[name] = function
        return function

    def __getitem__(self, name: str) -> Function:
        return getattr(self, name)

    def __dir__(self) -> Iterable[str]:
        return sorted(self._functions())

    def __repr__(self) -> str:
        return f"<package {self._label} of {self._native.path}>"

    def _made(self, name: str, overloads: list[dict[str, Any]]) -> Function:
        doc = next((found["doc"] for found in overloads if found.get("doc")), None)
        try:
            made = self._overloads(overloads)
        except PackageError:
            # Numba itself has what no package provides.
            if "numba-signature" not in overloads[0] or find_spec("numba") is None:
                raise
            try:
                made = self._overloads(overloads, provide=_numbas_runtime)
            except PackageError:
                return _with_numba(self._native, self._package, self.__series__, name)
        function = Function(self._package, name, doc, made)
        function._origin = (self._native.path, self._package, self.__series__, name)
        return function

    def _overloads(
        self,
        overloads: list[dict[str, Any]],
        provide: Callable[[str, str], int | None] | None = None,
    ) -> list[_puck.Overload]:
        self._native.load(self._package, self.__series__, provide)
        return [self._overload(overload) for overload in overloads]

    def _overload(self, function: dict[str, Any]) -> _puck.Overload:
        link_name = function["link-name"]
        address = self._native.address(link_name)
        if "numba-signature" not in function:
            return _puck.Overload.c(function["signature"], address)
        entry = next(
            f for f in self._description.document["functions"] if f["link-name"] == link_name
        )
        parameters = function["parameters"]
        return _puck.Overload.numba(
            native=entry["signature"],
            portable=function["signature"],
            declared=entry.get("declared") or function["numba-signature"],
            address=address,
            names=[parameter["name"] for parameter in parameters],
            has_default=["default" in parameter for parameter in parameters],
            defaults=[_default(parameter.get("default")) for parameter in parameters],
            release=lambda: _release(self._native),
            # Not a method: overloads that refer to their package would live as long as the process.
            raised=partial(_raised, self._label, self._description),
        )


def _raised(label: str, description: Description, status: int, address: int) -> BaseException:
    """What a function of Numba's ended with."""
    from puck._exceptions import raised  # what it imports takes long

    return raised(label, (description.numba or {}).get("exceptions", {}), status, address)


def _reopened(path: str, package: str, series: str, name: str) -> Function:
    """The function of a package of the environment in that folder, which never changes."""
    return getattr(_opened(path).package(package, series), name)


_opened = lru_cache(maxsize=16)(open_environment)


def _default(value: Any) -> Any:
    """A default as `numba.json` has it: as JSON does, or pickled."""
    if isinstance(value, dict):
        return pickle.loads(base64.b64decode(value["pickle"]))
    return value


def _release(native: _puck.Environment) -> int:
    """The address of what frees an array when nobody refers to it any more; 0 if nobody has it."""
    for name, version, series, _ in native.packages():
        if name == "numba-runtime":
            native.load(name, series)
            for function in Description(native, name, version, series).document["functions"]:
                if function["name"] == "NRT_MemInfo_call_dtor":
                    return native.address(function["link-name"])
    if find_spec("numba") is not None:
        # The same function of Numba itself (`numba.core.runtime._nrt_python.c_helpers`).
        from numba.core.runtime import _nrt_python

        return _nrt_python.c_helpers["MemInfo_call_dtor"]
    return 0


def _numbas_runtime(symbol: str, provider: str) -> int | None:
    """Where Numba itself has what the package numba-runtime provides elsewhere."""
    if provider != "numba-runtime":
        return None
    from puck.numba._host import address

    return address(symbol, provider)


def _with_numba(native: _puck.Environment, package: str, series: str, name: str) -> Any:
    from puck.packages import _active, _finder

    return getattr(_finder.package(_active._open(native), package, series), name)


def _meant(name: str, known: Iterable[str]) -> str | None:
    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else None
