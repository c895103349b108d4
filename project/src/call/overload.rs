//! Which of several functions of a name is meant.

use std::path::Path;
use std::str::FromStr;

use puck_package::document::ABI_C;
use puck_package::{Function, Signature, SignatureError};

use super::numba::Prototype;
use super::{Arguments, CallError, Described};

/// A function that was chosen, with arguments that fit it.
#[derive(Debug)]
pub struct Chosen<'a> {
    /// The function.
    pub function: &'a Function,
    /// Its signature as those who call it know it.
    pub signature: String,
    /// The arguments.
    pub arguments: Arguments,
}

/// A signature that was asked for: C's, `fn(f64) -> f64`, or one as functions that Numba compiled are
/// declared, `(x: float64) -> float64`.
#[derive(Clone, Debug)]
pub enum Asked {
    /// C's.
    C(Signature),
    /// As it was written.
    Declared(String),
}

impl FromStr for Asked {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim_start().starts_with('(') {
            true => Ok(Self::Declared(text.to_owned())),
            false => text.parse().map(Self::C),
        }
    }
}

/// The function that the arguments fit, of those that share a name. What Numba compiled is described.
///
/// # Errors
/// If they fit none, or more than one; both show the signatures.
pub fn choose<'a>(
    overloads: impl IntoIterator<Item = &'a Function>,
    described: &Described,
    texts: &[String],
    directory: &Path,
) -> Result<Chosen<'a>, CallError> {
    let mut fitting = Vec::new();
    let mut misfits = Vec::new();
    for callable in callable(overloads, described)? {
        match callable.read(texts, directory) {
            Ok(arguments) => fitting.push((callable, arguments)),
            Err(error) => misfits.push((callable, error)),
        }
    }
    if let [(first, _), _, ..] = fitting.as_slice() {
        return Err(CallError::Ambiguous {
            function: first.function.name.to_string(),
            choice: first.choice(),
            signatures: fitting.iter().map(|(found, _)| found.shown()).collect(),
        });
    }
    if let Some((callable, arguments)) = fitting.pop() {
        return Ok(callable.with(arguments));
    }
    // Of a single function there is no list to show.
    if misfits.len() == 1
        && let Some((_, error)) = misfits.pop()
    {
        return Err(error);
    }
    let Some((first, _)) = misfits.first() else {
        return Err(CallError::NoFunction);
    };
    Err(CallError::NoFit {
        function: first.function.name.to_string(),
        misfits: misfits
            .into_iter()
            .map(|(callable, error)| (callable.shown(), error))
            .collect(),
    })
}

/// The function that has a signature, whatever its parameters are called, with the arguments.
///
/// # Errors
/// If none has it, or the arguments do not fit it.
pub fn by_signature<'a>(
    overloads: impl IntoIterator<Item = &'a Function>,
    described: &Described,
    asked: &Asked,
    texts: &[String],
    directory: &Path,
) -> Result<Chosen<'a>, CallError> {
    let mut signatures = Vec::new();
    for callable in callable(overloads, described)? {
        if callable.is(asked) {
            let arguments = callable.read(texts, directory)?;
            return Ok(callable.with(arguments));
        }
        signatures.push(callable.shown());
    }
    Err(CallError::NoSuchSignature {
        asked: match asked {
            Asked::C(signature) => signature.to_string(),
            Asked::Declared(text) => text.clone(),
        },
        signatures,
    })
}

/// A function, and if Numba compiled it, how it is called.
struct Callable<'a> {
    function: &'a Function,
    numba: Option<Prototype>,
}

/// Those that can be called, if any can: other entry points of the same functions are for others.
fn callable<'a>(
    overloads: impl IntoIterator<Item = &'a Function>,
    described: &Described,
) -> Result<Vec<Callable<'a>>, CallError> {
    let mut overloads: Vec<_> = overloads.into_iter().collect();
    if overloads.iter().any(|function| function.is_c()) {
        overloads.retain(|function| function.is_c());
    }
    let callable = overloads.into_iter().map(|function| {
        Ok(Callable {
            function,
            numba: described.prototype(function)?,
        })
    });
    callable.collect()
}

impl<'a> Callable<'a> {
    /// The signature as those who call it know it.
    fn shown(&self) -> String {
        match &self.numba {
            Some(prototype) => prototype.declared.clone(),
            None => self.function.signature.to_string(),
        }
    }

    /// The same as `--signature` takes it.
    fn choice(&self) -> String {
        match &self.numba {
            Some(prototype) => prototype.declared.clone(),
            None => self.function.signature.canonical(),
        }
    }

    fn is(&self, asked: &Asked) -> bool {
        match (asked, &self.numba) {
            (Asked::C(signature), _) => self.function.signature.same_types(signature),
            (Asked::Declared(text), Some(prototype)) => prototype.is(text),
            (Asked::Declared(_), None) => false,
        }
    }

    fn read(&self, texts: &[String], directory: &Path) -> Result<Arguments, CallError> {
        let signature = &self.function.signature;
        if let Some(prototype) = &self.numba {
            return prototype.read(signature, texts, directory);
        }
        if self.function.abi != ABI_C {
            return Err(CallError::Abi {
                function: Box::new(self.function.clone()),
            });
        }
        Arguments::read(signature, texts, directory)
    }

    fn with(self, arguments: Arguments) -> Chosen<'a> {
        Chosen {
            function: self.function,
            signature: self.shown(),
            arguments,
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
