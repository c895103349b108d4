//! Values as the words that a call passes.

use puck_package::{Signature, Type};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString, PyTuple};

use super::array::{Array, Buffer};
use super::machine::{Arguments, LARGEST_STACK};
use super::parameter::Parameter;
use super::portable::{Layout, Portable, PortableSignature};
use super::scalar::{self, Scalar, expected};
use crate::values;

/// The arguments of a call, and the memory that they refer to.
pub(crate) struct Passed {
    pub(crate) arguments: Arguments,
    // No array is resized or let go of while a function may use it.
    arrays: Vec<Array>,
    buffers: Vec<Buffer>,
}

impl Passed {
    pub(crate) fn new() -> Self {
        Self {
            arguments: Arguments::new(),
            arrays: Vec::new(),
            buffers: Vec::new(),
        }
    }

    /// Adds a value as what a parameter takes.
    ///
    /// # Errors
    /// `TypeError` or `ValueError`, which say what was expected and what was found.
    pub(crate) fn add(&mut self, parameter: &Parameter, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match parameter {
            Parameter::Scalar(scalar) => self.scalar(*scalar, value),
            Parameter::Items { item, writable } => {
                let array = Array::of(value).map_err(|_| expected(&parameter.expects(), value))?;
                let wrong = if array.item != Some(*item) {
                    let message = format!(
                        "expected {}, found one of {}",
                        parameter.expects(),
                        array.dtype(value)
                    );
                    return Err(PyTypeError::new_err(message));
                } else if !array.is_c_contiguous() {
                    Some("one that is not C-contiguous")
                } else if *writable && array.read_only {
                    Some("one that is read-only")
                } else if !array.is_aligned(item.alignment()) {
                    Some("one that is not aligned")
                } else {
                    None
                };
                if let Some(wrong) = wrong {
                    return Err(found(&parameter.expects(), wrong));
                }
                self.arguments
                    .integer(array.data.expose_provenance() as u64);
                self.arrays.push(array);
                Ok(())
            }
            Parameter::Address { writable, .. } => self.address(parameter, *writable, value),
            Parameter::Callback(_) => self.callback(parameter, value),
            Parameter::Portable(ty) => self.portable(ty, value),
        }
    }

    /// Whether there is room for all of them.
    ///
    /// # Errors
    /// If there is not.
    pub(crate) fn check(&self) -> PyResult<()> {
        if self.arguments.on_stack() <= LARGEST_STACK {
            return Ok(());
        }
        Err(PyTypeError::new_err(format!(
            "too many arguments: they take {} words on the stack, of {LARGEST_STACK} at the most",
            self.arguments.on_stack()
        )))
    }

    fn scalar(&mut self, scalar: Scalar, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match scalar {
            Scalar::Bool => self.arguments.integer(scalar::truth(value)?.into()),
            Scalar::F32 | Scalar::F64 => self.arguments.float(scalar.float(value)?),
            Scalar::C64 => {
                let (real, imaginary) = scalar::complex(value)?;
                for part in [real, imaginary] {
                    self.arguments.float(scalar::single(part)?.to_bits().into());
                }
            }
            Scalar::C128 => {
                let (real, imaginary) = scalar::complex(value)?;
                for part in [real, imaginary] {
                    self.arguments.float(part.to_bits());
                }
            }
            integer => self.arguments.integer(integer.integer(value)?),
        }
        Ok(())
    }

    fn address(
        &mut self,
        parameter: &Parameter,
        writable: bool,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        if value.is_none() {
            self.arguments.integer(0);
            return Ok(());
        }
        if value.is_instance_of::<PyInt>() {
            return self.scalar(Scalar::U64, value);
        }
        // A text has memory too, but not what anybody means.
        if value.is_instance_of::<PyString>() {
            return Err(expected(&parameter.expects(), value));
        }
        let buffer = Buffer::of(value).map_err(|_| expected(&parameter.expects(), value))?;
        if let Some(pointer) = buffer.as_pointer() {
            self.arguments.integer(pointer.expose_provenance() as u64);
            self.buffers.push(buffer);
            return Ok(());
        }
        let array = Array::of(value)?;
        if !array.is_c_contiguous() {
            return Err(found(&parameter.expects(), "one that is not C-contiguous"));
        }
        if writable && array.read_only {
            return Err(found(&parameter.expects(), "one that is read-only"));
        }
        self.arguments
            .integer(array.data.expose_provenance() as u64);
        self.arrays.push(array);
        Ok(())
    }

