"""The folder of a local package: where it is, what is kept there, and what is wrong with it."""

from __future__ import annotations

import errno
import os
import shutil
import textwrap

import pytest

# Neither Numba nor Python has a part in it.
pytestmark = pytest.mark.newest


def test_the_folder_may_be_removed_or_damaged(chain):
    lines = chain.run(chain.script).lines

    def is_compiled_again():
        outcome = chain.run(chain.script)
        assert outcome.lines == lines
        assert outcome.of("compiled") == {"f11"}
        assert outcome.of("numba") == set()

    store = next(chain.store.iterdir())
    (library,) = store.glob("*.so")
    library.unlink()
    is_compiled_again()
    for library in store.glob("*.so"):
        library.write_bytes(library.read_bytes()[:1000])
    is_compiled_again()
    for symbols in (b"host_imports", b"f11_", b"f10_", b"f0_"):
        for library in store.glob("*.so"):
            # Of the same size, and others than the index says.
            library.write_bytes(library.read_bytes().replace(symbols, symbols.swapcase()))
        is_compiled_again()
    (store / "index").write_bytes((store / "index").read_bytes()[:-10] + b"0123456789")
    is_compiled_again()
    shutil.rmtree(chain.store)
    is_compiled_again()
    assert chain.run(chain.script).of("compiled") == set()


def test_the_folder_may_be_removed_while_it_is_used(chain):
    script = f"""
        import shutil
        import module
        print(module.f3(2.0).hex())
        shutil.rmtree({str(chain.store)!r})
        import puck
        @puck.njit
        def more(x):
            return module.f11(x)
        print(more(2.0).hex())
    """
    lines = chain.run(script.replace("shutil.rmtree", "str")).lines
    outcome = chain.run(script)
    assert outcome.lines == lines
    assert outcome.of("numba") == set()


_CHANGE = {
    "removed": "shutil.rmtree(store)",
    "merged": """
        _merge._MANY, _merge._ABANDONED = 0, -1.0
        _merge.merge(store)
    """,
}


@pytest.mark.parametrize(("change", "status"), [("removed", "compiled"), ("merged", "declared")])
def test_libraries_of_another_process_may_go(project, change, status):
    functions = "".join(f"@njit\ndef {name}(x): return x + 1\n" for name in ("g", "i", "k"))
    project.write("module", f"from puck import njit\n{functions}@njit\ndef f(x): return g(x) * 2\n")
    outcome = project.run(f"""
        import os, shutil, subprocess, sys
        import module
        from puck.dropin import _merge
        from puck.dropin._bound import stores_of
        (store,) = [store.folder for store in stores_of(module.f)]
        module.i(1)
        subprocess.run([sys.executable, "-c", "import module; module.f(1)"], check=True)
        module.i(1.0)  # what there is is read
        {textwrap.indent(textwrap.dedent(_CHANGE[change]), " " * 8).strip()}
        print(module.f(1), module.k(1))
    """)
    assert outcome.lines == ["4 2"]
    assert outcome.statuses() == {"i": "compiled", "f": status, "k": "compiled"}


def test_what_others_compile_is_not_said_to_be_compiled_here(project):
    project.write("module", "import puck\n@puck.njit\ndef f(x): return x + 1\n")
    outcome = project.run("""
        import subprocess, sys
        import module
        module.f(1)
        subprocess.run([sys.executable, "-c", "import module; module.f(1.5)"], check=True)
        module.f(1j)
        module.f(1.5)
    """)
    assert [entry[2] for entry in outcome.report] == ["compiled", "compiled", "declared"]


def test_a_passing_fault_turns_nothing_off(chain):
    outcome = chain.run("""
        import ctypes, errno, os
        import module
        plain = ctypes.CDLL

        def refuse(path, *more, **named):
            text = os.strerror(errno.EMFILE)
            raise OSError(f"{path}: cannot open shared object file: {text}")

        ctypes.CDLL = refuse
        module.f2(1.0)
        ctypes.CDLL = plain
        module.f3(1.0)
    """)
    statuses = outcome.statuses()
    assert (statuses["f2"], statuses["f3"]) == ("numba", "compiled")
    assert os.strerror(errno.EMFILE) in str(outcome.report)


# The superuser, who may run this, is refused nothing.
_READ_ONLY = """
    import os
    access = os.access
    os.access = lambda path, mode: not str(path).startswith({0!r}) and access(path, mode)
"""
_CLOSED = """
    stat = os.stat

    def refusing(path, *more, **named):
        if str(path).startswith({0!r} + os.sep):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *more, **named)

    os.stat = refusing
"""
_MORE = """
    import module, puck

    @puck.njit
    def more(x):
        return module.f11(x) + 1

    print(more(2.0).hex())
"""
_WHERE = """
    from puck.dropin._bound import stores_of
    print([str(store.folder.parent.parent) for store in stores_of(module.f11)])
"""


@pytest.mark.parametrize("place", ["target", "target/puck/numba/numba-*"])
def test_what_cannot_be_written(chain, place):
    chain.run(chain.script)
    (closed,) = chain.folder.glob(place)
    script = _READ_ONLY.format(str(closed)) + _MORE + _WHERE
    first = chain.run(script)
    places = [str(chain.store.parent), str(chain.folder.parent / "cache" / "puck" / "numba")]
    assert first.lines == [*chain.run(_MORE, "off").lines, str(places)]
    assert first.of("compiled") == {"more"}
    assert chain.run(script).of("compiled") == set()


def test_what_is_closed_to_this_user(chain):
    chain.run(chain.script)
    closed = str(chain.store.parent)
    outcome = chain.run(_READ_ONLY.format(closed) + _CLOSED.format(closed) + _MORE)
    assert outcome.lines == chain.run(_MORE, "off").lines
    assert outcome.of("numba") == set()


