//! NumPy's `.npy` files, versions 1.0 to 3.0.
//!
//! The elements must be of the type that is asked for, or of one whose every value that type has:
//! `float32` for `f64`, `int16` for `i32`. 64-bit integers are taken for `f64` as NumPy takes them,
//! but only as long as each is equal to a double.

mod dtype;
mod header;

use std::io::{self, BufReader, Read};
use std::path::Path;

use self::dtype::Dtype;
use super::{ArgumentError, Array, Element, argument};

/// Why a `.npy` file does not give an array.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// It does not begin as such files do.
    #[error("not a .npy file: it does not begin with \\x93NUMPY")]
    Magic,
    /// A version of the format that is not known.
    #[error(".npy format {major}.{minor} is not known; 1.0, 2.0 and 3.0 are")]
    Version {
        /// The number before the point.
        major: u8,
        /// The number behind it.
        minor: u8,
    },
    /// The header is not as the format says.
    #[error("invalid .npy header: {0}")]
    Header(String),
    /// A type whose values are no plain numbers.
    #[error("dtype {dtype} is {what}; only booleans, integers and floats can be passed")]
    Dtype {
        /// As the file has it.
        dtype: String,
        /// What it is.
        what: &'static str,
    },
    /// The values are not all values of the type that is asked for.
    #[error("dtype {dtype} does not fit {element}: not every {dtype} is an {element}")]
    Mismatch {
        /// NumPy's name of the file's type.
        dtype: String,
        /// What is asked for.
        element: Element,
    },
    /// A whole number that no float is equal to.
    #[error("element {index} (from 0), {value}, would be rounded: no {element} is equal to it")]
    Rounded {
        /// Where it stands, counted from 0.
        index: u64,
        /// What it is.
        value: String,
        /// What is asked for.
        element: Element,
    },
    /// Columns before rows.
    #[error("the array is in Fortran order (column after column); C order is expected")]
    FortranOrder,
    /// The file and its header do not agree.
    #[error("the header promises {expected} bytes of values, the file has {found}")]
    Size {
        /// What the header says.
        expected: u128,
        /// What is there.
        found: u64,
    },
    /// Too much memory.
    #[error(transparent)]
    TooLarge(Box<ArgumentError>),
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl NpyError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::FortranOrder => Some(
                "save `numpy.ascontiguousarray(a)` for rows, or `a.T` if the function wants columns"
                    .to_owned(),
            ),
            Self::Mismatch { element, .. } | Self::Rounded { element, .. } => Some(format!(
                "save `a.astype(numpy.{})` if rounding is meant",
                dtype::name(*element)
            )),
            _ => None,
        }
    }
}

/// Reads the array that a file holds.
pub(super) fn read(path: &Path, element: Element) -> Result<Array, ArgumentError> {
    let (file, size) = argument::open(path)?;
    parse(BufReader::new(file), size, element).map_err(|reason| ArgumentError::Npy {
        path: path.to_owned(),
        reason,
    })
}

/// Reads the array that `size` bytes hold.
pub(super) fn parse(mut reader: impl Read, size: u64, element: Element) -> Result<Array, NpyError> {
    let header = header::read(&mut reader, size)?;
    let dtype = Dtype::parse(&header.descr)?;
    if !dtype.fits(element) {
        return Err(NpyError::Mismatch {
            dtype: dtype.to_string(),
            element,
        });
    }
    // In one dimension the orders are the same.
    if header.fortran_order && header.shape.len() > 1 {
        return Err(NpyError::FortranOrder);
    }
    let length = header
        .shape
        .iter()
        .fold(1_u128, |product, size| product.saturating_mul(*size));
    let expected = length.saturating_mul(dtype.size() as u128);
    let found = size.saturating_sub(header.length);
    if expected != u128::from(found) {
        return Err(NpyError::Size { expected, found });
    }
    let mut array = Array::new(element);
    let too_large = |error| NpyError::TooLarge(Box::new(error));
    array.reserve(length).map_err(too_large)?;
    let mut bytes = [0; 8];
    for index in 0..found / dtype.size() as u64 {
        let own = &mut bytes[..dtype.size()];
        reader.read_exact(own)?;
        let value = dtype
            .value(own, element)
            .map_err(|value| NpyError::Rounded {
                index,
                value,
                element,
            })?;
        array.push(value).map_err(too_large)?;
    }
    Ok(array.shaped(&header.shape))
}

#[cfg(test)]
mod tests;