    fn callback(&mut self, parameter: &Parameter, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if value.is_instance_of::<PyInt>() {
            return self.scalar(Scalar::U64, value);
        }
        if needs_the_lock(value) {
            return Err(PyTypeError::new_err(format!(
                "expected {}, found a function that `ctypes.PYFUNCTYPE` or `PyDLL` made, which takes \
                 the interpreter's lock to be held: make it with `CFUNCTYPE` or `CDLL`",
                parameter.expects()
            )));
        }
        // Functions of `ctypes`; those of Numba and of packages say where they are.
        if let Ok(buffer) = Buffer::of(value)
            && let Some(pointer) = buffer.as_pointer()
        {
            self.arguments.integer(pointer.expose_provenance() as u64);
            self.buffers.push(buffer);
            return Ok(());
        }
        match value.getattr("address") {
            Ok(address) if address.is_instance_of::<PyInt>() => self.scalar(Scalar::U64, &address),
            _ => Err(expected(&parameter.expects(), value)),
        }
    }

    fn portable(&mut self, ty: &Portable, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let expects = || Parameter::Portable(ty.clone()).expects();
        match ty {
            Portable::Scalar(scalar) => self.scalar(*scalar, value),
            Portable::Void if value.is_none() => {
                self.arguments.integer(0);
                Ok(())
            }
            Portable::Void => Err(expected("None", value)),
            Portable::Time {
                is_difference,
                unit,
            } => {
                let number = values::time_number(value, *is_difference, unit)?;
                self.arguments.integer(number.cast_unsigned());
                Ok(())
            }
            Portable::Array { .. } => self.array(ty, value),
            Portable::Tuple(types) | Portable::Named { items: types, .. } => {
                match value.cast::<PyTuple>() {
                    Ok(tuple) if tuple.len() == types.len() => {
                        for (ty, item) in types.iter().zip(tuple.iter()) {
                            self.portable(ty, &item)?;
                        }
                        Ok(())
                    }
                    Ok(tuple) => {
                        let message =
                            format!("expected {}, found a tuple of {}", expects(), tuple.len());
                        Err(PyTypeError::new_err(message))
                    }
                    Err(_) => Err(expected(&expects(), value)),
                }
            }
            Portable::Optional(inner) => {
                if value.is_none() {
                    self.zeros(inner);
                } else {
                    self.portable(inner, value)?;
                }
                self.arguments.integer((!value.is_none()).into());
                Ok(())
            }
            Portable::Record { text, size } => {
                let buffer = Buffer::of(value).map_err(|_| expected(&expects(), value))?;
                if buffer.bytes() != *size || !values::has_dtype(value, text)? {
                    return Err(expected(&expects(), value));
                }
                self.arguments
                    .integer(buffer.data().expose_provenance() as u64);
                self.buffers.push(buffer);
                Ok(())
            }
        }
    }

