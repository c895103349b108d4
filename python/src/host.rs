//! What packages need of the process, from Python.
//!
//! Functions of the interpreter itself are found wherever this module is loaded. Everything else comes
//! from a function that the caller gives, or from the installed package that the provider is.

use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use puck_package::HostImport;
use puck_runtime::Environment;
use pyo3::prelude::*;

use crate::error::Failure;

/// The functions that were given, and what the last of them raised in each thread.
#[derive(Default)]
pub(crate) struct Hosts {
    given: Mutex<Vec<Py<PyAny>>>,
    raised: Arc<Raised>,
}

/// They are asked in the thread that looks for something, which raises what they did.
#[derive(Default)]
struct Raised(Mutex<HashMap<ThreadId, PyErr>>);

impl Raised {
    fn of_threads(&self) -> MutexGuard<'_, HashMap<ThreadId, PyErr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, error: PyErr) {
        // What is replaced may run anything when it goes: not under the lock.
        let _replaced = self.of_threads().insert(thread::current().id(), error);
    }

    fn take(&self) -> Option<PyErr> {
        self.of_threads().remove(&thread::current().id())
    }
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
                        raised.set(error);
                        None
                    }
                }
            })
        };
        // SAFETY: whoever gave the function has promised that its addresses are right.
        unsafe { environment.provide(ask) };
    }

    /// Does what may ask the functions, without the interpreter's lock.
    ///
    /// # Errors
    /// What one of them raised, or else how it failed.
    pub(crate) fn asked<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce() -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let done = py.detach(work);
        match self.raised.take() {
            Some(raised) => Err(raised),
            None => done.map_err(|failure| failure.into_py(py)),
        }
    }
}

fn of_python(import: &HostImport) -> Option<NonNull<c_void>> {
    let symbol = (import.provider == "python").then(|| CString::new(&*import.symbol).ok())??;
    // SAFETY: the name ends in a zero byte.
    NonNull::new(unsafe { libc::dlsym(libc::RTLD_DEFAULT, symbol.as_ptr()) })
}
