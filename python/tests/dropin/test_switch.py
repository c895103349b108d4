"""The switch, the command, and what mode `inline` puts into callers."""

from __future__ import annotations

import subprocess
import sys

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
    from puck.dropin._resolve import stores_of
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
