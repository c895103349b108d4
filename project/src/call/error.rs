//! Why a function could not be called.

use std::io;
use std::path::PathBuf;

use puck_package::{Function, Parameter, Signature, nearest};

use super::{CsvError, Element, MAX_BYTES, NpyError};

/// Why a function could not be called.
///
/// The message says what was expected and what was found; [`hint`](CallError::hint) what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// Too few or too many arguments.
    #[error(
        "expected {}, found {found}: {function}",
        arguments(*least, *most)
    )]
    Count {
        /// What is to be called, with its parameters.
        function: String,
        /// How many arguments it takes at least.
        least: usize,
        /// How many it takes at most.
        most: usize,
        /// How many arguments there are.
        found: usize,
    },
    /// An argument does not fit its parameter.
    #[error("argument {position} (`{parameter}`): {reason}")]
    Argument {
        /// Counted from 1.
        position: usize,
        /// The parameter it is for, with its type.
        parameter: String,
        /// Why it does not fit.
        reason: ArgumentError,
    },
    /// The arguments fit none of the functions of the name.
    #[error("the arguments fit no `{function}`:{}", reasons(misfits))]
    NoFit {
        /// The functions' name.
        function: String,
        /// Each function's signature, and why the arguments do not fit it.
        misfits: Vec<(String, CallError)>,
    },
    /// The arguments fit several functions of the name.
    #[error(
        "the arguments fit several functions `{function}`:{}",
        list(signatures)
    )]
    Ambiguous {
        /// The functions' name.
        function: String,
        /// The signatures of those that the arguments fit.
        signatures: Vec<String>,
        /// The first of them as `--signature` takes it.
        choice: String,
    },
    /// No function of the name has the signature that was asked for.
    #[error(
        "no function has the signature `{asked}`; there is:{}",
        list(signatures)
    )]
    NoSuchSignature {
        /// What was asked for.
        asked: String,
        /// What there is.
        signatures: Vec<String>,
    },
    /// The function is not called as C calls.
    #[error("`{}` has the calling convention \"{}\"; only \"c\" can be called from here", function.name, function.abi)]
    Abi {
        /// The function.
        function: Box<Function>,
    },
    /// There is no function to call.
    #[error("no function to call")]
    NoFunction,
    /// libffi does not know how to call such a function on this machine.
    #[error("libffi cannot call `{signature}` on this machine: {reason}")]
    Interface {
        /// The function's signature.
        signature: Signature,
        /// What it says.
        reason: String,
    },
    /// The function wrote behind the end of an array; its results cannot be trusted.
    #[error(
        "the function wrote past the end of argument {position} (`{parameter}`), which has {length} \
         elements; what it returned is not to be trusted"
    )]
    Overrun {
        /// Counted from 1.
        position: usize,
        /// The parameter that the array was passed for, with its type.
        parameter: String,
        /// How many elements the array has.
        length: usize,
    },
    /// What a package says of a function is not what it is.
    #[error("what {file} says of `{function}` does not fit it: {reason}")]
    Described {
        /// The function's name.
        function: String,
        /// Where it is said.
        file: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// What a function returned cannot be shown.
    #[error("the result: {0}")]
    Result(ArgumentError),
}

