//! One of a function's overloads: what it takes, and how it is called.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use puck_package::{PortableSignature, PortableType, Signature};

use super::outcome::{self, Given, Returned};
use super::owned::Release;
use super::parameter::Parameter;
use super::pass;
use super::prepared::Prepared;
use crate::error::Failure;

/// The status of a Numba function that returned.
const OK: i32 = 0;
/// The status of one that returned `None`.
const NONE: i32 = -2;
/// The status of one that called Python, which raised.
const PYTHON: i32 = -1;

/// One of a function's overloads.
#[pyclass(module = "puck._puck", frozen)]
pub(crate) struct Overload {
    /// For people: the signature as they know it.
    #[pyo3(get)]
    text: String,
    /// Where the function is.
    #[pyo3(get)]
    address: usize,
    names: Vec<Option<String>>,
    parameters: Vec<Parameter>,
    /// Values for parameters that may be left out; of those beyond `parameters`, which were given
    /// theirs when the function was compiled, no other value is taken.
    defaults: Vec<Option<Py<PyAny>>>,
    convention: Convention,
}

enum Convention {
    C(Returned),
    Numba {
        result: PortableType,
        release: Release,
        /// The exception for a status and what it comes with.
        raised: Py<PyAny>,
    },
}

#[pymethods]
impl Overload {
    /// An overload with C's calling convention.
    #[staticmethod]
    fn c(py: Python<'_>, signature: &str, address: usize) -> PyResult<Self> {
        let signature: Signature = signature
            .parse()
            .map_err(|error| Failure::from(error).into_py(py))?;
        let parameters = signature.parameters.iter();
        Ok(Self {
            text: signature.to_string(),
            address,
            names: parameters
                .clone()
                .map(|parameter| parameter.name.clone())
                .collect(),
            defaults: parameters.clone().map(|_| None).collect(),
            parameters: parameters
                .map(|parameter| Parameter::of(&parameter.ty))
                .collect(),
            convention: Convention::C(Returned::of(signature.result.as_ref())),
        })
    }

    /// An overload with Numba's.
    ///
    /// `native` is the C type of the function, `portable` what it stands for, `declared` that for
    /// people; `release()` is the address of the function that frees arrays, or 0, and is asked if one
    /// may be returned; `raised(status, exception)` makes an exception.
    #[staticmethod]
    #[expect(
        clippy::too_many_arguments,
        reason = "called by keyword, from one place"
    )]
    fn numba(
        py: Python<'_>,
        native: &str,
        portable: &str,
        declared: String,
        address: usize,
        names: Vec<Option<String>>,
        has_default: Vec<bool>,
        defaults: Vec<Py<PyAny>>,
        release: &Bound<'_, PyAny>,
        raised: Py<PyAny>,
    ) -> PyResult<Self> {
        let fail = |message: String| Failure::new(message).into_py(py);
        let signature: PortableSignature = portable
            .parse()
            .map_err(|error| Failure::from(error).into_py(py))?;
        let native: Signature = native
            .parse()
            .map_err(|error| Failure::from(error).into_py(py))?;
        pass::check(&signature, &native).map_err(fail)?;
        let defaults: Vec<_> = defaults
            .into_iter()
            .zip(has_default)
            .map(|(value, is_there)| is_there.then_some(value))
            .collect();
        if names.len() != defaults.len() || names.len() < signature.parameters.len() {
            return Err(fail(format!(
                "`{portable}` has other parameters than `{declared}`"
            )));
        }
        let may_own = outcome::may_own(&signature.result);
        let release: Release = if may_own {
            release.call0()?.extract()?
        } else {
            0
        };
        if may_own && release == 0 {
            return Err(Failure {
                message: format!("`{declared}` returns an array, which nothing here can free"),
                hint: Some(
                    "`puck add numba-runtime`, then `puck install`, adds what can".to_owned(),
                ),
            }
            .into_py(py));
        }
        Ok(Self {
            text: declared,
            address,
            names,
            defaults,
            parameters: signature
                .parameters
                .iter()
                .map(Parameter::portable)
                .collect(),
            convention: Convention::Numba {
                result: signature.result,
                release,
                raised,
            },
        })
    }

    fn __repr__(&self) -> String {
        format!("Overload({:?})", self.text)
    }
}

impl Overload {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn address(&self) -> usize {
        self.address
    }

    pub(crate) fn names(&self) -> &[Option<String>] {
        &self.names
    }

    pub(crate) fn defaults(&self) -> &[Option<Py<PyAny>>] {
        &self.defaults
    }

    /// Checks arguments, and puts them where a call passes them.
    ///
    /// # Errors
    /// If they do not fit.
    pub(crate) fn prepare<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Prepared> {
        let mut prepared = match &self.convention {
            Convention::C(_) => Prepared::plain(),
            Convention::Numba { result, .. } => Prepared::with_result(result.layout().size),
        };
        let passed = &mut prepared.passed;
        let count = self.parameters.len();
        if kwargs.is_none() && args.len() == count && self.names.len() == count {
            for (index, parameter) in self.parameters.iter().enumerate() {
                let value = args.get_borrowed_item(index)?;
                let added = passed.add(parameter, &value);
                added.map_err(|error| self.at(index, &error, args.py()))?;
            }
        } else {
            for (index, value) in self.bound(args, kwargs)?.iter().enumerate() {
                let added = match self.parameters.get(index) {
                    Some(parameter) => passed.add(parameter, value),
                    None => self.check_compiled_in(index, value),
                };
                added.map_err(|error| self.at(index, &error, args.py()))?;
            }
        }
        passed.check()?;
        Ok(prepared)
    }

