//! What a package says of its functions in `numba.json`, as far as calling them takes it.

use std::collections::BTreeMap;
use std::path::Path;

use puck_package::document::ABI_NUMBA;
use puck_package::format::{self, DocumentError, Numbered};
use puck_package::{Function, PortableSignature, PortableType, Signature, Type};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

use super::super::argument::{Argument, Named};
use super::super::{Arguments, CallError, Element};
use super::structure::{self, Structure};

/// The newest format that is known.
const FORMAT: u32 = 1;

#[derive(Deserialize)]
struct Document {
    format: u32,
    abi: String,
    #[serde(default)]
    functions: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    /// The link name of the view for C.
    #[serde(default)]
    c: Option<String>,
    /// The portable signature.
    signature: String,
    #[serde(default)]
    parameters: Vec<Parameter>,
}

#[derive(Clone, Deserialize)]
struct Parameter {
    name: String,
    /// What is passed where it is left out. It may be null, which is not the same as none.
    #[serde(default, deserialize_with = "some")]
    default: Option<Json>,
}

fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

impl Numbered for Document {
    fn format(&self) -> u32 {
        self.format
    }
}

/// What a package says of its functions that Numba compiled: its `share/numba.json`.
#[derive(Default)]
pub struct Described {
    /// By the link name of the view for C.
    functions: BTreeMap<String, Entry>,
}

impl Described {
    /// The file's name in `share/`.
    pub const FILE: &'static str = "numba.json";

    /// Reads the file. Of another convention than the one that is known, it says nothing.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        let document: Document = format::read_json(Self::FILE, bytes, FORMAT)?;
        let is_known = document.abi == ABI_NUMBA;
        let entries = document.functions.into_iter().filter(|_| is_known);
        let functions = entries.filter_map(|entry| Some((entry.c.clone()?, entry)));
        Ok(Self {
            functions: functions.collect(),
        })
    }

    /// How a function is called that this describes; `None` for others.
    ///
    /// # Errors
    /// If what is said cannot be, or is not what the function takes.
    pub(in super::super) fn prototype(
        &self,
        function: &Function,
    ) -> Result<Option<Prototype>, CallError> {
        let Some(entry) = self.functions.get(&function.link_name.to_string()) else {
            return Ok(None);
        };
        let prototype = Prototype::of(entry, function);
        let prototype = prototype.map_err(|reason| CallError::Described {
            function: function.name.to_string(),
            file: Self::FILE,
            reason,
        })?;
        Ok(Some(prototype))
    }
}

/// A function as those who wrote it know it.
pub(in super::super) struct Prototype {
    /// As people write it: `(x: float64, n: int64 = 2) -> float64`.
    pub(in super::super) declared: String,
    /// As `numba.json` does: `(f64,i64)->f64`.
    portable: String,
    parameters: Vec<Parameter>,
    /// Of each parameter, as people write it.
    shown: Vec<String>,
    types: PortableSignature,
}

impl Prototype {
    fn of(entry: &Entry, function: &Function) -> Result<Self, String> {
        let types = entry.signature.parse::<PortableSignature>();
        let types = types.map_err(|error| error.to_string())?;
        types
            .check()
            .map_err(|found| format!("it tells of {found}"))?;
        let fits = agrees(&types.parameters, &function.signature);
        if !fits || entry.parameters.len() != types.parameters.len() {
            return Err(format!(
                "it tells of {} parameters of `{}`, and what is called is `{}`",
                entry.parameters.len(),
                entry.signature,
                function.signature
            ));
        }
        let declared = function.declared.as_deref().unwrap_or(&entry.signature);
        Ok(Self {
            shown: shown(declared, &entry.parameters, &entry.signature),
            declared: declared.to_owned(),
            portable: entry.signature.clone(),
            parameters: entry.parameters.clone(),
            types,
        })
    }

    /// Whether it is what is written so, as people or as `numba.json` write it.
    pub(in super::super) fn is(&self, text: &str) -> bool {
        let plain = |text: &str| text.split_whitespace().collect::<String>();
        [&self.declared, &self.portable]
            .map(|own| plain(own))
            .contains(&plain(text))
    }

