//! `puck._puck`, the part of the Python package that is not Python: environments, calls of their
//! functions, and linking.
//!
//! | module | what |
//! |---|---|
//! | `environment` | an opened environment: its packages, their files, addresses |
//! | `host` | what packages need of the process |
//! | `call` | calling functions with Python's values |
//! | `values` | what is done in Python with NumPy's values |
//! | `link` | objects made at run time, as a library |
//! | `error` | errors as `puck.PackageError` |
//!
//! Built against Python's stable ABI, so that one library serves every Python from 3.11 on. No LLVM is
//! in it.

#![expect(
    clippy::needless_pass_by_value,
    reason = "what is made of Python's values is handed over by value"
)]

mod call;
mod environment;
mod error;
mod host;
mod link;
mod values;

use pyo3::prelude::*;

/// The part of the package that is compiled. Use `puck`, not this.
#[pymodule]
mod _puck {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::call::{Function, Overload};
    #[pymodule_export]
    use super::environment::Environment;
    #[pymodule_export]
    use super::fingerprint;
    #[pymodule_export]
    use super::link::link;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add(
            "PackageError",
            super::error::package_error_type(module.py())?,
        )
    }
}

/// The first 8 hexadecimal digits of a text's SHA-256: what ends a link name.
#[pyfunction]
fn fingerprint(text: &str) -> String {
    puck_package::Digest::of(text.as_bytes()).prefix(8)
}
