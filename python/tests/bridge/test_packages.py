"""Packages that call packages, and what they need of the process."""

from __future__ import annotations

import json

import pytest

BASE = """
    import numpy as np
    import puck


    class Empty(LookupError):
        pass


    @puck.export("float64(float64[::1])")
    def mean(x):
        if len(x) == 0:
            raise Empty("no numbers", len(x))
        return x.sum() / len(x)

    @puck.export("float64(float64, float64)")
    def step(x, by=0.5):
        return x + by
"""

UPPER = """
    import numpy as np
    import puck
    from numba import njit, objmode, prange
    from puck.packages import base


    @puck.export("float64(float64[::1])")
    def spread(x):
        m = base.mean(x)
        if m < 0:
            raise ValueError("negative mean", m)
        return base.step(((x - m) ** 2).sum())

    @puck.export("float64(float64[::1])", parallel=True)
    def total(x):
        result = 0.0
        for i in prange(len(x)):
            result += base.step(x[i], by=1.0)
        return result

    @puck.export("float64(float64)")
    def through_python(x):
        with objmode(y="float64"):
            y = float(str(x)) + 1
        return y

    @puck.export("float64(float64)")
    def printed(x):
        print("x is", x)
        return x

    @puck.export("float64[:,::1](float64[:,::1], float64[:,::1])")
    def product(a, b):
        return a @ b

    @puck.export("float64(int64)")
    def random(seed):
        np.random.seed(seed)
        return np.random.random()

    @puck.export("int64(int64)")
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
"""

CALLERS = """
    from numba import njit
    from puck.packages import base, upper

    @njit(cache=True)
    def spread(x):
        return upper.spread(x) + base.step(0.0)

    @njit(cache=True)
    def total(x):
        return upper.total(x)

    @njit(cache=True)
    def python(x):
        return upper.through_python(x) + upper.printed(x)

    @njit(cache=True)
    def others(a, seed):
        return upper.product(a, a), upper.random(seed), upper.fibonacci(20)
"""


@pytest.fixture(scope="module")
def upper(shared_world):
    pytest.importorskip("scipy")
    shared_world.package("base", BASE)
    shared_world.package("upper", UPPER, dependencies=("base",))
    shared_world.install("base", "upper")
    shared_world.module("callers", CALLERS)
    return shared_world


@pytest.mark.parametrize("state", ["cold", "cached"])
def test_calls(upper, state):
    assert upper.run("""
        import numpy as np
        import callers

        x = np.array([1.0, 2.0, 3.0])
        print(callers.spread(x), callers.total(np.zeros(1000)), callers.python(1.5))
        product, random, fibonacci = callers.others(np.eye(2) * 3, 5)
        np.random.seed(5)
        print(product.tolist(), random == np.random.random(), fibonacci)
        functions = (callers.spread, callers.total, callers.python, callers.others)
        print(sum(sum(function.stats.cache_hits.values()) for function in functions))
    """).splitlines() == [
        "x is 1.5",
        "3.0 1000.0 4.0",
        "[[9.0, 0.0], [0.0, 9.0]] True 6765",
        "0" if state == "cold" else "4",
    ]


def test_from_python_the_same(upper):
    assert upper.run("""
        import numpy as np
        from puck.packages import upper

        print(upper.spread(np.array([1.0, 2.0, 3.0])), upper.total(np.zeros(1000)))
        product = upper.product(np.eye(2), np.eye(2))
        print(upper.through_python(1.5), upper.printed(2.0), product.sum())
    """).splitlines() == ["2.5 1000.0", "x is 2.0", "2.5 2.0 2.0"]


@pytest.mark.newest
def test_one_package_declares_what_it_calls_of_another(upper):
    imports = json.loads(
        upper.run("""
            import json
            from puck.packages import get

            print(json.dumps(get("upper")._puck_installed.document["imports"]))
        """)
    )
    assert sorted((entry["package"], entry["function"]) for entry in imports) == [
        ("base", "mean"),
        ("base", "step"),
    ]


def test_exceptions_cross_two_packages(upper):
    assert (
        upper.run("""
        import sys
        import numpy as np
        import callers
        from puck.packages import upper

        sys.path.insert(0, "../base")
        for function in (upper.spread, callers.spread):
            for x in (np.empty(0), -np.ones(2)):
                try:
                    function(x)
                except Exception as error:
                    print(type(error).__module__, type(error).__name__, error.args)
    """).splitlines()
        == [
            "kernels Empty ('no numbers', 0)",
            "builtins ValueError ('negative mean', -1.0)",
        ]
        * 2
    )


