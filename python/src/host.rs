//! What packages need of the process, from Python.
//!
//! Functions of the interpreter itself are found wherever this module is loaded. Everything else comes
//! from a function that the caller gives, or from the installed package that the provider is.

use std::ffi::{CString, c_void};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

use puck_package::HostImport;
use puck_runtime::Environment;
use pyo3::prelude::*;

/// The functions that were given, and what the last of them raised.
#[derive(Default)]
pub(crate) struct Hosts {
    given: Mutex<Vec<Py<PyAny>>>,
    raised: Arc<Mutex<Option<PyErr>>>,
}

impl Hosts {
    /// Lets the environment find what every process with Python has.
    pub(crate) fn new(environment: &Environment) -> Self {
        // SAFETY: the interpreter's own functions and data, which stay, under their own names.
        unsafe { environment.provide(of_python) };
        Self::default()
    }

    /// Lets the environment ask `provide(symbol, provider)`, which gives an address or `None`.
    pub(crate) fn add(&self, py: Python<'_>, environment: &Environment, provide: Py<PyAny>) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if given.iter().any(|known| known.is(&provide)) {
            return;
        }
        given.push(provide.clone_ref(py));
        drop(given);
        let raised = Arc::clone(&self.raised);
        let ask = move |import: &HostImport| {
            Python::attach(|py| {
                let given = provide.bind(py).call1((&import.symbol, &import.provider));
                match given.and_then(|given| given.extract::<Option<usize>>()) {
                    Ok(address) => {
                        NonNull::new(std::ptr::with_exposed_provenance_mut(address.unwrap_or(0)))
                    }
                    Err(error) => {
                        *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        None
                    }
                }
            })
        };
        // SAFETY: whoever gave the function has promised that its addresses are right.
        unsafe { environment.provide(ask) };
    }

    /// What a function raised since this was last asked.
    pub(crate) fn raised(&self) -> Option<PyErr> {
        self.raised
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

fn of_python(import: &HostImport) -> Option<NonNull<c_void>> {
    let symbol = (import.provider == "python").then(|| CString::new(&*import.symbol).ok())??;
    // SAFETY: the name ends in a zero byte.
    NonNull::new(unsafe { libc::dlsym(libc::RTLD_DEFAULT, symbol.as_ptr()) })
}
