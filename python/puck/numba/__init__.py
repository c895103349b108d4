"""What connects packages with Numba: types, declared callees, guards of caches, host addresses.

Modules here lean on Numba's internals where it has no public way; each such place names the
function of Numba that it leans on. Tried with Numba 0.63 and newer.

`_types`       types of Numba as packages write them, and back
`_function`    a package's function as a dispatcher: what Python calls and jitted code declares
`_target`      dispatchers without the context that only compiling needs
`_callee`      the library that stands for such a function where Numba links callees in
`_c`           the same for functions of C's convention, whose types `_c_types` reads
`_inline`      bodies that the caller's optimiser may have
`_attributes`  what jitted code says of functions that a package lacks
`_cache`       guards: what cached callers do before their code is loaded, and Numba's cache with it
`_guard`       the guard of a package's function
`_exceptions`  exceptions whose classes this process cannot import
`_host`        what a package needs of this process
"""

from __future__ import annotations
