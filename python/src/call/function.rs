//! A function of a package, as an object that Python calls.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::outcome::Given;
use super::overload::Overload;

/// A function of a package; called like any other.
///
/// Of several overloads, the one is called that the arguments fit best.
#[pyclass(module = "puck._puck", frozen, subclass)]
pub(crate) struct Function {
    #[pyo3(get, name = "__name__")]
    name: String,
    #[pyo3(get, name = "__qualname__")]
    qualified_name: String,
    #[pyo3(get, name = "__module__")]
    module: String,
    doc: Option<String>,
    overloads: Vec<Py<Overload>>,
}

#[pymethods]
impl Function {
    #[new]
    fn new(package: &str, name: String, doc: Option<String>, overloads: Vec<Py<Overload>>) -> Self {
        Self {
            qualified_name: format!("{package}.{name}"),
            module: format!("puck.packages.{}", package.replace('-', "_")),
            name,
            doc,
            overloads,
        }
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__(
        &self,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let explained = |error| self.explained(&error, args.py());
        let overload = match self.overloads.as_slice() {
            [only] => only.get(),
            _ => self.nearest(args, kwargs).map_err(explained)?,
        };
        let prepared = overload.prepare(args, kwargs).map_err(explained)?;
        overload.run(&prepared, Given { args, kwargs })
    }

    /// Its overloads.
    #[getter]
    fn overloads(&self, py: Python<'_>) -> Vec<Py<Overload>> {
        self.overloads
            .iter()
            .map(|overload| overload.clone_ref(py))
            .collect()
    }

    /// Their signatures, as text.
    #[getter]
    fn signatures(&self) -> Vec<&str> {
        self.overloads
            .iter()
            .map(|overload| overload.get().text())
            .collect()
    }

    /// Where it is, for functions that are given a function.
    #[getter]
    fn address(&self) -> PyResult<usize> {
        match self.overloads.as_slice() {
            [only] => Ok(only.get().address()),
            _ => Err(PyTypeError::new_err(format!(
                "`{}` is {} functions: take the address of one of its `overloads`",
                self.qualified_name,
                self.overloads.len()
            ))),
        }
    }

    /// What it does, and its signatures. A class of Python shows it as `__doc__`, which here would be
    /// that of the class.
    #[getter]
    fn documentation(&self) -> String {
        let mut text = self.doc.clone().unwrap_or_default();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        for overload in &self.overloads {
            text.push_str(&self.name);
            text.push_str(overload.get().text().trim_start_matches("fn"));
            text.push('\n');
        }
        text
    }

    #[getter]
    fn __signature__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        let [only] = this.overloads.as_slice() else {
            return py.import("puck._signature")?.getattr("ANYTHING");
        };
        let defaults = only.get().defaults();
        let made = py.import("puck._signature")?.getattr("signature")?;
        let has = defaults.iter().map(Option::is_some).collect::<Vec<_>>();
        let values = defaults
            .iter()
            .map(|value| value.as_ref().map(|value| value.clone_ref(py)));
        made.call1((only.get().names().to_vec(), has, values.collect::<Vec<_>>()))
    }

    #[getter]
    fn __text_signature__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(Self::__signature__(slf)?.str()?.to_string())
    }

    /// A function of a class's body stays what it is; that it has this makes `help` show it as one.
    fn __get__(slf: Py<Self>, _instance: Option<Py<PyAny>>, _owner: Option<Py<PyAny>>) -> Py<Self> {
        slf
    }

    fn __repr__(&self) -> String {
        let texts = self.signatures().join(" | ");
        format!("<function {} of a package: {texts}>", self.qualified_name)
    }
}

impl Function {
    fn nearest(
        &self,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<&Overload> {
        let overloads = self.overloads.iter().map(Py::get);
        let ranked =
            overloads.filter_map(|overload| Some((overload.distance(args, kwargs)?, overload)));
        let mut nearest: Vec<(u32, &Overload)> = ranked.collect();
        nearest.sort_by_key(|(distance, _)| *distance);
        match nearest.as_slice() {
            [(first, _), (second, _), ..] if first == second => Err(PyTypeError::new_err(
                "the arguments fit several overloads alike",
            )),
            [(_, overload), ..] => Ok(overload),
            [] => {
                let kinds = args.iter().map(|value| kind(&value)).collect::<Vec<_>>();
                let message = format!("no overload takes ({})", kinds.join(", "));
                Err(PyTypeError::new_err(message))
            }
        }
    }

    /// An error about the arguments with the function's name and signatures.
    #[cold]
    fn explained(&self, error: &PyErr, py: Python<'_>) -> PyErr {
        let text = error.value(py);
        let signatures = self.signatures().join("\n           ");
        let message = format!("{}: {text}\nsignature: {signatures}", self.qualified_name);
        if error.is_instance_of::<PyValueError>(py) {
            PyValueError::new_err(message)
        } else if error.is_instance_of::<PyTypeError>(py) {
            PyTypeError::new_err(message)
        } else {
            error.clone_ref(py)
        }
    }
}

/// What an argument is, in short.
fn kind(value: &Bound<'_, PyAny>) -> String {
    match super::array::Array::of(value) {
        Ok(array) => {
            let dimensions = array.shape().len();
            format!("array of {} with ndim={dimensions}", array.dtype(value))
        }
        Err(_) => value
            .get_type()
            .name()
            .map_or_else(|_| "?".to_owned(), |name| name.to_string()),
    }
}
