//! The exception that a function has raised, without a Python interpreter to raise it in.
//!
//! An exception whose arguments are constants is one constant in the package: a pickle with its SHA-1
//! digest, by which the package says in words what it is.

use std::ffi::c_void;
use std::fmt;

use super::{NONE, message};
use crate::{Environment, Error};

/// The status of a function that has left an exception in the Python interpreter.
const IN_PYTHON: i32 = -1;
/// The status of a generator that has come to its end.
const STOP_ITERATION: i32 = -3;
/// The length of a digest in bytes.
const SHA1: usize = 20;

/// An exception that a function has raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its class with its module: `builtins.ValueError`.
    pub class: String,
    /// The arguments that it was raised with, as Python writes them.
    pub arguments: Vec<String>,
    /// Where it was raised, if that is known.
    pub location: Option<Location>,
}

/// A place in Python source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The function's name.
    pub function: String,
    /// The file, as the package has it.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
}

/// What Numba's code points to when it raises: `excinfo_t` of `numba.core.callconv`.
#[repr(C)]
struct Info {
    /// Class, arguments and location, pickled.
    pickle: *const c_void,
    length: i32,
    /// Of the pickle, if the arguments are constants; else a pointer to those that are not.
    digest: *const [u8; SHA1],
    /// What makes Python objects of those that are not; null if there are none.
    unwrap: *const c_void,
    arguments: i32,
}

impl Environment {
    /// What a function of a package (`linalg`, `linalg.v2`) has raised that returned `status` and set
    /// `exception`; `None` if it has raised nothing. It may come from a package that this one calls.
    ///
    /// # Errors
    /// [`Error::UnknownException`] if no package says what it is; if there is no such package, and if
    /// what it says cannot be read.
    ///
    /// # Safety
    /// Both are what a function of the package with Numba's statuses has just left; `exception` is not
    /// looked at unless the status says that it is set.
    pub unsafe fn numba_exception(
        &self,
        package: &str,
        status: i32,
        exception: *const c_void,
    ) -> Result<Option<Exception>, Error> {
        let plain = |class: &str| Exception {
            class: format!("builtins.{class}"),
            arguments: Vec::new(),
            location: None,
        };
        let unknown = |reason: &str| Error::UnknownException {
            package: package.to_owned(),
            reason: reason.to_owned(),
        };
        match status {
            0 | NONE => return Ok(None),
            STOP_ITERATION => return Ok(Some(plain("StopIteration"))),
            IN_PYTHON => return Err(unknown("it is in the Python interpreter")),
            ..0 => return Err(unknown(&format!("{status} is no status of Numba's"))),
            1.. => {}
        }
        let index = self.named(package)?;
        // SAFETY: the caller's promise: a positive status says that it was set.
        let Some(info) = (unsafe { exception.cast::<Info>().as_ref() }) else {
            return Err(unknown("the function left none"));
        };
        if !info.unwrap.is_null() {
            return Err(unknown("only Python can make its arguments"));
        }
        // SAFETY: a constant of the package, as the status says.
        let Some(digest) = (unsafe { info.digest.as_ref() }) else {
            return Err(unknown("it has no digest"));
        };
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        for package in self.whole_closure(index)?.into_iter().rev() {
            let description = self.numba_description(package)?;
            let raised = description
                .as_ref()
                .and_then(|description| description.exceptions.get(&digest));
            if let Some(raised) = raised {
                return Ok(Some(Exception {
                    class: raised.class.clone(),
                    arguments: raised.arguments.clone(),
                    location: raised.location.as_deref().and_then(location),
                }));
            }
        }
        Err(unknown(&format!("nothing describes {digest}")))
    }
}

/// Function, file and line.
fn location(place: &[serde_json::Value]) -> Option<Location> {
    let [function, file, line] = place else {
        return None;
    };
    Some(Location {
        function: function.as_str()?.to_owned(),
        file: file.as_str()?.to_owned(),
        line: line.as_u64()?,
    })
}

impl Exception {
    /// The class as Python names it where an exception ends a program: without `builtins`.
    #[must_use]
    pub fn class_name(&self) -> &str {
        self.class.strip_prefix("builtins.").unwrap_or(&self.class)
    }

    /// What it says, as `str()` of it in Python: the one argument, or all in parentheses.
    #[must_use]
    pub fn message(&self) -> String {
        match self.arguments.as_slice() {
            [] => String::new(),
            // `str` of a KeyError shows the key as it is written.
            [one] if self.class == "builtins.KeyError" => one.clone(),
            [one] => message::text(one).unwrap_or_else(|| one.clone()),
            several => format!("({})", several.join(", ")),
        }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class_name())?;
        match self.message() {
            message if message.is_empty() => Ok(()),
            message => write!(f, ": {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_in_python() {
        for (class, arguments, expected) in [
            ("builtins.ValueError", &["'a\\'b'"][..], "ValueError: a'b"),
            ("builtins.ValueError", &[], "ValueError"),
            ("builtins.KeyError", &["'k'"], "KeyError: 'k'"),
            ("shop.Closed", &["'x'", "3"], "shop.Closed: ('x', 3)"),
            ("builtins.IndexError", &["7"], "IndexError: 7"),
        ] {
            let exception = Exception {
                class: class.to_owned(),
                arguments: arguments.iter().map(ToString::to_string).collect(),
                location: None,
            };
            assert_eq!(exception.to_string(), expected);
        }
    }
}
