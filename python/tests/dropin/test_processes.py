"""Processes at the same time, processes that are killed, folders that cannot be written."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress

import pytest

# Neither Numba nor Python has a part in it.
pytestmark = pytest.mark.newest

MODULE = """
    from puck import njit

    @njit("float64(float64)")
    def f0(x):
        return x + 1.0
""" + "".join(
    f"""
    @njit("float64(float64)")
    def f{i}(x):
        return f{i - 1}(x) * 1.01 + {i}
"""
    for i in range(1, 12)
)
SCRIPT = "import module\nprint(module.f11(2.0).hex())"


@pytest.fixture
def chain(project):
    project.write("module", MODULE)
    return project


def expected(chain):
    return chain.run(SCRIPT, "off").lines


def test_two_processes_at_once(chain):
    lines = expected(chain)
    processes = [chain.start(SCRIPT) for _ in range(3)]
    assert [chain.finish(process).lines for process in processes] == [lines] * 3
    assert chain.run(SCRIPT).of("compiled") == set()


def server_of(process):
    """The identity of the server that a process has started, once it runs."""
    for _ in range(600):
        try:
            with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
                for child in file.read().split():
                    with open(f"/proc/{child}/cmdline") as command:
                        if "puck.dropin.server" in command.read():
                            return int(child)
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("no server was started")


@pytest.mark.parametrize("delay", [0.0, 1.0, 2.0])
def test_a_killed_server_leaves_the_work_to_numba(chain, delay):
    lines = expected(chain)
    process = chain.start(SCRIPT)
    server = server_of(process)
    time.sleep(delay)
    with suppress(ProcessLookupError):
        os.kill(server, signal.SIGKILL)
    assert chain.finish(process).lines == lines
    after = chain.run(SCRIPT)
    assert after.lines == lines
    assert "numba" not in after.statuses().values()


def wait_for_end_of(server):
    """Wait until a server has ended, after its process."""
    for _ in range(1500):
        if not os.path.exists(f"/proc/{server}/cmdline"):
            return
        time.sleep(0.02)
    raise AssertionError("the server outlives its process")


@pytest.mark.parametrize("delay", [0.0, 1.0, 2.0])
def test_a_killed_process_leaves_nothing_broken(chain, delay):
    lines = expected(chain)
    process = chain.start(SCRIPT)
    server = server_of(process)
    time.sleep(delay)
    process.kill()
    process.communicate()
    wait_for_end_of(server)
    assert chain.run(SCRIPT).lines == lines
    assert chain.run(SCRIPT).of("compiled") == set()


def test_the_folder_may_be_removed_or_damaged(chain):
    lines = chain.run(SCRIPT).lines
    store = next(chain.store.iterdir())
    (library,) = store.glob("*.so")
    library.unlink()
    assert chain.run(SCRIPT).lines == lines
    for library in store.glob("*.so"):
        library.write_bytes(library.read_bytes()[:1000])
    assert chain.run(SCRIPT).lines == lines
    (store / "index").write_bytes((store / "index").read_bytes()[:-10] + b"0123456789")
    assert chain.run(SCRIPT).lines == lines
    shutil.rmtree(chain.store)
    assert chain.run(SCRIPT).lines == lines
    assert chain.run(SCRIPT).of("compiled") == set()


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
    assert chain.run(script).lines == lines


def test_a_read_only_project(chain):
    lines = chain.run(SCRIPT).lines
    script = (
        SCRIPT
        + """
import puck
@puck.njit
def more(x):
    return module.f11(x) + 1
print(more(2.0).hex())
from puck.dropin._bound import stores_of
print(len(stores_of(module.f11)))
"""
    )
    readonly = {"PUCK_TEST_READ_ONLY": "1"}
    script = (
        "import os\nplain = os.access\n"
        f"os.access = lambda path, mode: not str(path).startswith({str(chain.folder)!r}) "
        "and plain(path, mode)\n" + script
    )
    first = chain.run(script, **readonly)
    assert first.lines[0] == lines[0]
    assert first.lines[2] == "2"
    assert first.of("compiled") == {"more"}
    assert chain.run(script).of("compiled") == set()


_MORE = """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, ({}, resource.RLIM_INFINITY))
    import module, puck

    @puck.njit
    def more(x):
        return module.f11(x) + 1

    print(more(2.0).hex())
