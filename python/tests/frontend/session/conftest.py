"""What the tests of a session import: the helpers beside, and the sources that are compiled."""

import sys
from pathlib import Path

_BESIDE = Path(__file__).parent.parent
sys.path[:0] = [str(_BESIDE), str(_BESIDE / "sources")]

import loading  # noqa: E402 (after the path is set)

# Before any of the sources is imported, and has Numba compile something.
loading.session()