def test_without_scipy_nothing_is_loaded(upper):
    out = upper.run("""
        import importlib.util

        find = importlib.util.find_spec
        import puck.numba._host as host
        host.find_spec = lambda name: None if name == "scipy" else find(name)
        import puck
        from puck.packages import upper
        from numba import njit

        @njit
        def call(n):
            return upper.fibonacci(n)

        for attempt in (lambda: upper.fibonacci(3), lambda: call(3)):
            try:
                attempt()
            except puck.PackageError as error:
                print(str(error).replace("\\n", " "))
        print("upper.v1" in open("/proc/self/maps").read())
    """).splitlines()
    for line in out[:2]:
        assert "package `upper` 1.0.0 needs what this process does not provide: of `scipy`" in line
        assert "hint: install SciPy in this Python" in line
    assert out[2] == "False"


@pytest.mark.newest
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("abi", "numba-cpu-2", "has functions of the convention 'numba-cpu-2'"),
        ("format", 2, "described in format 2"),
    ],
)
def test_another_convention_or_format_is_refused(upper, key, value, message):
    out = upper.run(f"""
        import json
        import puck
        from puck.packages import get
        from puck.packages._installed import Installed

        share = Installed.share

        def changed(self, file):
            return json.dumps(json.loads(share(self, file)) | {{{key!r}: {value!r}}}).encode()

        Installed.share = changed
        try:
            get("upper").fibonacci
        except puck.PackageError as error:
            print(error)
    """)
    assert message in out
    assert "hint: install a newer `puck`" in out


@pytest.mark.newest
def test_types_that_only_the_same_numba_knows(upper):
    out = upper.run("""
        import puck
        from puck.packages import get

        installed = get("upper")._puck_installed
        installed.by_name["fibonacci"][0]["pickled-type"] = "gASVAA=="
        installed.numba["numba"] = "0.1.2"
        try:
            get("upper").fibonacci(3)
        except puck.PackageError as error:
            print(error)
    """)
    assert "takes or returns what only Numba 0.1.2 understands" in out


def test_threads_and_forks(upper):
    assert (
        upper.run("""
        import os
        import threading
        import numpy as np
        from puck.packages import base, upper

        x = np.ones(3)
        found = []
        start = threading.Barrier(8)

        def first_call():
            start.wait()
            found.append(base.mean(x))

        threads = [threading.Thread(target=first_call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        child = os.fork()
        if child == 0:
            os._exit(0 if upper.spread(x) == 0.5 and base.mean(x) == 1.0 else 1)
        print(found == [1.0] * 8, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """)
        == "True 0"
    )


@pytest.mark.parametrize(
    ("inline", "declared"), [("never", True), ("auto", False), ("always", False)]
)
def test_inlining(upper, inline, declared):
    out = upper.run(
        """
        import puck.packages
        from numba import njit
        from puck.packages import base

        @njit
        def call(x):
            return base.step(x, 2.0)

        print(call(1.0), "@base.v1.step" in call.inspect_llvm(call.signatures[0]))
        puck.packages.use(inline="never")

        @njit
        def again(x):
            return base.step(x, 3.0)

        print(again(1.0), "@base.v1.step" in again.inspect_llvm(again.signatures[0]))
        """,
        PUCK_INLINE=inline,
    )
    assert out.splitlines() == [f"3.0 {declared}", "4.0 True"]


def test_a_body_that_cannot_be_read_is_not_inlined(upper):
    assert (
        upper.run("""
        import base64
        from numba import njit
        from puck.packages import base

        bodies = base._puck_installed.bodies
        for name in bodies:
            bodies[name] = base64.b64encode(b"BC\\xc0\\xde of another time").decode()

        @njit
        def call(x):
            return base.step(x, 2.0)

        print(call(1.0), "@base.v1.step" in call.inspect_llvm(call.signatures[0]))
    """)
        == "3.0 True"
    )


@pytest.mark.newest
def test_an_unknown_mode_of_inlining_is_refused(upper):
    run = upper.attempt("import puck.packages; puck.packages.use(inline='sometimes')")
    assert "one of 'auto', 'never', 'always' is expected, found 'sometimes'" in run.stderr
