"""A plugin of pytest: makes a session before any source has Numba compile something.

It is loaded by `test_session.py` in processes of its own: a session changes Numba for good.
"""

import loading

loading.session()
