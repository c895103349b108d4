"""The modules of a project: found by their names, with code that names no folder of this machine.

Code objects of the project's modules have file names relative to its folder, so that what is made
of them (locations in exceptions, pickled functions) is the same wherever the project is. The
process works in that folder, so the names also lead to the files.
"""

from __future__ import annotations

import importlib
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from puck.frontend._errors import FrontEndError


class ProjectModules(MetaPathFinder):
    """Finds the modules of the project in `directory`, and remembers which files were read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.roots: list[str] = []
        self.files: set[str] = set()
        self._watching = False
        self._before: set[str] = set()

    def install(self) -> None:
        """Has imports come here first, and notes what is opened and imported from now on."""
        sys.meta_path.insert(0, self)
        self._before = set(sys.modules)
        self._watching = True
        sys.addaudithook(self._audit)

    def import_sources(self, sources: Iterable[str]) -> dict[str, ModuleType]:
        """Imports files, given relative to the project's folder; modules by file.

        Raises `FrontEndError` where one cannot be imported.
        """
        named = {source: self._module_name(source) for source in sources}
        for root in self.roots:
            if root not in sys.path:
                sys.path.append(root)
        importlib.invalidate_caches()
        return {source: self._import(source, name) for source, name in named.items()}

    def relative(self, file: str) -> str | None:
        """The name of a file within the project; `None` for files elsewhere."""
        if file.startswith("<"):
            # `<frozen importlib…>` and its like name no file.
            return None
        path = Path(os.path.abspath(os.path.join(self.directory, file)))
        if not path.is_relative_to(self.directory) or _is_installed(str(path)):
            return None
        return path.relative_to(self.directory).as_posix()

    def is_ours(self, module: str | None, file: str | None) -> bool:
        """Whether a module, given with a file of it, is on this machine only: neither Python's nor
        an installed package's.
        """
        if not module or not file or file.startswith("<"):
            return False
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names or top in _LOOKED_AT:
            return False
        return not _is_installed(os.path.abspath(os.path.join(self.directory, file)))

    def find_spec(
        self, fullname: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The project's module of that name; the standard library's names are its own."""
        if fullname.partition(".")[0] in sys.stdlib_module_names:
            return None
        spec = PathFinder.find_spec(fullname, path or self.roots, target)
        if spec is None or spec.origin is None or not isinstance(spec.loader, SourceFileLoader):
            # Packages without `__init__.py` have no code.
            return spec if path is None and spec is not None and self._is_namespace(spec) else None
        name = self.relative(spec.origin)
        if name is not None:
            spec.loader = _Loader(fullname, spec.origin, name)
            spec.cached = None
        return spec

    def _is_namespace(self, spec: ModuleSpec) -> bool:
        return spec.origin is None and spec.submodule_search_locations is not None

    def _module_name(self, source: str) -> str:
        """The dotted name of a source, from the folder that its outermost package is in."""
        path = self.directory / source
        folder, parts = path.parent, [] if path.name == "__init__.py" else [path.stem]
        while (folder / "__init__.py").is_file() and folder != self.directory:
            parts.insert(0, folder.name)
            folder = folder.parent
        if str(folder) not in self.roots:
            self.roots.append(str(folder))
        for part in parts:
            if not part.isidentifier():
                raise FrontEndError(
                    f"`{part}` is not a name that a Python module can have",
                    "rename it to letters, digits and `_`",
                    source,
                )
        if not parts or parts[0] in sys.stdlib_module_names:
            name = parts[0] if parts else "__init__"
            raise FrontEndError(
                f"the module `{name}` has the name of one of Python's own",
                "rename the file, or put it into a package",
                source,
            )
        return ".".join(parts)

    def _import(self, source: str, name: str) -> ModuleType:
        try:
            module = importlib.import_module(name)
        except FrontEndError:
            raise
        except (Exception, SystemExit) as error:
            raise self._failed(source, error) from error
        found = getattr(module, "__file__", None)
        if found is None or not os.path.samefile(found, self.directory / source):
            raise FrontEndError(
                f"the name `{name}` means `{found}`, which is not this source",
                "rename one of them",
                source,
            )
        return module

    def _failed(self, source: str, error: BaseException) -> FrontEndError:
        """Says where in the project an import failed."""
        from puck.frontend._checks import explain

        file, line = source, getattr(error, "lineno", None)
        if isinstance(error, SyntaxError) and error.filename:
            file = self.relative(error.filename) or source
        else:
            line = None
            trace = error.__traceback__
            while trace is not None:
                name = self.relative(trace.tb_frame.f_code.co_filename)
                if name is not None:
                    file, line = name, trace.tb_lineno
                trace = trace.tb_next
        message, hint = explain(error)
        return FrontEndError(f"cannot be imported: {message}", hint, file, line)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        """Notes what is opened for reading, so that a change of data files builds again."""
        if event != "open" or not self._watching or not isinstance(args[0], str | bytes):
            return
        file, mode = os.fsdecode(args[0]), args[1]
        if isinstance(mode, str) and not set(mode).isdisjoint("wax+"):
            return
        name = self.relative(file)
        if name is not None and not name.endswith(".pyc") and os.path.isfile(file):
            self.files.add(name)

    def outside(self) -> set[str]:
        """Sources of modules that were imported since and are not the project's, by path.

        Those of Python itself, and of packages that Puck looks at by itself, are left out.
        """
        found = set()
        for name in set(sys.modules) - self._before:
            file = getattr(sys.modules[name], "__file__", None)
            if not isinstance(file, str) or not file.endswith(".py") or not os.path.isabs(file):
                continue
            top = name.partition(".")[0]
            is_known = top in sys.stdlib_module_names or top in _LOOKED_AT
            if not is_known and self.relative(file) is None and os.path.isfile(file):
                found.add(file)
        return found

    def stop(self) -> None:
        """Ends the watch over files that are opened."""
        self._watching = False


class _Loader(SourceFileLoader):
    """Compiles a source under its name within the project, and never from a `.pyc`."""

    def __init__(self, fullname: str, path: str, name: str) -> None:
        super().__init__(fullname, path)
        self._name = name

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self._name)

    def source_to_code(  # type: ignore[override]
        self, data: bytes, path: str, *, _optimize: int = -1
    ) -> CodeType:
        source = importlib.util.decode_source(data)
        # Without a time of change, the lines stay even if somebody looks for another file.
        lines = source.splitlines(keepends=True)
        linecache.cache[self._name] = (len(data), None, lines, self._name)
        return compile(source, self._name, "exec", dont_inherit=True, optimize=_optimize)


def _is_installed(path: str) -> bool:
    """Whether a file belongs to Python or to packages that are installed."""
    return any(path.startswith(folder + os.sep) for folder in _INSTALLED)


# The command notices when another version of these is installed; Numba itself imports SciPy.
_LOOKED_AT = {"llvmlite", "numba", "numpy", "puck", "scipy"}
_INSTALLED = sorted(
    {
        *(sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")),
        sys.prefix,
    }
)
