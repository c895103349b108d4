//! Calling a function of a package with arguments written as text: what `puck run` does.
//!
//! | module | what |
//! |---|---|
//! | `scalar` | the types of numbers, a number as text and back |
//! | `array` | numbers in a row, as a function finds them behind a pointer |
//! | `literal` | arrays and strings written in place |
//! | `npy`, `csv` | arrays from files |
//! | `argument` | one text against one parameter |
//! | `numba` | functions that Numba compiled: what they take beside their arguments, and what comes back |
//! | `overload` | which of several functions of a name is meant |
//! | `invoke` | the call itself, through libffi: with what reads results, the only unsafe code here |
//! | `outcome` | what came out, for people and as JSON |
//!
//! Nothing is printed here, and no text that was typed can make it panic or take more memory than
//! [`MAX_BYTES`] an array.

mod argument;
mod array;
mod csv;
mod error;
mod invoke;
mod literal;
mod npy;
mod numba;
mod outcome;
mod overload;
mod scalar;

pub use argument::Arguments;
pub use array::{Array, MAX_BYTES};
pub use csv::CsvError;
pub use error::{ArgumentError, CallError};
pub use npy::NpyError;
pub use numba::{Data, Described, Raised};
pub use outcome::{Changed, Outcome, Report};
pub use overload::{Asked, Chosen, by_signature, choose};
pub use scalar::{Element, Value};
