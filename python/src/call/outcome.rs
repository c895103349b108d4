//! What a function gives back, as a value of Python.

use puck_package::portable::{ARRAY_DATA, ARRAY_WORDS, Names, PortableArray, in_a_row};
use puck_package::{PortableType, Type};
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyDict, PyMemoryView, PyTuple};

use super::owned::{Owned, Release};
use super::parameter::dtype;
use super::scalar::Scalar;
use crate::values;

/// The values that a call was given, of which a result may show the memory.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a, 'py> {
    pub(crate) args: &'a Bound<'py, PyTuple>,
    pub(crate) kwargs: Option<&'a Bound<'py, PyDict>>,
}

impl Given<'_, '_> {
    /// What keeps that memory where it is.
    fn held(self) -> PyResult<Py<PyAny>> {
        let by_name = self.kwargs.into_iter().flatten().map(|(_, value)| value);
        let held = self.args.iter().chain(by_name).map(held);
        let held = held.collect::<PyResult<Vec<_>>>()?;
        Ok(PyTuple::new(self.args.py(), held)?.into_any().unbind())
    }
}

/// What keeps the memory of a value where it is.
fn held(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    if let Ok(items) = value.cast::<PyTuple>() {
        let items = items.iter().map(held).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyTuple::new(value.py(), items)?.into_any());
    }
    // A view also keeps what could be resized from being so.
    let view = PyMemoryView::from(&value);
    Ok(view.map_or(value, Bound::into_any))
}

/// What a C function returns.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Returned {
    Nothing,
    Scalar(Scalar),
    /// Its address, or `None` if it is null.
    Pointer,
}

impl Returned {
    pub(crate) fn of(result: Option<&Type>) -> Self {
        match result {
            None => Self::Nothing,
            Some(ty) => Scalar::of(ty).map_or(Self::Pointer, Self::Scalar),
        }
    }

    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::Scalar(Scalar::F32 | Scalar::F64))
    }

    /// The value of the register that results are in.
    pub(crate) fn value(self, py: Python<'_>, word: u64) -> PyResult<Py<PyAny>> {
        match self {
            Self::Nothing => Ok(py.None()),
            Self::Pointer if word == 0 => Ok(py.None()),
            Self::Pointer => word.into_py_any(py),
            Self::Scalar(scalar) => of_bytes(py, scalar, &word.to_le_bytes()),
        }
    }
}

/// The scalar that the first of `bytes` are.
fn of_bytes(py: Python<'_>, scalar: Scalar, bytes: &[u8]) -> PyResult<Py<PyAny>> {
    macro_rules! number {
        ($ty:ty) => {
            <$ty>::from_le_bytes(*bytes.first_chunk().unwrap_or(&[0; size_of::<$ty>()]))
        };
        ($ty:ty, $part:expr) => {{
            let rest = bytes.get($part * size_of::<$ty>()..).unwrap_or(&[]);
            <$ty>::from_le_bytes(*rest.first_chunk().unwrap_or(&[0; size_of::<$ty>()]))
        }};
    }
    match scalar {
        Scalar::Bool => (number!(u8) != 0).into_py_any(py),
        Scalar::I8 => number!(i8).into_py_any(py),
        Scalar::I16 => number!(i16).into_py_any(py),
        Scalar::I32 => number!(i32).into_py_any(py),
        Scalar::I64 => number!(i64).into_py_any(py),
        Scalar::U8 => number!(u8).into_py_any(py),
        Scalar::U16 => number!(u16).into_py_any(py),
        Scalar::U32 => number!(u32).into_py_any(py),
        Scalar::U64 => number!(u64).into_py_any(py),
        Scalar::F32 => number!(f32).into_py_any(py),
        Scalar::F64 => number!(f64).into_py_any(py),
        Scalar::C64 => {
            let (real, imaginary) = (number!(f32, 0), number!(f32, 1));
            PyComplex::from_doubles(py, real.into(), imaginary.into()).into_py_any(py)
        }
        Scalar::C128 => {
            PyComplex::from_doubles(py, number!(f64, 0), number!(f64, 1)).into_py_any(py)
        }
    }
}

/// Whether a value of the type may own memory.
pub(crate) fn may_own(ty: &PortableType) -> bool {
    match ty {
        PortableType::Array(_) => true,
        PortableType::Tuple { items, .. } => items.iter().any(may_own),
        PortableType::Optional(ty) => may_own(ty),
        _ => false,
    }
}

