//! Errors of the libraries as Python exceptions.

use puck_package::{LinkNameError, PortableError, SignatureError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

static PACKAGE_ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// `puck.PackageError`, which is written in Python: an exception that is more than its message needs
/// no more than that there.
pub(crate) fn package_error_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    PACKAGE_ERROR.import(py, "puck._errors", "PackageError")
}

/// A `PackageError` with its hint.
pub(crate) fn package_error(py: Python<'_>, message: &str, hint: Option<&str>) -> PyErr {
    let made = || {
        let keywords = PyDict::new(py);
        keywords.set_item("hint", hint)?;
        package_error_type(py)?.call((message,), Some(&keywords))
    };
    match made() {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}

/// What went wrong, before it is known to Python.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn into_py(self, py: Python<'_>) -> PyErr {
        package_error(py, &self.message, self.hint.as_deref())
    }
}

/// An error's message followed by those of its causes, which add what it leaves out.
pub(crate) fn whole_message(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

impl From<puck_runtime::Error> for Failure {
    fn from(error: puck_runtime::Error) -> Self {
        Self {
            message: whole_message(&error),
            hint: error.hint(),
        }
    }
}

impl From<LinkNameError> for Failure {
    fn from(error: LinkNameError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<SignatureError> for Failure {
    fn from(error: SignatureError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<PortableError> for Failure {
    fn from(error: PortableError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}