    /// Reads arguments from what was typed, for a function with this signature in C.
    ///
    /// # Errors
    /// If there are too few or too many, or one does not fit its parameter.
    pub(in super::super) fn read(
        &self,
        signature: &Signature,
        texts: &[String],
        directory: &Path,
    ) -> Result<Arguments, CallError> {
        let defaults: Vec<_> = self.parameters.iter().map(default).collect();
        let most = self.types.parameters.len();
        // From the end on, those may be left out that have a default which can be told here.
        let least = most
            - defaults
                .iter()
                .rev()
                .take_while(|text| text.is_some())
                .count();
        if !(least..=most).contains(&texts.len()) {
            return Err(CallError::Count {
                function: self.declared.clone(),
                least,
                most,
                found: texts.len(),
            });
        }
        // The places that the function writes to.
        let result = match &self.types.result {
            // The status says whether there is a value.
            PortableType::Optional(item) => (**item).clone(),
            other => other.clone(),
        };
        let mut values = vec![
            Argument::Structure(Structure::of_size(result.layout().size)),
            Argument::Structure(Structure::of_size(size_of::<usize>())),
        ];
        let mut named = Vec::new();
        for (i, ty) in self.types.parameters.iter().enumerate() {
            let text = match texts.get(i) {
                Some(text) => text.trim(),
                None => defaults[i].as_deref().unwrap_or_default(),
            };
            let value = structure::read(ty, text, directory);
            values.push(value.map_err(|reason| CallError::Argument {
                position: i + 1,
                parameter: self.shown[i].clone(),
                reason,
            })?);
            named.push(Named {
                name: Some(self.parameters[i].name.clone()),
                shown: self.shown[i].clone(),
            });
        }
        Ok(Arguments {
            signature: signature.clone(),
            values,
            named,
            result: Some(result),
        })
    }
}

/// Whether a view for C with that signature takes parameters of those types.
fn agrees(types: &[PortableType], signature: &Signature) -> bool {
    let mut parameters = signature.parameters.iter().map(|parameter| &parameter.ty);
    let places = [parameters.next(), parameters.next()];
    let is_pointer = |ty: &Type| Element::of(ty).is_none();
    let fits = |ty: &PortableType, found: &Type| match ty {
        PortableType::Scalar(scalar) => found == scalar,
        PortableType::Time { .. } => *found == Type::I64,
        _ => is_pointer(found),
    };
    places.iter().all(|place| place.is_some_and(is_pointer))
        && parameters.len() == types.len()
        && types
            .iter()
            .zip(parameters)
            .all(|(ty, found)| fits(ty, found))
        && signature.result == Some(Type::I32)
}

/// The parameters as people write them, `x: float64`, of a function that is `declared` so; with portable
/// types where that is not to be told from it.
fn shown(declared: &str, parameters: &[Parameter], portable: &str) -> Vec<String> {
    let inner = |text: &str| {
        Some(structure::split(
            text.trim().strip_prefix('(')?.rsplit_once(')')?.0,
        ))
    };
    let names = |parts: &[String]| {
        let mut pairs = parts.iter().zip(parameters);
        parts.len() == parameters.len()
            && pairs.all(|(part, parameter)| part.split(':').next() == Some(&parameter.name))
    };
    let found = declared
        .rsplit_once(" -> ")
        .and_then(|(found, _)| inner(found));
    if let Some(found) = found.filter(|found| names(found)) {
        return found;
    }
    let types = portable
        .rsplit_once("->")
        .and_then(|(found, _)| inner(found));
    let types = types.unwrap_or_default();
    (parameters.iter().enumerate())
        .map(|(i, parameter)| {
            let ty = types.get(i).map_or("?", String::as_str);
            format!("{}: {ty}", parameter.name)
        })
        .collect()
}

/// A parameter's default as it would be typed; `None` if it has none, or one that only Python can read.
fn default(parameter: &Parameter) -> Option<String> {
    match parameter.default.as_ref()? {
        Json::Null => Some("None".to_owned()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Number(value) => Some(value.to_string()),
        Json::String(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
