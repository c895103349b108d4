"""The switch, the command, and what mode `inline` puts into callers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MODULE = """
    from puck import njit

    @njit("float64(float64)")
    def small(x):
        return x * 0.5

    @njit
    def caller(n):
        s = 0.0
        for i in range(n):
            s += small(i)
        return s
"""
SCRIPT = """
    import module
    from puck.dropin._bound import stores_of
    print(module.caller(10))
    (store,) = stores_of(module.caller)
    record = next(store.records(module.caller.local.identity))
    print([name for name, _ in record.embedded], [name for name, *_ in record.calls])
"""


def test_a_body_is_embedded_or_declared(project):
    project.write("module", MODULE)
    assert project.run(SCRIPT).lines == ["22.5", "[] ['module:small']"]
    assert project.run(SCRIPT, "inline").lines == ["22.5", "['module:small'] []"]
    project.write("module", MODULE.replace("x * 0.5", "x * 1.0"))
    inlined = project.run(SCRIPT, "inline")
    assert inlined.lines[0] == "45.0"
    assert inlined.of("compiled") == {"caller"}
    declared = project.run(SCRIPT)
    assert declared.lines[0] == "45.0"
    assert declared.of("declared") == {"caller"}


def test_off_is_numba_itself(project):
    outcome = project.run("""
        import numba
        import puck
        print(puck.numba_mode())
        print(puck.numba_mode("off"))

        @puck.njit(cache=False)
        def function(x):
            return x

        print(type(function) is type(numba.njit(lambda x: x)))
        try:
            puck.numba_mode("on")
        except ValueError as error:
            print(error)
    """)  # fmt: skip
    assert outcome.lines == [
        "declare",
        "off",
        "True",
        "numba_mode(): 'on' is none of off, declare, inline",
    ]


def test_where_and_clear(project):
    project.write("module", MODULE)
    project.run("import module\nmodule.caller(1)")

    def command(verb):
        done = subprocess.run(
            [sys.executable, "-m", "puck", "numba", verb],
            capture_output=True,
            text=True,
            cwd=project.folder,
            env=project.environment(),
            check=True,
        )
        return done.stdout.splitlines()

    assert command("where") == [str(project.store)]
    assert command("clear") == [str(project.store)]
    assert not project.store.exists()
    assert command("where") == []


def test_clearing_leaves_what_is_not_ours(project, tmp_path, monkeypatch, capsys):
    from puck.dropin import _command

    chosen = tmp_path / "chosen"
    monkeypatch.setenv("PUCK_NUMBA_DIR", str(chosen))
    ours = "numba-0.67.0-py311-0123456789ab"
    # As a server leaves it that is killed before it writes an index, and a `clear` that is.
    for folder in (ours, f".{ours}.01234567", ours.replace("py311", "py39")):
        (chosen / folder).mkdir(parents=True)
        (chosen / folder / "0123456789ab.so").write_text("")
    others = {"mine", f"{ours}.orig", f"my-{ours}", "numba-0.67.0-py311-0", "numba-sources"}
    for folder in others:
        (chosen / folder).mkdir()
        (chosen / folder / "index").write_text("")
    (chosen / "notes.txt").write_text("")
    (chosen / ours.replace("7", "8")).write_text("")
    others |= {"notes.txt", ours.replace("7", "8")}
    assert _command.main(["clear", str(project.folder)]) == 0
    assert capsys.readouterr().out == f"{chosen}\n"
    assert {file.name for file in chosen.iterdir()} == others


def test_what_cannot_be_removed_is_said(project, tmp_path, monkeypatch, capsys):
    from puck.dropin import _command, _folder

    monkeypatch.delenv("PUCK_NUMBA_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    homes = _folder.homes(project.folder)
    for home in homes:
        (home / "numba-0.67.0-py311-0123456789ab").mkdir(parents=True)
    rename = Path.rename

    def refuse(self, target):
        if project.store in self.parents:
            raise PermissionError(13, "Permission denied", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    assert _command.main(["clear", str(project.folder)]) == 1
    out, error = capsys.readouterr()
    assert out == f"{homes[1]}\n"
    assert error.startswith(f"error: cannot remove {project.store}: [Errno 13] Permission denied")
    assert [home.exists() for home in homes] == [True, False]


def test_without_the_extension_it_is_numba_and_says_so(project):
    project.write("module", MODULE)
    script = """
        import importlib.util
        plain = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *more: (
            None if name == "puck._puck" else plain(name, *more)
        )
        import module
        print(module.caller(10), type(module.caller).__name__)
    """
    outcome = project.run(script)
    assert outcome.lines == ["22.5 CPUDispatcher"]
    assert outcome.error.count("puck.njit is plain numba.njit here") == 1
    assert "module.py:4: RuntimeWarning" in outcome.error
    assert "plain numba.njit" not in project.run(script, "off").error


def test_what_is_no_function_is_refused_at_once(project):
    assert project.run("""
        import numba, puck
        for value in (3, numba.njit(lambda x: x), puck.njit(lambda x: x), object):
            for given in ((value,), ()):
                try:
                    puck.njit(*given) if given else puck.njit()(value)
                except TypeError as error:
                    print(str(error).split(" (")[0].split(" on ")[0][:40])
    """).lines == [
        "The decorated object is not a function",
        "The decorated object is not a function",
        *["A jit decorator was called"] * 4,
        "The decorated object is not a function",
        "The decorated object is not a function",
    ]


def test_looking_into_machine_code(project):
    script = """
        from puck import njit

        @njit("float64(float64)")
        def half(x):
            return x * 0.5

        try:
            print(type(half.inspect_disasm_cfg(half.signatures[0])))
        except Exception as error:  # it needs packages that may not be there
            print(type(error), error)
    """
    assert project.run(script).lines == project.run(script, "off").lines
