//! What is done in Python with values that NumPy knows more of: `puck._values`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

static HAS_DTYPE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static TIME_NUMBER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static MAKE_ARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static MAKE_TIME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static MAKE_NAMED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static MAKE_RECORD: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

fn function<'py>(
    py: Python<'py>,
    place: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
) -> PyResult<&'py Bound<'py, PyAny>> {
    let made = || Ok::<_, PyErr>(py.import("puck._values")?.getattr(name)?.unbind());
    Ok(place.get_or_try_init(py, made)?.bind(py))
}

/// Whether an array, or a record, has that type.
pub(crate) fn has_dtype(value: &Bound<'_, PyAny>, dtype: &str) -> PyResult<bool> {
    let function = function(value.py(), &HAS_DTYPE, "has_dtype")?;
    function.call1((value, dtype))?.extract()
}

/// The number that a `datetime64` or `timedelta64` is.
pub(crate) fn time_number(
    value: &Bound<'_, PyAny>,
    is_difference: bool,
    unit: &str,
) -> PyResult<i64> {
    let function = function(value.py(), &TIME_NUMBER, "time_number")?;
    function.call1((value, is_difference, unit))?.extract()
}

/// The `datetime64` or `timedelta64` that a number is.
pub(crate) fn make_time<'py>(
    py: Python<'py>,
    number: i64,
    is_difference: bool,
    unit: &str,
) -> PyResult<Bound<'py, PyAny>> {
    function(py, &MAKE_TIME, "make_time")?.call1((number, is_difference, unit))
}

/// The named tuple of that class.
pub(crate) fn make_named<'py>(
    items: &Bound<'py, PyTuple>,
    class: &str,
    fields: &[String],
) -> PyResult<Bound<'py, PyAny>> {
    function(items.py(), &MAKE_NAMED, "make_named")?.call1((items, class, fields))
}

/// A copy of a record.
pub(crate) fn make_record<'py>(
    py: Python<'py>,
    bytes: &[u8],
    dtype: &str,
) -> PyResult<Bound<'py, PyAny>> {
    function(py, &MAKE_RECORD, "make_record")?.call1((bytes, dtype))
}

/// An array over memory that `owner` offers by the buffer protocol.
pub(crate) fn make_array<'py>(
    owner: Bound<'py, PyAny>,
    dtype: &str,
    shape: Vec<isize>,
    strides: Vec<isize>,
    offset: usize,
    writable: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let function = function(owner.py(), &MAKE_ARRAY, "make_array")?;
    function.call1((owner, dtype, shape, strides, offset, writable))
}
