//! What LLVM knows of a function's type, and whether a signature agrees with it.
//!
//! LLVM's types say less than a signature (pointers point to nothing in particular, integers have no
//! sign), but what they say must agree. What they leave out of the C convention is added: a caller
//! widens `bool` and integers below 32 bits to a register as their sign demands, and the side that
//! does the widening is told so by an attribute.

use std::fmt;

use puck_package::{Signature, Type};
use serde::{Deserialize, Serialize};

/// How a function is called, as far as LLVM's type and attributes tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shape {
    pub(crate) parameters: Vec<Passed>,
    /// `None` where nothing is returned.
    pub(crate) result: Option<Passed>,
    /// Declared with `...`.
    pub(crate) variadic: bool,
    /// Whether the calling convention is C's.
    pub(crate) c_convention: bool,
}

/// A parameter or a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Passed {
    pub(crate) value: Value,
    #[serde(default, skip_serializing_if = "Extension::is_none")]
    pub(crate) extension: Extension,
}

/// What is passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Value {
    /// Of this many bits.
    Integer(u32),
    F32,
    F64,
    Pointer,
    /// An aggregate by value, by its name or its members.
    Struct(String),
    /// Anything else that LLVM can pass: vectors, `fp128`.
    Other(String),
}

/// How a small integer fills a register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Extension {
    /// The upper bits are anything.
    #[default]
    None,
    /// By its sign.
    Sign,
    /// With zeros.
    Zero,
}

impl Extension {
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// Where a signature and a shape part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Disagreement {
    /// Something that no signature can express.
    Struct { what: String, name: String },
    /// Something that this signature expresses otherwise.
    Other(String),
}

impl Shape {
    /// The first aggregate that is passed by value.
    pub(crate) fn by_value_struct(&self) -> Option<Disagreement> {
        let result = self
            .result
            .iter()
            .map(|passed| ("the result".to_owned(), passed));
        let parameters = self
            .parameters
            .iter()
            .enumerate()
            .map(|(index, passed)| (format!("parameter {}", index + 1), passed));
        result
            .chain(parameters)
            .find_map(|(what, passed)| match &passed.value {
                Value::Struct(name) => Some(Disagreement::Struct {
                    what,
                    name: name.clone(),
                }),
                _ => None,
            })
    }

    /// Whether `signature` describes this function, which is to be called by what knows nothing
    /// else of it.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn describes(&self, signature: &Signature) -> Result<(), String> {
        self.check(signature)
            .map_err(|disagreement| disagreement.to_string())?;
        let unsaid = self.result.as_ref().zip(signature.result.as_ref());
        match unsaid {
            Some((passed, ty))
                if extension(ty) != Extension::None && passed.extension == Extension::None =>
            {
                let attribute = match extension(ty) {
                    Extension::Sign => "signext",
                    _ => "zeroext",
                };
                Err(format!(
                    "result: `{ty}` is returned in a whole register, which the definition does not \
                     fill: it needs the attribute `{attribute}`"
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether `signature` describes this function.
    pub(crate) fn check(&self, signature: &Signature) -> Result<(), Disagreement> {
        if let Some(by_value) = self.by_value_struct() {
            return Err(by_value);
        }
        if self.variadic {
            return other("the code takes a variable number of arguments (`...`)");
        }
        if !self.c_convention {
            return other("the code does not use C's calling convention");
        }
        let (expected, found) = (signature.parameters.len(), self.parameters.len());
        if expected != found {
            return other(format!("{expected} against {found} parameters"));
        }
        for (index, (parameter, passed)) in signature
            .parameters
            .iter()
            .zip(&self.parameters)
            .enumerate()
        {
            if let Some(reason) = passed.disagreement(&parameter.ty) {
                let number = index + 1;
                return other(match &parameter.name {
                    Some(name) => format!("parameter {number}, `{name}`: {reason}"),
                    None => format!("parameter {number}: {reason}"),
                });
            }
        }
        match (&signature.result, &self.result) {
            (None, None) => Ok(()),
            (Some(ty), Some(passed)) => match passed.disagreement(ty) {
                Some(reason) => other(format!("result: {reason}")),
                None => Ok(()),
            },
            (Some(ty), None) => other(format!("result: `{ty}` against nothing")),
            (None, Some(passed)) => other(format!("result: nothing against {passed}")),
        }
    }
}

fn other(reason: impl Into<String>) -> Result<(), Disagreement> {
    Err(Disagreement::Other(reason.into()))
}

impl Passed {
    /// Why this is not of type `ty`.
    fn disagreement(&self, ty: &Type) -> Option<String> {
        let agrees = match &self.value {
            Value::Integer(bits) => match ty {
                Type::Bool => *bits == 1,
                Type::I8 | Type::U8 => *bits == 8,
                Type::I16 | Type::U16 => *bits == 16,
                Type::I32 | Type::U32 => *bits == 32,
                Type::I64 | Type::U64 => *bits == 64,
                _ => false,
            },
            Value::F32 => *ty == Type::F32,
            Value::F64 => *ty == Type::F64,
            Value::Pointer => matches!(ty, Type::Pointer { .. } | Type::Function(_)),
            Value::Struct(_) | Value::Other(_) => false,
        };
        let needed = extension(ty);
        let sign_agrees = needed == Extension::None
            || self.extension == Extension::None
            || needed == self.extension;
        (!agrees || !sign_agrees).then(|| format!("`{ty}` against {self}"))
    }
}

/// How C's convention widens a value of the type.
pub(crate) fn extension(ty: &Type) -> Extension {
    match ty {
        Type::I8 | Type::I16 => Extension::Sign,
        Type::Bool | Type::U8 | Type::U16 => Extension::Zero,
        _ => Extension::None,
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Struct { what, name } => write!(f, "{what} is the struct `{name}` by value"),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parameters: Vec<_> = self.parameters.iter().map(Passed::to_string).collect();
        if self.variadic {
            parameters.push("...".to_owned());
        }
        write!(f, "fn({})", parameters.join(", "))?;
        match &self.result {
            Some(result) => write!(f, " -> {result}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.value, self.extension) {
            (Value::Integer(1), _) => f.write_str("bool"),
            (Value::Integer(bits), Extension::Zero) => write!(f, "u{bits}"),
            (Value::Integer(bits), Extension::Sign) => write!(f, "i{bits}"),
            (Value::Integer(bits), Extension::None) => write!(f, "i{bits}/u{bits}"),
            (Value::F32, _) => f.write_str("f32"),
            (Value::F64, _) => f.write_str("f64"),
            (Value::Pointer, _) => f.write_str("pointer"),
            (Value::Struct(name), _) => write!(f, "struct `{name}`"),
            (Value::Other(text), _) => write!(f, "`{text}`"),
        }
    }
}

#[cfg(test)]
mod tests;
