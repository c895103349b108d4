//! Which of several functions of a name is meant.

use std::path::Path;

use puck_package::document::ABI_C;
use puck_package::{Function, Signature};

use super::{Arguments, CallError};

/// The function that the arguments fit, of those that share a name, and the arguments.
///
/// # Errors
/// If they fit none, or more than one; both show the signatures.
pub fn choose<'a>(
    overloads: impl IntoIterator<Item = &'a Function>,
    texts: &[String],
    directory: &Path,
) -> Result<(&'a Function, Arguments), CallError> {
    let mut fitting = Vec::new();
    let mut misfits = Vec::new();
    for function in callable(overloads) {
        match read(function, texts, directory) {
            Ok(arguments) => fitting.push((function, arguments)),
            Err(error) => misfits.push((function, error)),
        }
    }
    if fitting.len() > 1 {
        return Err(CallError::Ambiguous {
            function: fitting[0].0.name.to_string(),
            signatures: (fitting.into_iter())
                .map(|(function, _)| function.signature.clone())
                .collect(),
        });
    }
    if let Some(found) = fitting.pop() {
        return Ok(found);
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
        function: first.name.to_string(),
        misfits: misfits
            .into_iter()
            .map(|(function, error)| (function.signature.clone(), error))
            .collect(),
    })
}

/// The function that has a signature, whatever its parameters are called.
///
/// # Errors
/// If none has it.
pub fn by_signature<'a>(
    overloads: impl IntoIterator<Item = &'a Function>,
    asked: &Signature,
) -> Result<&'a Function, CallError> {
    let mut signatures = Vec::new();
    for function in callable(overloads) {
        if function.signature.same_types(asked) {
            return Ok(function);
        }
        signatures.push(function.signature.clone());
    }
    Err(CallError::NoSuchSignature {
        asked: asked.clone(),
        signatures,
    })
}

/// Those that can be called, if any can: other entry points of the same functions are for others.
fn callable<'a>(overloads: impl IntoIterator<Item = &'a Function>) -> Vec<&'a Function> {
    let mut overloads: Vec<_> = overloads.into_iter().collect();
    if overloads.iter().any(|function| function.is_c()) {
        overloads.retain(|function| function.is_c());
    }
    overloads
}

fn read(function: &Function, texts: &[String], directory: &Path) -> Result<Arguments, CallError> {
    if function.abi != ABI_C {
        return Err(CallError::Abi {
            function: Box::new(function.clone()),
        });
    }
    Arguments::read(&function.signature, texts, directory)
}

#[cfg(test)]
mod tests;
