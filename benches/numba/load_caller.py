"""Imports a module whose function of the same name is cached: `load_caller.py MODULE FOLDER`.

Prints how long that takes after `import numba` (milliseconds), and the peak of resident memory.
"""

import gc
import json
import resource
import sys
import time
from importlib import import_module


def main(module: str, folder: str) -> None:
    """Loads and prints."""
    sys.path.insert(0, folder)
    import numba  # noqa: F401

    # What importing Numba left behind is not to be collected while this is measured.
    gc.collect()
    start = time.perf_counter()
    function = getattr(import_module(module), module)
    loaded = time.perf_counter()
    (signature,) = function.signatures
    arguments = [0.5, 2][: len(signature)]
    found = {
        "load": (loaded - start) * 1e3,
        "result": function(*arguments),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
