"""Processes at the same time, processes that are killed, threads and forks."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import pytest

# Neither Numba nor Python has a part in it.
pytestmark = pytest.mark.newest


def test_two_processes_at_once(chain):
    lines = chain.expected()
    processes = [chain.start(chain.script) for _ in range(3)]
    assert [chain.finish(process).lines for process in processes] == [lines] * 3
    assert chain.run(chain.script).of("compiled") == set()


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
    lines = chain.expected()
    process = chain.start(chain.script)
    server = server_of(process)
    time.sleep(delay)
    with suppress(ProcessLookupError):
        os.kill(server, signal.SIGKILL)
    assert chain.finish(process).lines == lines
    after = chain.run(chain.script)
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
    lines = chain.expected()
    process = chain.start(chain.script)
    server = server_of(process)
    time.sleep(delay)
    process.kill()
    process.communicate()
    wait_for_end_of(server)
    assert chain.run(chain.script).lines == lines
    assert chain.run(chain.script).of("compiled") == set()


def test_an_interrupted_process_may_go_on(chain):
    outcome = chain.run("""
        import os, signal
        import module
        from puck.dropin import _client

        wait = _client._Server._wait

        def interrupted(self, answers, patience):
            _client._Server._wait = wait
            os.kill(os.getpid(), signal.SIGINT)
            wait(self, answers, patience)

        _client._Server._wait = interrupted
        try:
            module.f11(2.0)
        except KeyboardInterrupt:
            print("interrupted")
        print(module.f11(2.0).hex())
    """)
    assert outcome.lines == ["interrupted", *chain.expected()]
    assert outcome.of("compiled") == {"f11"}


def test_forking(chain):
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


def test_a_server_that_starts_ends_with_its_process_too(chain):
    outcome = chain.run("""
        import atexit, os, sys, time
        import module
        from puck.dropin import _client

        wait = _client._Server._wait

        def wait_with_a_child(self, answers, patience):
            _client._Server._wait = wait
            child = os.fork()  # as another thread may do
            if child == 0:
                os.close(1)
                os.close(2)
                time.sleep(60)
                os._exit(0)
            print(self._process.pid)
            print(child)
            wait(self, answers, patience)

        _client._Server._wait = wait_with_a_child
        module.f1(1.0)
        atexit.register(lambda: (sys.stdout.flush(), os._exit(0)))
    """)
    server, child = map(int, outcome.lines)
    try:
        wait_for_end_of(server)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def test_a_child_holds_nothing_of_a_server_that_is_let_go(chain):
    outcome = chain.run("""
        import os
        import module
        module.f1(1.0)
        from puck.dropin import _client
        process = _client._server._process
        process.stdin.close()
        child = os.fork()
        if child == 0:
            print(os.readlink(f"/proc/self/fd/{process.stdout.fileno()}"), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
    """)
    assert outcome.lines == ["/dev/null"]


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


def test_a_thread_asks_for_what_another_has_just_made(project):
    assert project.run("""
        import puck

        @puck.njit
        def f(x):
            return x + 1

        pending = type(f)
        f(1)
        print(pending.__call__(f, 1), pending.__getattribute__(f, "signatures"))
        pending.__setattr__(f, "note", 3)
        print(f.note)
    """).lines == ["2 [(int64,)]", "3"]


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


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ('sys.executable = "/nowhere/python3"', "cannot start the compile server: "),
        ('os.environ["PYTHONHOME"] = "/nowhere"', "the compile server ended (exit code 1)"),
        ('_client.versions = lambda: ("Python 2.7.18",)', ", not Python 2.7.18"),
    ],
)
def test_a_server_that_cannot_be_used(chain, fault, reason):
    outcome = chain.run(f"""
        import os, sys
        from puck.dropin import _client
        {fault}
        import module
        print(module.f11(2.0).hex())
    """)
    assert outcome.lines == chain.expected()
    assert outcome.of("numba") == set(outcome.statuses())
    reasons = [entry[3] for entry in outcome.report]
    assert all(reason in found for found in reasons)
    assert reasons[-1].endswith("; it is not started again")


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
    assert outcome.lines == chain.expected()
    assert "did nothing for 1 s" in str(outcome.report)
