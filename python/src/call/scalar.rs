//! Scalars: their sizes, what NumPy calls them, and reading them from Python's numbers.

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt};

use puck_package::{PortableType, Type};

/// A number that is passed, or that an array has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    C64,
    C128,
}

use Scalar::{Bool, C64, C128, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};

impl Scalar {
    /// The one of C's types; `None` for a pointer.
    pub(crate) fn of(ty: &Type) -> Option<Self> {
        Some(match ty {
            Type::Bool => Bool,
            Type::I8 => I8,
            Type::I16 => I16,
            Type::I32 => I32,
            Type::I64 => I64,
            Type::U8 => U8,
            Type::U16 => U16,
            Type::U32 => U32,
            Type::U64 => U64,
            Type::F32 => F32,
            Type::F64 => F64,
            Type::Pointer { .. } | Type::Function(_) => return None,
        })
    }

    /// The one of Numba's types; `None` for what has parts, and for times.
    pub(crate) fn of_portable(ty: &PortableType) -> Option<Self> {
        match ty {
            PortableType::Scalar(scalar) => Self::of(scalar),
            PortableType::Complex(Type::F32) => Some(C64),
            PortableType::Complex(_) => Some(C128),
            _ => None,
        }
    }

    /// NumPy's name.
    pub(crate) fn dtype(self) -> &'static str {
        match self {
            Bool => "bool",
            I8 => "int8",
            I16 => "int16",
            I32 => "int32",
            I64 => "int64",
            U8 => "uint8",
            U16 => "uint16",
            U32 => "uint32",
            U64 => "uint64",
            F32 => "float32",
            F64 => "float64",
            C64 => "complex64",
            C128 => "complex128",
        }
    }

    /// In bytes.
    pub(crate) fn size(self) -> usize {
        match self {
            Bool | I8 | U8 => 1,
            I16 | U16 => 2,
            I32 | U32 | F32 => 4,
            I64 | U64 | F64 | C64 => 8,
            C128 => 16,
        }
    }

    pub(crate) fn alignment(self) -> usize {
        match self {
            C64 | C128 => self.size() / 2,
            _ => self.size(),
        }
    }

    /// What Python calls a number of the kind.
    pub(crate) fn python(self) -> &'static str {
        match self {
            Bool => "bool",
            F32 | F64 => "float",
            C64 | C128 => "complex",
            _ => "int",
        }
    }

    /// The least and the greatest of an integer type.
    fn range(self) -> (i128, i128) {
        let bits = u32::try_from(self.size() * 8).unwrap_or(64);
        match self {
            I8 | I16 | I32 | I64 => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            _ => (0, (1 << bits) - 1),
        }
    }

    /// The integer in `value`, sign-extended.
    pub(crate) fn integer(self, value: &Bound<'_, PyAny>) -> PyResult<u64> {
        let found = integer_of(value)?;
        let (least, greatest) = self.range();
        if (least..=greatest).contains(&found) {
            // Cut off on purpose: two's complement.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            return Ok(found as u64);
        }
        Err(PyValueError::new_err(format!(
            "expected an int from {least} to {greatest} ({}), found {}",
            self.dtype(),
            shown(value)
        )))
    }

    /// The bits of the floating-point number in `value`.
    pub(crate) fn float(self, value: &Bound<'_, PyAny>) -> PyResult<u64> {
        let found = float_of(value)?;
        if self == F64 {
            return Ok(found.to_bits());
        }
        single(found).map(|single| u64::from(single.to_bits()))
    }
}

/// A double as a single; too large a one is an error, not infinite.
pub(crate) fn single(value: f64) -> PyResult<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "that is what is asked for")]
    let single = value as f32;
    if value.is_finite() && single.is_infinite() {
        let message = format!("expected a number that float32 can hold, found {value:?}");
        return Err(PyValueError::new_err(message));
    }
    Ok(single)
}

/// An integer of 64 bits, signed or not; one that has more is outside of every range.
fn integer_of(value: &Bound<'_, PyAny>) -> PyResult<i128> {
    let number = match value.cast::<PyInt>() {
        Ok(number) => number.clone(),
        // NumPy's integers and others say how to be read as one.
        Err(_) => match value.call_method0("__index__") {
            Ok(number) => number.cast_into::<PyInt>()?,
            Err(_) => return Err(expected("an int", value)),
        },
    };
    if let Ok(number) = number.extract::<i64>() {
        return Ok(number.into());
    }
    Ok(number.extract::<u64>().map_or(i128::MAX, i128::from))
}

fn float_of(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    if let Ok(number) = value.cast_exact::<PyFloat>() {
        return Ok(number.value());
    }
    // Text could be read as a number as well.
    value.extract::<f64>().map_err(|error| {
        if error.is_instance_of::<PyOverflowError>(value.py()) {
            let found = shown(value);
            PyValueError::new_err(format!(
                "expected a number that float64 can hold, found {found}"
            ))
        } else {
            expected("a float", value)
        }
    })
}

/// A truth value: Python's or NumPy's.
pub(crate) fn truth(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(value) = value.cast::<PyBool>() {
        return Ok(value.is_true());
    }
    let name = value.get_type().fully_qualified_name()?.to_string();
    if matches!(name.as_str(), "numpy.bool" | "numpy.bool_") {
        return value.is_truthy();
    }
    Err(expected("a bool", value))
}

/// Real and imaginary part.
pub(crate) fn complex(value: &Bound<'_, PyAny>) -> PyResult<(f64, f64)> {
    let found = if value.hasattr("__complex__")? {
        value.call_method0("__complex__")?
    } else {
        value.clone()
    };
    let part = |name| found.getattr(name)?.extract::<f64>();
    match (part("real"), part("imag")) {
        (Ok(real), Ok(imaginary)) => Ok((real, imaginary)),
        _ => Err(expected("a complex", value)),
    }
}

/// The error of having found something else.
pub(crate) fn expected(what: &str, found: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("expected {what}, found {}", shown(found)))
}

/// A value for a message: small ones as they are, others by their type.
pub(crate) fn shown(value: &Bound<'_, PyAny>) -> String {
    let is_small =
        value.is_none() || value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>();
    if is_small && let Ok(text) = value.repr() {
        let text = text.to_string();
        if text.len() <= 40 {
            return text;
        }
    }
    let name = value.get_type().fully_qualified_name();
    let name = name.map_or_else(|_| "an object".to_owned(), |name| name.to_string());
    match name.strip_prefix("builtins.") {
        Some(name) => format!("a value of type {name}"),
        None => format!("a value of type {name}"),
    }
}