    /// Calls the function; `given` is what the prepared arguments were made of.
    ///
    /// # Errors
    /// What the function raises.
    pub(crate) fn run(&self, prepared: &Prepared, given: Given<'_, '_>) -> PyResult<Py<PyAny>> {
        let py = given.args.py();
        let arguments = &prepared.passed.arguments;
        match &self.convention {
            Convention::C(returned) => {
                let (address, is_float) = (self.address, returned.is_float());
                let word = py.detach(|| {
                    let address = std::ptr::with_exposed_provenance(address);
                    // SAFETY: the address is that of a function whose symbol carries this
                    // signature, and the arguments were made for it; arrays stay while it runs.
                    unsafe {
                        match is_float {
                            true => arguments.call_float(address),
                            false => arguments.call(address),
                        }
                    }
                });
                returned.value(py, word)
            }
            Convention::Numba {
                result,
                release,
                raised,
            } => {
                // With the interpreter's lock held, as Numba does by default: callers may count on
                // no other thread changing their arrays.
                let address = std::ptr::with_exposed_provenance(self.address);
                // SAFETY: as above; the result has room for what the function's type says.
                let word = unsafe { arguments.call(address) };
                #[expect(clippy::cast_possible_truncation, reason = "the status has 32 bits")]
                match word as i32 {
                    OK => {
                        // Written to by way of its address, which the compiler cannot see.
                        let memory: Vec<u8> = prepared.result();
                        let ty = match result {
                            PortableType::Optional(inner) => inner,
                            other => other,
                        };
                        outcome::value(ty, py, &memory, *release, given)
                    }
                    NONE => Ok(py.None()),
                    // Whoever returned it has raised it.
                    PYTHON => Err(PyErr::fetch(py)),
                    status => {
                        let made = raised.bind(py).call1((status, prepared.exception()))?;
                        Err(PyErr::from_value(made))
                    }
                }
            }
        }
    }

    /// How far the arguments are from what is taken; `None` if they do not fit at all.
    pub(crate) fn distance<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Option<u32> {
        let values = self.bound(args, kwargs).ok()?;
        let pairs = self.parameters.iter().zip(&values);
        pairs
            .map(|(parameter, value)| parameter.distance(value))
            .sum()
    }

    /// The arguments in the order of the parameters.
    fn bound<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let py = args.py();
        if args.len() > self.names.len() {
            let count = self.names.len();
            let plural = if count == 1 { "" } else { "s" };
            let found = args.len();
            return Err(PyTypeError::new_err(format!(
                "expected {count} argument{plural}, found {found}"
            )));
        }
        let mut values: Vec<Option<Bound<'py, PyAny>>> = args.iter().map(Some).collect();
        values.resize(self.names.len(), None);
        for (name, value) in kwargs.into_iter().flatten() {
            let name = name.cast_into::<PyString>()?.to_string();
            let position = self
                .names
                .iter()
                .position(|known| known.as_ref() == Some(&name));
            let place = position.and_then(|position| values.get_mut(position));
            match place {
                None => {
                    let message = format!("there is no parameter `{name}`");
                    return Err(PyTypeError::new_err(message));
                }
                Some(Some(_)) => {
                    let message = format!("argument `{name}` is given twice");
                    return Err(PyTypeError::new_err(message));
                }
                Some(place) => *place = Some(value),
            }
        }
        let values = values.into_iter().enumerate().map(|(index, value)| {
            let default = self.defaults.get(index).and_then(Option::as_ref);
            value
                .or_else(|| Some(default?.bind(py).clone()))
                .ok_or_else(|| {
                    let name = self.name(index);
                    PyTypeError::new_err(format!("argument {name} is missing"))
                })
        });
        values.collect()
    }

    /// A value for a parameter that the compiled function has no place for.
    fn check_compiled_in(&self, index: usize, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let default = self.defaults.get(index).and_then(Option::as_ref);
        let is_it = match default {
            Some(default) => value.is(default) || value.eq(default).unwrap_or(false),
            None => false,
        };
        if is_it {
            return Ok(());
        }
        Err(PyTypeError::new_err(format!(
            "argument {}: this function was compiled for its default alone",
            self.name(index)
        )))
    }

    fn name(&self, index: usize) -> String {
        match self.names.get(index) {
            Some(Some(name)) => format!("`{name}`"),
            _ => format!("{}", index + 1),
        }
    }

    /// The error with the argument that it is about.
    #[cold]
    fn at(&self, index: usize, error: &PyErr, py: Python<'_>) -> PyErr {
        let message = format!("argument {}: {}", self.name(index), error.value(py));
        if error.is_instance_of::<PyTypeError>(py) {
            PyTypeError::new_err(message)
        } else if error.is_instance_of::<PyValueError>(py) {
            PyValueError::new_err(message)
        } else {
            error.clone_ref(py)
        }
    }
}
