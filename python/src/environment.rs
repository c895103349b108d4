//! An opened environment, as Python sees it.

use std::ffi::OsStr;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use puck_package::LinkName;
use puck_runtime as runtime;

use crate::error::Failure;
use crate::host::Hosts;

/// An opened environment.
///
/// Opening reads one small file; libraries are loaded when they are asked for, and stay loaded.
#[pyclass(module = "puck._puck", frozen)]
pub(crate) struct Environment {
    inner: runtime::Environment,
    hosts: Hosts,
}

impl Environment {
    fn of(inner: runtime::Environment) -> Self {
        let hosts = Hosts::new(&inner);
        Self { inner, hosts }
    }

    /// The package as an environment names it: `linalg`, or `linalg.v1`.
    fn named(name: &str, series: Option<&str>) -> String {
        match series {
            Some(series) => format!("{name}.{series}"),
            None => name.to_owned(),
        }
    }
}

#[pymethods]
impl Environment {
    /// Opens the environment of a project (the folder that `.puck` is in), or an environment's own
    /// folder.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let opened = py.detach(|| runtime::Environment::open(&path));
        match opened {
            Ok(inner) => Ok(Self::of(inner)),
            Err(error) => Err(Failure::from(error).into_py(py)),
        }
    }

    /// Opens the user's own environment.
    #[staticmethod]
    fn user(py: Python<'_>) -> PyResult<Self> {
        match py.detach(runtime::Environment::user) {
            Ok(inner) => Ok(Self::of(inner)),
            Err(error) => Err(Failure::from(error).into_py(py)),
        }
    }

    /// The environment's own folder, which never changes.
    #[getter]
    fn path(&self) -> &OsStr {
        self.inner.path().as_os_str()
    }

    /// The digest that identifies the environment's content.
    #[getter]
    fn key(&self) -> String {
        self.inner.key().to_string()
    }

    /// How the packages are linked: `dynamic`, `image` or `lto`.
    #[getter]
    fn link(&self) -> String {
        self.inner.link().to_string()
    }

    /// What is installed: name, version, series, and whether the project itself depends on it.
    fn packages(&self, py: Python<'_>) -> PyResult<Vec<(String, String, String, bool)>> {
        let packages = self.inner.packages();
        let packages = packages.map_err(|error| Failure::from(error).into_py(py))?;
        let facts = packages.iter().map(|package| {
            (
                package.name.to_string(),
                package.version.to_string(),
                package.series.to_string(),
                package.direct,
            )
        });
        Ok(facts.collect())
    }

    /// A package's description, `package.json`, as it is written.
    #[pyo3(signature = (name, series=None))]
    fn description<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        series: Option<&str>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        match self.inner.document_json(&Self::named(name, series)) {
            Ok(bytes) => Ok(PyBytes::new(py, &bytes)),
            Err(error) => Err(Failure::from(error).into_py(py)),
        }
    }

    /// A file that a package brought for tools, if it has it: `numba.json`.
    fn share<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        series: Option<&str>,
        file: &str,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        match self.inner.share(&Self::named(name, series), file) {
            Ok(bytes) => Ok(bytes.map(|bytes| PyBytes::new(py, &bytes))),
            Err(error) => Err(Failure::from(error).into_py(py)),
        }
    }

    /// Loads a package's library with those that it calls, and gives them what they need of the
    /// process: `provide(symbol, provider)` is the address of it, or `None`.
    #[pyo3(signature = (name, series=None, provide=None))]
    fn load(
        &self,
        py: Python<'_>,
        name: &str,
        series: Option<&str>,
        provide: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        if let Some(provide) = provide {
            self.hosts.add(py, &self.inner, provide);
        }
        let package = Self::named(name, series);
        self.hosts
            .asked(py, || Ok(self.inner.load_package(&package)?))
    }

    /// The address of a function of a loaded package, by its link name.
    fn address(&self, py: Python<'_>, link_name: &str) -> PyResult<usize> {
        self.hosts.asked(py, || {
            let name: LinkName = link_name.parse()?;
            Ok(self.inner.symbol(&name)? as usize)
        })
    }

    fn __repr__(&self) -> String {
        format!("Environment({:?})", self.inner.path())
    }
}