def test_a_user_without_a_home(chain):
    assert chain.run("""
        import os, pwd

        def unknown(user):
            raise KeyError(user)

        pwd.getpwuid = unknown
        del os.environ["XDG_CACHE_HOME"]
        os.environ.pop("HOME", None)
        from puck.dropin._folder import folders
        print(folders("<stdin>")[0].parent)
    """).lines == ["/.cache/puck/numba/interactive"]


_FULL = """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, ({}, resource.RLIM_INFINITY))
"""


def sizes_in(chain):
    return {file.name: file.stat().st_size for file in next(chain.store.iterdir()).iterdir()}


def test_a_full_disk(chain):
    chain.run(chain.script)
    before = sizes_in(chain)
    lines = chain.run(_MORE).lines
    after = sizes_in(chain)
    object_, library = sorted(after[name] for name in after.keys() - before.keys())
    assert library < before["index"], "which cannot be written where the library can"
    shutil.rmtree(chain.store)
    chain.run(chain.script)
    before = sizes_in(chain)
    for most in (0, object_, library):
        outcome = chain.run(_FULL.format(most) + _MORE)
        assert outcome.lines == lines
        assert outcome.statuses()["more"] == "numba"
        assert "cannot write" in str(outcome.report)
        assert sizes_in(chain) == before
    assert chain.run(_MORE).of("compiled") == {"more"}


def test_a_disk_without_executables(chain):
    script = """
        import ctypes
        import module
        plain, tried = ctypes.CDLL, []

        def refuse(path, *more, **named):
            if str(path).endswith(".so") and "numba-" in str(path):
                tried.append(path)
                raise OSError(f"{path}: failed to map segment from shared object")
            return plain(path, *more, **named)

        ctypes.CDLL = refuse
        print(module.f11(2.0).hex())
        import puck

        @puck.njit
        def more(x):
            return module.f11(x) + 1

        print(more(1.0) - module.f11(1.0), len(set(tried)))
    """
    outcome = chain.run(script)
    assert outcome.lines == [*chain.expected(), "1.0 1"]
    reasons = {reason.partition(":")[0] for *_, reason in outcome.report}
    assert reasons == {"what is compiled cannot be loaded"}
    # Where it can be loaded again, it is.
    assert chain.run(chain.script).of("numba") == set()


def test_another_folder(chain, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    chain.run(chain.script, PUCK_NUMBA_DIR=str(elsewhere))
    assert list(elsewhere.iterdir())
    assert not chain.store.exists()


def test_others_may_read_what_the_umask_says(chain):
    before = os.umask(0o022)
    try:
        chain.run(chain.script)
    finally:
        os.umask(before)
    files = [file for file in next(chain.store.iterdir()).iterdir() if file.name != "lock"]
    assert {file.suffix for file in files} == {"", ".o", ".so"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o644}


def test_functions_without_a_source_go(project):
    text = "import puck\n@puck.njit\ndef {}(x): return x + {}\n"
    project.write("module", text.format("old", 1))
    project.run("import module\nprint(module.old(1))")
    project.write("module", text.format("new", 1))
    script = """
        import module, puck
        from puck.dropin._bound import stores_of
        print(module.new(1))
        (store,) = stores_of(module.new)
        print(sorted(store.all().functions))
    """
    assert project.run(script).lines[1] == "['module:new', 'module:old']"
    store = next(project.store.iterdir())
    for file in store.glob("*.o"):
        os.utime(file, (0, 0))
    others = [store.with_name(f"numba-0.1-py39-0123456789a{place}") for place in range(3)]
    others[1] = others[1].with_name(f".{others[1].name}.01234567")
    others.append(store.with_name("numba-mine"))
    for other in others:
        other.mkdir()
        os.utime(other, (0, 0))
    (others[0] / "index").write_bytes(b"")
    os.utime(others[0] / "index", (0, 0))
    project.write("module", text.format("new", 2))
    project.run(script)
    assert project.run(script).lines[1] == "['module:new']"
    assert {folder.name for folder in project.store.iterdir()} == {store.name, "numba-mine"}


def test_many_small_libraries_become_one(project):
    functions = "".join(
        f"""
        @njit
        def f{i}(x):
            return x + {i}{f" + f{i - 1}(x)" if i else ""}
        """
        for i in range(12)
    )
    project.write("module", "\n        from puck import njit\n" + functions)
    script = "import module\nprint(*(getattr(module, f'f{i}')(1) for i in range(12)))"
    lines = project.twice(script).lines
    store = next(project.store.iterdir())
    assert len(list(store.glob("*.so"))) > 12
    probe = """
        from puck.dropin._resolve import stores_of
        import module
        (store,) = stores_of(module.f0)
        print(len(store.all().libraries))
    """
    assert project.run(probe).lines == ["1"]
    for library in store.glob("*.so"):
        if library.name not in {f"{name}.so" for name in _libraries(store)}:
            library.unlink()
    assert project.run(script).lines == lines
    assert project.run(script).of("compiled") == set()


def test_what_was_merged_stays_for_who_has_read_the_index(chain, monkeypatch):
    from puck.dropin import _merge

    chain.run(chain.script)
    store = next(chain.store.iterdir())
    (library,) = store.glob("*.so")
    monkeypatch.setattr(_merge, "_MANY", 0)
    os.utime(library, (0, 0))
    _merge.merge(store)
    assert library.stem not in _libraries(store)
    assert library.exists()
    os.utime(library, (0, 0))
    _merge.merge(store)
    assert not library.exists()
    assert chain.run(chain.script).of("declared") == {"f11"}


def _libraries(folder):
    from puck.dropin._store import Store

    return Store(folder).all().libraries
