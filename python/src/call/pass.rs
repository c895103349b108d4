//! Values as the words that a call passes.

use puck_package::portable::{ARRAY_WORDS, Order, PortableArray};
use puck_package::{PortableSignature, PortableType, Signature, Type};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString, PyTuple};

use super::array::{Array, Buffer};
use super::machine::{Arguments, LARGEST_STACK};
use super::parameter::{Parameter, dtype, expects};
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

    fn portable(&mut self, ty: &PortableType, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Some(scalar) = Scalar::of_portable(ty) {
            return self.scalar(scalar, value);
        }
        match ty {
            PortableType::Void if value.is_none() => {
                self.arguments.integer(0);
                Ok(())
            }
            PortableType::Time {
                is_difference,
                unit,
            } => {
                let number = values::time_number(value, *is_difference, unit)?;
                self.arguments.integer(number.cast_unsigned());
                Ok(())
            }
            PortableType::Array(array) => self.array(array, &expects(ty), value),
            PortableType::Tuple { items, .. } => match value.cast::<PyTuple>() {
                Ok(tuple) if tuple.len() == items.len() => {
                    for (ty, item) in items.iter().zip(tuple.iter()) {
                        self.portable(ty, &item)?;
                    }
                    Ok(())
                }
                Ok(tuple) => {
                    let message =
                        format!("expected {}, found a tuple of {}", expects(ty), tuple.len());
                    Err(PyTypeError::new_err(message))
                }
                Err(_) => Err(expected(&expects(ty), value)),
            },
            PortableType::Optional(inner) => {
                if value.is_none() {
                    self.zeros(inner);
                } else {
                    self.portable(inner, value)?;
                }
                self.arguments.integer((!value.is_none()).into());
                Ok(())
            }
            PortableType::Record(record) => {
                let buffer = Buffer::of(value).map_err(|_| expected(&expects(ty), value))?;
                if buffer.bytes() != record.size || !values::has_dtype(value, &record.to_string())?
                {
                    return Err(expected(&expects(ty), value));
                }
                self.arguments
                    .integer(buffer.data().expose_provenance() as u64);
                self.buffers.push(buffer);
                Ok(())
            }
            PortableType::Void
            | PortableType::Scalar(_)
            | PortableType::Complex(_)
            | PortableType::Nested { .. } => Err(expected(&expects(ty), value)),
        }
    }

    /// An array as Numba passes it: owner and parent, which are not known, the number and the size of
    /// the items, where they are, lengths and strides.
    fn array(
        &mut self,
        ty: &PortableArray,
        expects: &str,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let told = || Array::told(value).map_err(|_| expected(expects, value));
        let scalar = Scalar::of_portable(&ty.item);
        let (array, fits) = match scalar {
            Some(_) => {
                let array = Array::of(value).or_else(|_| told())?;
                let fits = array.item == scalar;
                (array, fits)
            }
            None => (told()?, values::has_dtype(value, &dtype(&ty.item))?),
        };
        if !fits || array.shape().len() != ty.dimensions {
            return Err(PyTypeError::new_err(format!(
                "expected {expects}, found one of {} with ndim={}",
                array.dtype(value),
                array.shape().len()
            )));
        }
        let wrong = if ty.order == Order::C && !array.is_c_contiguous() {
            Some("one that is not C-contiguous")
        } else if ty.order == Order::Fortran && !array.is_fortran_contiguous() {
            Some("one that is not Fortran-contiguous")
        } else if ty.writable && array.read_only {
            Some("one that is read-only")
        } else if ty.aligned && !array.is_aligned(ty.item.layout().align) {
            Some("one that is not aligned")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Err(found(expects, wrong));
        }
        let described: [u64; ARRAY_WORDS] = [
            0,
            0,
            array.items().cast_unsigned() as u64,
            array.item_size as u64,
            array.data.expose_provenance() as u64,
        ];
        let lengths = array.shape().iter().chain(array.strides());
        let lengths = lengths.map(|length| length.cast_unsigned() as u64);
        for word in described.into_iter().chain(lengths) {
            self.arguments.integer(word);
        }
        self.arrays.push(array);
        Ok(())
    }

    /// What stands for a value that is not there.
    fn zeros(&mut self, ty: &PortableType) {
        for word in words(ty) {
            match word {
                Word::Integer => self.arguments.integer(0),
                Word::Single | Word::Double => self.arguments.float(0),
            }
        }
    }
}

/// In what kind of register a word is passed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Word {
    Integer,
    Single,
    Double,
}

/// The words that a value of the type is passed as.
fn words(ty: &PortableType) -> Vec<Word> {
    match ty {
        PortableType::Scalar(Type::F32) => vec![Word::Single],
        PortableType::Scalar(Type::F64) => vec![Word::Double],
        PortableType::Complex(Type::F32) => vec![Word::Single; 2],
        PortableType::Complex(_) => vec![Word::Double; 2],
        PortableType::Scalar(_)
        | PortableType::Void
        | PortableType::Time { .. }
        | PortableType::Record(_)
        | PortableType::Nested { .. } => vec![Word::Integer],
        PortableType::Array(array) => vec![Word::Integer; ARRAY_WORDS + 2 * array.dimensions],
        PortableType::Tuple { items, .. } => items.iter().flat_map(words).collect(),
        PortableType::Optional(ty) => {
            let mut words = words(ty);
            words.push(Word::Integer);
            words
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

/// Checks that a function of the C type `native` takes what values of the portable types are passed as.
///
/// # Errors
/// What does not fit, as a sentence.
pub(crate) fn check(portable: &PortableSignature, native: &Signature) -> Result<(), String> {
    portable
        .check()
        .map_err(|found| format!("`{portable}` has {found}"))?;
    let mut types = portable.parameters.iter().chain([&portable.result]);
    if let Some(ty) = types.find_map(not_passed) {
        return Err(format!(
            "`{portable}` has `{ty}`, which no value is passed as"
        ));
    }
    let words = portable.parameters.iter().flat_map(words);
    let of_native = |ty: &Type| match ty {
        Type::F32 => Word::Single,
        Type::F64 => Word::Double,
        _ => Word::Integer,
    };
    let passed = native.parameters.iter().skip(2);
    let is_so = native.parameters.len() >= 2
        && words.eq(passed.map(|parameter| of_native(&parameter.ty)))
        && native.result == Some(Type::I32);
    match is_so {
        true => Ok(()),
        false => Err(format!("`{portable}` is not passed as `{native}`")),
    }
}

/// What of a type no value is passed as: arrays that lie in no record, and arrays of arrays and tuples.
fn not_passed(ty: &PortableType) -> Option<&PortableType> {
    match ty {
        PortableType::Nested { .. } => Some(ty),
        PortableType::Array(array) => match &*array.item {
            PortableType::Scalar(_)
            | PortableType::Complex(_)
            | PortableType::Time { .. }
            | PortableType::Record(_) => None,
            _ => Some(ty),
        },
        PortableType::Optional(inner) => not_passed(inner),
        PortableType::Tuple { items, .. } => items.iter().find_map(not_passed),
        PortableType::Void
        | PortableType::Scalar(_)
        | PortableType::Complex(_)
        | PortableType::Time { .. }
        | PortableType::Record(_) => None,
    }
}
