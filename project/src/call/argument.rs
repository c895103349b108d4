//! One text against one parameter.

use std::path::Path;

use puck_package::{Pointee, PortableType, Signature, Type};

use super::error::{declared, shortened};
use super::numba::Structure;
use super::{ArgumentError, Array, CallError, Element, Value, csv, literal, npy};

/// Arguments that fit a signature, ready for a call.
///
/// ```
/// use puck_project::call::Arguments;
/// let signature = "fn(n: u64, x: *const f64) -> f64".parse()?;
/// let texts = ["3".to_owned(), "[1, 2, 3]".to_owned()];
/// assert!(Arguments::read(&signature, &texts, ".".as_ref()).is_ok());
///
/// let texts = ["-3".to_owned(), "[1, 2, 3]".to_owned()];
/// let error = Arguments::read(&signature, &texts, ".".as_ref()).unwrap_err();
/// assert!(error.to_string().starts_with("argument 1 (`n: u64`): `-3` is out of the range of u64"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Arguments {
    pub(super) signature: Signature,
    pub(super) values: Vec<Argument>,
    /// The parameters as those who call know them: the last of them, where a function has others before.
    pub(super) named: Vec<Named>,
    /// What a function that Numba compiled returns.
    pub(super) result: Option<PortableType>,
}

/// A parameter as those who call know it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) name: Option<String>,
    /// With its type.
    pub(super) shown: String,
}

/// What is passed for a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    /// A number, or a null pointer.
    Value(Value),
    /// The address of the first element.
    Array(Array),
    /// The address of a value.
    Structure(Structure),
}

impl Arguments {
    /// Reads arguments from what was typed.
    ///
    /// | parameter | what fits |
    /// |---|---|
    /// | integers | `12`, `-3`, `0xff`, `1_000` |
    /// | floats | `0.1`, `1e-9`, `inf`, `nan`, `3` |
    /// | `bool` | `true`, `false` |
    /// | pointers to those | `[1, 2, 3]`, `[[1, 2], [3, 4]]` row after row, `[0; 100]`, `zeros(100)` or `zeros:100`, `5` for an array of one, `@x.npy`, `@data.csv:COLUMN`, `null` |
    /// | `*const u8`, `*const i8` | also `"text"`, which ends with a 0 |
    /// | other pointers | `null` |
    ///
    /// Files are looked for in `directory`.
    ///
    /// # Errors
    /// If there are too few or too many, or one does not fit its parameter.
    pub fn read(
        signature: &Signature,
        texts: &[String],
        directory: &Path,
    ) -> Result<Self, CallError> {
        if texts.len() != signature.parameters.len() {
            let count = signature.parameters.len();
            return Err(CallError::Count {
                function: signature.to_string(),
                least: count,
                most: count,
                found: texts.len(),
            });
        }
        let values = signature
            .parameters
            .iter()
            .zip(texts)
            .enumerate()
            .map(|(i, (parameter, text))| {
                read(&parameter.ty, text.trim(), directory).map_err(|reason| CallError::Argument {
                    position: i + 1,
                    parameter: declared(parameter),
                    reason,
                })
            })
            .collect::<Result<_, _>>()?;
        let named = signature.parameters.iter().map(|parameter| Named {
            name: parameter.name.clone(),
            shown: declared(parameter),
        });
        Ok(Self {
            signature: signature.clone(),
            values,
            named: named.collect(),
            result: None,
        })
    }

    /// The signature that they fit.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }
}

/// Reads an argument of type `ty`.
fn read(ty: &Type, text: &str, directory: &Path) -> Result<Argument, ArgumentError> {
    if let Some(element) = Element::of(ty) {
        return element.parse(text).map(Argument::Value);
    }
    if text == "null" {
        return Ok(Argument::Value(Value::Pointer(0)));
    }
    let what = match ty {
        Type::Pointer { pointee, .. } => match &**pointee {
            Pointee::Type(inner) => match Element::of(inner) {
                Some(element) => {
                    let array = array(element, text, directory, ", `@FILE.csv:COLUMN` or `null`");
                    return array.map(Argument::Array);
                }
                None => format!("a pointer to `{inner}`"),
            },
            Pointee::Opaque(name) => format!("a pointer to `{name}`, whose layout is not known,"),
            Pointee::Void => "a pointer to something of unknown type".to_owned(),
        },
        _ => "a function pointer".to_owned(),
    };
    let found = shortened(text);
    Err(ArgumentError::OnlyNull { what, found })
}

/// Reads numbers in a row. `others` ends the list of what a text may be.
pub(super) fn array(
    element: Element,
    text: &str,
    directory: &Path,
    others: &str,
) -> Result<Array, ArgumentError> {
    if let Some(spec) = text.strip_prefix('@') {
        return file(element, spec, directory);
    }
    if let Some(array) = literal::parse(text, element)? {
        return Ok(array);
    }
    let value = element.parse(text).map_err(|error| match error {
        ArgumentError::Syntax { found, .. } => ArgumentError::Syntax {
            expected: format!(
                "values of type {element}: `[...]`, `zeros(LENGTH)`, `@FILE.npy`{others}"
            ),
            found,
        },
        other => other,
    })?;
    let mut array = Array::new(element);
    array.push(value)?;
    Ok(array)
}

/// Reads the file that is named behind an `@`.
fn file(element: Element, spec: &str, directory: &Path) -> Result<Array, ArgumentError> {
    // ASCII alone changes, so that places in one are places in the other.
    let lower = spec.to_ascii_lowercase();
    if let Some(at) = lower.find(".csv:") {
        let (path, column) = (&spec[..at + 4], &spec[at + 5..]);
        return csv::read(&directory.join(path), Some(column), element);
    }
    if lower.ends_with(".csv") {
        return csv::read(&directory.join(spec), None, element);
    }
    if lower.ends_with(".npy") {
        return npy::read(&directory.join(spec), element);
    }
    Err(ArgumentError::File {
        found: shortened(spec),
    })
}

/// Opens a regular file, and tells its size in bytes.
pub(super) fn open(path: &Path) -> Result<(fs_err::File, u64), ArgumentError> {
    // Asked before it is opened: opening a named pipe would wait for someone to write to it.
    if fs_err::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(ArgumentError::NotAFile {
            path: path.to_owned(),
        });
    }
    let file = fs_err::File::open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

#[cfg(test)]
mod tests;