/// Why a text is no argument for a parameter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// Not of the form that the type asks for.
    #[error("expected {expected}, found `{found}`")]
    Syntax {
        /// What is expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A number that the type does not have.
    #[error("`{found}` is out of the range of {element}: {}", element.range())]
    Range {
        /// What was found.
        found: String,
        /// The type.
        element: Element,
    },
    /// An element of an array is not of its type.
    #[error("element {index} (from 0): {reason}")]
    Element {
        /// Where it would stand in memory, counted from 0.
        index: usize,
        /// What is wrong with it.
        reason: Box<ArgumentError>,
    },
    /// The brackets or commas of an array are not in place.
    #[error("character {at} of the array: {reason}")]
    Literal {
        /// Counted from 1.
        at: usize,
        /// What was expected, and what was found.
        reason: String,
    },
    /// More than [`MAX_BYTES`], or than there is memory.
    #[error(
        "{length} values of type {element} do not fit in memory (at most {} bytes)",
        MAX_BYTES
    )]
    TooLarge {
        /// How many values.
        length: u128,
        /// Their type.
        element: Element,
    },
    /// Nothing but `null` can be passed for such a parameter.
    #[error("{what} can only be `null` here, found `{found}`")]
    OnlyNull {
        /// What it is.
        what: String,
        /// What was found.
        found: String,
    },
    /// An array has more or fewer dimensions than it should.
    #[error("expected an array of {}, found one of {}", dimensions(*expected), dimensions(*found))]
    Dimensions {
        /// How many it should have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// A value of a type that nothing can be typed for.
    #[error("{what} cannot be typed here")]
    Unwritable {
        /// What it is.
        what: &'static str,
    },
    /// A `@` is not followed by the name of a file of a known kind.
    #[error("`@{found}` names neither an array (`@x.npy`) nor a column (`@data.csv:NAME`)")]
    File {
        /// What follows the `@`.
        found: String,
    },
    /// A file cannot be read; the message names it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file that is no file of bytes, such as a folder or a device.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Its path.
        path: PathBuf,
    },
    /// A `.npy` file does not give such an array.
    #[error("{}: {reason}", path.display())]
    Npy {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: NpyError,
    },
    /// A CSV file does not give such a column.
    #[error("{}{}: {reason}", path.display(), line.map(|n| format!(":{n}")).unwrap_or_default())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: Option<u64>,
        /// What is wrong.
        reason: Box<CsvError>,
    },
}

impl CallError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Argument { reason, .. } => reason.hint(),
            Self::Ambiguous { choice, .. } => Some(format!(
                "choose one with `--signature`, such as `--signature '{choice}'`"
            )),
            Self::NoFit { .. } => {
                Some("choose one with `--signature` to see all that is wrong with it".to_owned())
            }
            Self::Overrun { .. } => Some(
                "look at the lengths that were passed: the function may have been told that the \
                 array is longer than it is"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl ArgumentError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Element { reason, .. } => reason.hint(),
            Self::Npy { reason, .. } => reason.hint(),
            Self::Csv { reason, .. } => match &**reason {
                CsvError::Column { wanted, columns } => {
                    let near = nearest(wanted, columns.iter().map(String::as_str))?;
                    Some(format!("did you mean `{near}`?"))
                }
                CsvError::Value(reason) => reason.hint(),
                _ => None,
            },
            Self::Syntax { expected, found } if found.starts_with('@') => Some(format!(
                "{expected} is written in place; files are for pointers"
            )),
            Self::Unwritable { .. } => Some("call the function from Python or from C".to_owned()),
            Self::Dimensions { .. } => Some(
                "`[[1, 2], [3, 4]]` and `zeros(2, 2)` have two dimensions, `@x.npy` those of the file"
                    .to_owned(),
            ),
            Self::Literal { .. } => {
                Some("arrays look like `[1, 2, 3]`, `[[1, 2], [3, 4]]`, `[0; 100]`".to_owned())
            }
            _ => None,
        }
    }
}

/// A text for a message: the beginning of it if it is long, and nothing that moves a cursor.
pub(super) fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown.replace("\\\"", "\"").replace("\\'", "'")
}

/// A parameter with its type.
pub(super) fn declared(parameter: &Parameter) -> String {
    match &parameter.name {
        Some(name) => format!("{name}: {}", parameter.ty),
        None => parameter.ty.to_string(),
    }
}

fn arguments(least: usize, most: usize) -> String {
    match (least, most) {
        (0, 0) => "no arguments".to_owned(),
        (1, 1) => "1 argument".to_owned(),
        (least, most) if least == most => format!("{most} arguments"),
        (least, most) => format!("{least} to {most} arguments"),
    }
}

fn dimensions(count: usize) -> String {
    match count {
        1 => "1 dimension".to_owned(),
        n => format!("{n} dimensions"),
    }
}

fn list(signatures: &[String]) -> String {
    signatures.iter().map(|s| format!("\n  {s}")).collect()
}

fn reasons(misfits: &[(String, CallError)]) -> String {
    let line = |(signature, reason): &(String, CallError)| format!("\n  {signature}\n    {reason}");
    misfits.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