"""


def sizes_in(chain):
    return {file.name: file.stat().st_size for file in next(chain.store.iterdir()).iterdir()}


def test_a_full_disk(chain):
    chain.run(SCRIPT)
    before = sizes_in(chain)
    lines = chain.run(_MORE.format(-1)).lines
    after = sizes_in(chain)
    object_, library = sorted(after[name] for name in after.keys() - before.keys())
    assert library < before["index"], "which cannot be written where the library can"
    shutil.rmtree(chain.store)
    chain.run(SCRIPT)
    before = sizes_in(chain)
    for most in (0, object_, library):
        outcome = chain.run(_MORE.format(most))
        assert outcome.lines == lines
        assert outcome.statuses()["more"] == "numba"
        assert "cannot write" in str(outcome.report)
        assert sizes_in(chain) == before
    assert chain.run(_MORE.format(-1)).of("compiled") == {"more"}


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
    assert outcome.lines == [*expected(chain), "1.0 1"]
    reasons = {reason.partition(":")[0] for *_, reason in outcome.report}
    assert reasons == {"what is compiled cannot be loaded"}
    # Where it can be loaded again, it is.
    assert chain.run(SCRIPT).of("numba") == set()


def test_interrupting_and_forking(chain):
    outcome = chain.run("""
        import os
        import module
        print(module.f1(1.0))
        import puck

        @puck.njit
        def later(x):
            return module.f1(x) + 1

        child = os.fork()
        if child == 0:
            print(later(1.0), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print(later(1.0))
    """)
    assert outcome.lines[0] == "3.02"
    assert outcome.lines[1:] == ["4.02", "4.02"]


def test_a_server_ends_with_its_process_and_not_with_a_child_of_that(chain):
    outcome = chain.run("""
        import atexit, os, sys, time
        import module
        module.f1(1.0)
        from puck.dropin import _client
        print(_client._server._process.pid)
        child = os.fork()
        if child == 0:
            os.close(1)
            os.close(2)
            time.sleep(60)
            os._exit(0)
        print(child)
        # The process ends without a word to the server.
        atexit.register(lambda: (sys.stdout.flush(), os._exit(0)))
    """)
    server, child = map(int, outcome.lines)
    try:
        wait_for_end_of(server)
    finally:
        os.kill(child, signal.SIGKILL)


def test_another_folder(chain, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    chain.run(SCRIPT, PUCK_NUMBA_DIR=str(elsewhere))
    assert list(elsewhere.iterdir())
    assert not chain.store.exists()


def test_others_may_read_what_the_umask_says(chain):
    before = os.umask(0o022)
    try:
        chain.run(SCRIPT)
    finally:
        os.umask(before)
    files = [file for file in next(chain.store.iterdir()).iterdir() if file.name != "lock"]
    assert {file.suffix for file in files} == {"", ".o", ".so"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o644}


def test_several_threads_use_functions_for_the_first_time(project):
    count = 40
    project.write("module", "import puck\n" + "".join(
        f"@puck.njit({given})\ndef f{i}(x): return x + {i}\n"
        for i in range(count) for given in [("", "'int64(int64)'")[i % 2]]
    ))  # fmt: skip
    script = f"""
        import sys, threading
        import module
        functions = [getattr(module, f"f{{i}}") for i in range({count})]
        if "threads" not in sys.argv:
            for function in functions:
                function(1)
        sys.setswitchinterval(1e-6)
        barrier, wrong = threading.Barrier(4), []

        def use():
            for i, function in enumerate(functions):
                barrier.wait()
                try:
                    result = function(1) if i % 4 < 2 else function.signatures
                    assert result in (i + 1, function.signatures), result
                except Exception as error:
                    wrong.append((i, type(error).__name__, str(error)))

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(wrong)
    """
    assert project.run(script).lines == ["[]"]
    racing = script.replace('"threads" not in sys.argv', "False")
    for _ in range(3):
        outcome = project.run(racing)
        assert outcome.lines == ["[]"]
        assert outcome.of("compiled") == set()


_EMBEDDED = """
    import sys
    import module, puck
    sys.executable = "/usr/sbin/server"
    {}

    @puck.njit
    def more(x):
        return module.f2(x)

    print(more(1.0) == module.f2(1.0))
"""


def test_a_program_that_embeds_python(chain):
    nowhere = chain.run(_EMBEDDED.format('sys.prefix = sys.base_prefix = "/nowhere"'))
    assert nowhere.lines == ["True"]
    assert nowhere.of("numba") >= {"more"}
    assert "there is no Python to start the compile server with" in str(nowhere.report)
    beside = chain.run(_EMBEDDED.format(""))
    assert beside.lines == ["True"]
    assert beside.of("compiled") >= {"more"}


def test_a_server_that_does_nothing_is_given_up(chain):
    outcome = chain.run("""
        import os, signal
        import module
        from puck.dropin import _client

        start = _client._Server.__init__

        def start_and_stop(self, settings):
            start(self, settings)
            os.kill(self._process.pid, signal.SIGSTOP)

        _client._Server.__init__ = start_and_stop
        _client._IDLE = 1.0
        print(module.f11(2.0).hex())
    """)
    assert outcome.lines == expected(chain)
    assert "did nothing for 1 s" in str(outcome.report)


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
    other = store.with_name("numba-0.1-py39-000")
    other.mkdir()
    (other / "index").write_bytes(b"")
    os.utime(other / "index", (0, 0))
    project.write("module", text.format("new", 2))
    project.run(script)
    assert project.run(script).lines[1] == "['module:new']"
    assert [folder.name for folder in project.store.iterdir()] == [store.name]