/// The value of the type that is in `memory`, which takes over the references that it has.
///
/// # Errors
/// What making the value raises.
pub(crate) fn value(
    ty: &PortableType,
    py: Python<'_>,
    memory: &[u8],
    free: Release,
    given: Given<'_, '_>,
) -> PyResult<Py<PyAny>> {
    if let Some(scalar) = Scalar::of_portable(ty) {
        return of_bytes(py, scalar, memory);
    }
    match ty {
        PortableType::Void => Ok(py.None()),
        PortableType::Time {
            is_difference,
            unit,
        } => {
            let number = word(memory, 0).cast_signed() as i64;
            Ok(values::make_time(py, number, *is_difference, unit)?.unbind())
        }
        PortableType::Tuple {
            items: types,
            names,
        } => {
            let items = items(py, types, memory, free, given)?;
            match names {
                None => items.into_py_any(py),
                Some(Names { class, fields }) => {
                    Ok(values::make_named(&items, class, fields)?.unbind())
                }
            }
        }
        PortableType::Optional(ty) => {
            let is_valid = memory.get(ty.layout().size).is_some_and(|byte| *byte != 0);
            if is_valid {
                value(ty, py, memory, free, given)
            } else {
                Ok(py.None())
            }
        }
        PortableType::Record(record) => {
            let bytes = memory.get(..record.size).unwrap_or(memory);
            Ok(values::make_record(py, bytes, &record.to_string())?.unbind())
        }
        PortableType::Array(ty) => array(ty, py, memory, free, given),
        PortableType::Scalar(_) | PortableType::Complex(_) | PortableType::Nested { .. } => {
            let message = format!("a value of {ty} cannot be returned");
            Err(PyTypeError::new_err(message))
        }
    }
}

/// The items of a tuple.
fn items<'py>(
    py: Python<'py>,
    types: &[PortableType],
    memory: &[u8],
    free: Release,
    given: Given<'_, '_>,
) -> PyResult<Bound<'py, PyTuple>> {
    // All are made, also where one cannot be: each takes over what it refers to, and gives it back.
    let mut items = Vec::with_capacity(types.len());
    for (ty, place) in types.iter().zip(in_a_row(types).0) {
        let part = memory.get(place..).unwrap_or(&[]);
        items.push(value(ty, py, part, free, given));
    }
    PyTuple::new(py, items.into_iter().collect::<PyResult<Vec<_>>>()?)
}

/// An array that a function has made, or a view of one that it was given.
fn array(
    ty: &PortableArray,
    py: Python<'_>,
    memory: &[u8],
    free: Release,
    given: Given<'_, '_>,
) -> PyResult<Py<PyAny>> {
    let signed = |index: usize| word(memory, index).cast_signed();
    let record = word(memory, 0);
    let item_size = signed(3);
    let data = word(memory, ARRAY_DATA);
    let lengths =
        |from: usize| -> Vec<isize> { (from..from + ty.dimensions).map(signed).collect() };
    let shape = lengths(ARRAY_WORDS);
    let strides = lengths(ARRAY_WORDS + ty.dimensions);
    // From the first byte of the item with the lowest address to the last one of the highest.
    let (mut before, mut after) = (0_isize, item_size);
    for (length, stride) in shape.iter().zip(&strides) {
        let reach = stride * (length - 1);
        if reach < 0 {
            before += reach;
        } else {
            after += reach;
        }
    }
    if shape.contains(&0) {
        (before, after) = (0, 0);
    }
    let start = data.wrapping_add_signed(before);
    // Without a record, the memory is that of an argument, or nobody's.
    let others = match record {
        0 => Some(given.held()?),
        _ => None,
    };
    let owned = Owned::new(start, after - before, !ty.writable, (record, free), others);
    let owner = Bound::new(py, owned)?.into_any();
    let offset = before.unsigned_abs();
    let item = dtype(&ty.item);
    let array = values::make_array(owner, &item, shape, strides, offset, ty.writable)?;
    Ok(array.unbind())
}

/// A word of 8 bytes.
fn word(memory: &[u8], index: usize) -> usize {
    let bytes = memory.get(8 * index..).and_then(|rest| rest.first_chunk());
    usize::from_le_bytes(*bytes.unwrap_or(&[0; 8]))
}
