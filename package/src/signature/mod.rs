//! Signatures: the C types of a function, written as a Rust function type.
//!
//! A signature identifies a function together with its name. Its *canonical* form drops parameter
//! names and every space that no keyword needs: `fn(u64,f64,*const f64,*mut f64)`. Two functions
//! are the same to a linker only if their canonical forms are equal, for the form's digest is part
//! of the [link name](crate::link_name).

mod parse;
mod plain;
pub(crate) mod words;

use std::fmt;
use std::mem::discriminant;

use serde::{Deserialize, Serialize};

use crate::sha256;

/// Function types nested deeper than this are refused: no reader should have to recurse further.
pub(crate) const MAX_DEPTH: usize = 16;

/// The parameters and the result of a function with C's calling convention.
///
/// ```
/// use puck_package::Signature;
/// let signature: Signature = "fn(n: usize, x: *const f64) -> f64".parse()?;
/// assert_eq!(signature.to_string(), "fn(n: u64, x: *const f64) -> f64");
/// assert_eq!(signature.canonical(), "fn(u64,*const f64)->f64");
/// # Ok::<(), puck_package::SignatureError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature {
    /// In order.
    pub parameters: Vec<Parameter>,
    /// `None` where nothing is returned.
    pub result: Option<Type>,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// For people only; not part of what identifies the signature. Where it is a word of Rust, it
    /// is written with `r#`; where it could not be read back, not at all.
    pub name: Option<String>,
    /// The type as it is passed.
    pub ty: Type,
}

/// A type that is passed or returned in a register or on the stack, by value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// C's `bool`, one byte, 0 or 1.
    Bool,
    /// 8 bits, signed.
    I8,
    /// 16 bits, signed.
    I16,
    /// 32 bits, signed.
    I32,
    /// 64 bits, signed.
    I64,
    /// 8 bits, unsigned.
    U8,
    /// 16 bits, unsigned.
    U16,
    /// 32 bits, unsigned.
    U32,
    /// 64 bits, unsigned.
    U64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// A pointer; `mutable` where the function may write through it.
    Pointer {
        /// `*mut` or `*const`.
        mutable: bool,
        /// What it points to.
        pointee: Box<Pointee>,
    },
    /// A pointer to a function.
    Function(Box<Signature>),
}

/// What a pointer points to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pointee {
    /// A value of a known type, or several in a row.
    Type(Type),
    /// Anything: C's `void`.
    Void,
    /// A type known by name alone, such as a struct.
    Opaque(String),
}

/// Why a text is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid signature `{text}`: {reason}")]
pub struct SignatureError {
    /// What was read.
    pub text: String,
    /// What is wrong, and what is expected instead.
    pub reason: String,
}

impl Type {
    /// Scalars by the name they have in a signature.
    pub const SCALARS: [(&'static str, Self); 11] = [
        ("bool", Self::Bool),
        ("i8", Self::I8),
        ("i16", Self::I16),
        ("i32", Self::I32),
        ("i64", Self::I64),
        ("u8", Self::U8),
        ("u16", Self::U16),
        ("u32", Self::U32),
        ("u64", Self::U64),
        ("f32", Self::F32),
        ("f64", Self::F64),
    ];

    /// The name of a scalar; `None` for a pointer.
    #[must_use]
    #[inline]
    pub fn scalar_name(&self) -> Option<&'static str> {
        Self::SCALARS
            .iter()
            .find(|(_, ty)| discriminant(ty) == discriminant(self))
            .map(|(name, _)| *name)
    }

    /// The size in bytes of a value. Pointers have that of the 64-bit targets.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 | Self::Pointer { .. } | Self::Function(_) => 8,
        }
    }

    /// A pointer to values of `pointee`.
    #[must_use]
    pub fn pointer(mutable: bool, pointee: Self) -> Self {
        Self::Pointer {
            mutable,
            pointee: Box::new(Pointee::Type(pointee)),
        }
    }
}

impl Signature {
    /// The form that identifies the signature: without names, `extern "C" fn` for function
    /// pointers, and no spaces but those between words.
    #[must_use]
    #[inline]
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, Style::Canonical)
            .expect("a String takes all that is written");
        text
    }

    /// The first 8 hexadecimal digits of the SHA-256 of the canonical form.
    #[must_use]
    #[inline]
    pub fn fingerprint(&self) -> String {
        format!("{:08x}", sha256::start(self.canonical().as_bytes()))
    }

    /// Whether the canonical forms are equal: names of parameters do not matter.
    #[must_use]
    pub fn same_types(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }

    fn write(&self, out: &mut impl fmt::Write, style: Style) -> fmt::Result {
        out.write_str("fn(")?;
        for (i, Parameter { name, ty }) in self.parameters.iter().enumerate() {
            if i > 0 {
                out.write_str(style.choose(", ", ","))?;
            }
            if let (Style::Readable, Some(name)) = (style, name)
                && !self
                    .parameters
                    .iter()
                    .take(i)
                    .any(|p| p.name.as_ref() == Some(name))
            {
                if words::is_plain_word(name) {
                    write!(out, "{name}: ")?;
                } else if words::is_raw_word(name) {
                    write!(out, "r#{name}: ")?;
                }
            }
            ty.write(out, style)?;
        }
        out.write_str(")")?;
        if let Some(result) = &self.result {
            out.write_str(style.choose(" -> ", "->"))?;
            result.write(out, style)?;
        }
        Ok(())
    }
}

/// How a signature is written.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Readable,
    Canonical,
}

impl Style {
    fn choose(self, readable: &'static str, canonical: &'static str) -> &'static str {
        match self {
            Self::Readable => readable,
            Self::Canonical => canonical,
        }
    }
}

impl Type {
    fn write(&self, out: &mut impl fmt::Write, style: Style) -> fmt::Result {
        match self {
            Self::Pointer { mutable, pointee } => {
                out.write_str(if *mutable { "*mut " } else { "*const " })?;
                match &**pointee {
                    Pointee::Type(ty) => ty.write(out, style),
                    Pointee::Void => out.write_str("c_void"),
                    Pointee::Opaque(name) => out.write_str(name),
                }
            }
            Self::Function(signature) => {
                out.write_str("extern \"C\" ")?;
                signature.write(out, style)
            }
            scalar => out.write_str(scalar.scalar_name().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Style::Readable)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Style::Readable)
    }
}

impl TryFrom<String> for Signature {
    type Error = SignatureError;
    fn try_from(text: String) -> Result<Self, SignatureError> {
        text.parse()
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> Self {
        signature.to_string()
    }
}

#[cfg(test)]
pub(crate) mod tests;