    /// An array as Numba passes it: owner and parent, which are not known, the number and the size of
    /// the items, where they are, lengths and strides.
    fn array(&mut self, ty: &Portable, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let Portable::Array {
            item,
            dimensions,
            layout,
            writable,
            aligned,
        } = ty
        else {
            return Ok(());
        };
        let expects = Parameter::Portable(ty.clone()).expects();
        let (array, fits) = match &**item {
            Portable::Scalar(scalar) => {
                let array = Array::of(value).or_else(|_| Array::told(value));
                let array = array.map_err(|_| expected(&expects, value))?;
                let fits = array.item == Some(*scalar);
                (array, fits)
            }
            other => {
                let array = Array::told(value).map_err(|_| expected(&expects, value))?;
                (array, values::has_dtype(value, &other.dtype())?)
            }
        };
        if !fits || array.shape().len() != *dimensions {
            return Err(PyTypeError::new_err(format!(
                "expected {expects}, found one of {} with ndim={}",
                array.dtype(value),
                array.shape().len()
            )));
        }
        let alignment = match &**item {
            Portable::Scalar(scalar) => scalar.alignment(),
            Portable::Time { .. } => 8,
            _ => 1,
        };
        let wrong = if *layout == Layout::C && !array.is_c_contiguous() {
            Some("one that is not C-contiguous")
        } else if *layout == Layout::Fortran && !array.is_fortran_contiguous() {
            Some("one that is not Fortran-contiguous")
        } else if *writable && array.read_only {
            Some("one that is read-only")
        } else if *aligned && !array.is_aligned(alignment) {
            Some("one that is not aligned")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Err(found(&expects, wrong));
        }
        let words = [
            0,
            0,
            array.items().cast_unsigned() as u64,
            array.item_size as u64,
            array.data.expose_provenance() as u64,
        ];
        let lengths = array.shape().iter().chain(array.strides());
        let lengths = lengths.map(|length| length.cast_unsigned() as u64);
        for word in words.into_iter().chain(lengths) {
            self.arguments.integer(word);
        }
        self.arrays.push(array);
        Ok(())
    }

    /// What stands for a value that is not there.
    fn zeros(&mut self, ty: &Portable) {
        for word in ty.words() {
            match word {
                Word::Integer => self.arguments.integer(0),
                Word::Single | Word::Double => self.arguments.float(0),
            }
        }
    }
}

/// In what kind of register a word is passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Word {
    Integer,
    Single,
    Double,
}

impl Portable {
    /// The words that a value of the type is passed as.
    pub(crate) fn words(&self) -> Vec<Word> {
        match self {
            Self::Scalar(Scalar::F32) => vec![Word::Single],
            Self::Scalar(Scalar::F64) => vec![Word::Double],
            Self::Scalar(Scalar::C64) => vec![Word::Single; 2],
            Self::Scalar(Scalar::C128) => vec![Word::Double; 2],
            Self::Scalar(_) | Self::Void | Self::Time { .. } | Self::Record { .. } => {
                vec![Word::Integer]
            }
            Self::Array { dimensions, .. } => vec![Word::Integer; 5 + 2 * dimensions],
            Self::Tuple(types) | Self::Named { items: types, .. } => {
                types.iter().flat_map(Self::words).collect()
            }
            Self::Optional(ty) => {
                let mut words = ty.words();
                words.push(Word::Integer);
                words
            }
        }
    }
}

/// Whether a function of `ctypes` leaves the interpreter's lock as it is, which is not held where
/// functions of C run.
fn needs_the_lock(value: &Bound<'_, PyAny>) -> bool {
    const FUNCFLAG_PYTHONAPI: u32 = 4;
    let flags = value
        .getattr("_flags_")
        .and_then(|flags| flags.extract::<u32>());
    flags.is_ok_and(|flags| flags & FUNCFLAG_PYTHONAPI != 0)
}

fn found(expects: &str, what: &str) -> PyErr {
    PyValueError::new_err(format!("expected {expects}, found {what}"))
}

/// Whether a function of the C type `native` takes what values of the portable types are passed as.
pub(crate) fn is_passed_so(portable: &PortableSignature, native: &Signature) -> bool {
    let words = portable.parameters.iter().flat_map(Portable::words);
    let of_native = |ty: &Type| match ty {
        Type::F32 => Word::Single,
        Type::F64 => Word::Double,
        _ => Word::Integer,
    };
    let passed = native.parameters.iter().skip(2);
    native.parameters.len() >= 2
        && words.eq(passed.map(|parameter| of_native(&parameter.ty)))
        && native.result == Some(Type::I32)
}
