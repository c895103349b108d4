//! The types of numbers, a number as text and back.

use std::fmt;

use puck_package::Type;
use serde::{Serialize, Serializer};

use super::ArgumentError;

/// The type of a number: the scalars of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// One byte, 0 or 1.
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
}

/// A value that was passed or returned.
///
/// As text a number has the fewest digits that give it back exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// An `i8`.
    I8(i8),
    /// An `i16`.
    I16(i16),
    /// An `i32`.
    I32(i32),
    /// An `i64`.
    I64(i64),
    /// A `u8`.
    U8(u8),
    /// A `u16`.
    U16(u16),
    /// A `u32`.
    U32(u32),
    /// A `u64`.
    U64(u64),
    /// An `f32`.
    F32(f32),
    /// An `f64`.
    F64(f64),
    /// An address, which nothing here follows.
    Pointer(usize),
}

/// A number whose type does not matter yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Whole(i128),
    Float(f64),
}

/// Calls a macro with each type of number: its variant here, its type in Rust.
macro_rules! for_numbers {
    ($macro:ident!($($first:tt)*)) => {
        $macro!($($first)* I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64,
                F32 f32, F64 f64)
    };
}
pub(super) use for_numbers;

impl Element {
    /// The element type that a parameter's type is; `None` for pointers.
    #[must_use]
    pub fn of(ty: &Type) -> Option<Self> {
        Some(match ty {
            Type::Bool => Self::Bool,
            Type::I8 => Self::I8,
            Type::I16 => Self::I16,
            Type::I32 => Self::I32,
            Type::I64 => Self::I64,
            Type::U8 => Self::U8,
            Type::U16 => Self::U16,
            Type::U32 => Self::U32,
            Type::U64 => Self::U64,
            Type::F32 => Self::F32,
            Type::F64 => Self::F64,
            Type::Pointer { .. } | Type::Function(_) => return None,
        })
    }

    /// Its name in a signature.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// The size in bytes of a value: 1, 2, 4 or 8.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// What a text of this type looks like, to be read after "expected".
    pub(super) fn expected(self) -> String {
        match self {
            Self::Bool => "`true` or `false`".to_owned(),
            Self::F32 | Self::F64 => "a number".to_owned(),
            _ => "a whole number".to_owned(),
        }
    }

    /// The smallest and the largest value.
    pub(super) fn range(self) -> String {
        macro_rules! range {
            ($($variant:ident $rust:ty),*) => {
                match self {
                    Self::Bool => "`true` or `false`".to_owned(),
                    $(Self::$variant => {
                        format!("{} to {}", Value::from(<$rust>::MIN), Value::from(<$rust>::MAX))
                    })*
                }
            };
        }
        for_numbers!(range!())
    }

    /// Reads a value: decimal, or `0x`, `0o`, `0b` for whole numbers, with `_` between digits.
    ///
    /// # Errors
    /// If `text` is no value of the type, or beyond its range. Floats are rounded to the nearest.
    pub fn parse(self, text: &str) -> Result<Value, ArgumentError> {
        let syntax = || ArgumentError::Syntax {
            expected: self.expected(),
            found: super::error::shortened(text),
        };
        let range = || ArgumentError::Range {
            found: super::error::shortened(text),
            element: self,
        };
        match self {
            Self::Bool => match text {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => Err(syntax()),
            },
            Self::F32 | Self::F64 => {
                // The value of the text in the type itself: rounding twice could miss the nearest.
                let (value, finite) = match digits(text).ok_or_else(syntax)? {
                    (negative, 10, digits) => {
                        let text = format!("{}{digits}", if negative { "-" } else { "" });
                        let value = if self == Self::F32 {
                            text.parse().map(Value::F32)
                        } else {
                            text.parse().map(Value::F64)
                        };
                        let finite = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
                        (value.map_err(|_| syntax())?, finite)
                    }
                    _ => {
                        let whole = whole(text).ok_or_else(syntax)?.ok_or_else(range)?;
                        let value = if self == Self::F32 {
                            Value::F32(whole as f32)
                        } else {
                            Value::F64(whole as f64)
                        };
                        (value, true)
                    }
                };
                match value {
                    Value::F32(v) if finite && !v.is_finite() => Err(range()),
                    Value::F64(v) if finite && !v.is_finite() => Err(range()),
                    value => Ok(value),
                }
            }
            _ => {
                let number = whole(text).ok_or_else(syntax)?.ok_or_else(range)?;
                self.exactly(Number::Whole(number)).ok_or_else(range)
            }
        }
    }

    /// The value that is equal to `number`, if the type has one.
    pub(super) fn exactly(self, number: Number) -> Option<Value> {
        macro_rules! exactly {
            ($($variant:ident $rust:ty),*) => {
                match (self, number) {
                    (Self::Bool, Number::Whole(n)) => (n == 0 || n == 1).then_some(Value::Bool(n == 1)),
                    (Self::F32, Number::Whole(n)) => {
                        (n as f32 as i128 == n).then_some(Value::F32(n as f32))
                    }
                    (Self::F64, Number::Whole(n)) => {
                        (n as f64 as i128 == n).then_some(Value::F64(n as f64))
                    }
                    (Self::F64, Number::Float(x)) => Some(Value::F64(x)),
                    (Self::F32, Number::Float(x)) => {
                        (x.is_nan() || f64::from(x as f32) == x).then_some(Value::F32(x as f32))
                    }
                    $((Self::$variant, Number::Whole(n)) => <$rust>::try_from(n).ok().map(Value::$variant),)*
                    (_, Number::Float(_)) => None,
                }
            };
        }
        exactly!(I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64)
    }

    /// The value whose bytes, in the machine's order, are the first of `bytes`.
    pub(super) fn value(self, bytes: [u8; 8]) -> Value {
        macro_rules! value {
            ($($variant:ident $rust:ty),*) => {
                match self {
                    Self::Bool => Value::Bool(bytes[0] != 0),
                    $(Self::$variant => {
                        let mut own = [0; size_of::<$rust>()];
                        own.copy_from_slice(&bytes[..size_of::<$rust>()]);
                        Value::$variant(<$rust>::from_ne_bytes(own))
                    })*
                }
            };
        }
        for_numbers!(value!())
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Value {
    /// The bytes of the value in the machine's order, then zeros.
    pub(super) fn bytes(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        macro_rules! bytes {
            ($($variant:ident $rust:ty),*) => {
                match self {
                    Self::Bool(value) => bytes[0] = u8::from(value),
                    Self::Pointer(address) => bytes = (address as u64).to_ne_bytes(),
                    $(Self::$variant(value) => {
                        bytes[..size_of::<$rust>()].copy_from_slice(&value.to_ne_bytes());
                    })*
                }
            };
        }
        for_numbers!(bytes!());
        bytes
    }
}

macro_rules! from_numbers {
    ($($variant:ident $rust:ty),*) => {
        $(impl From<$rust> for Value {
            fn from(value: $rust) -> Self {
                Self::$variant(value)
            }
        })*
    };
}
from_numbers!(I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64);

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// A float in the fewest digits that give it back, with an exponent where zeros would be many.
        macro_rules! float {
            ($x:expr) => {
                match $x.abs() {
                    _ if $x.is_nan() => f.write_str("nan"),
                    size if size.is_infinite() || size == 0.0 => write!(f, "{}", $x),
                    size if !(1e-5..1e16).contains(&size) => write!(f, "{:e}", $x),
                    _ => write!(f, "{}", $x),
                }
            };
        }
        match *self {
            Self::Bool(v) => write!(f, "{v}"),
            Self::I8(v) => write!(f, "{v}"),
            Self::I16(v) => write!(f, "{v}"),
            Self::I32(v) => write!(f, "{v}"),
            Self::I64(v) => write!(f, "{v}"),
            Self::U8(v) => write!(f, "{v}"),
            Self::U16(v) => write!(f, "{v}"),
            Self::U32(v) => write!(f, "{v}"),
            Self::U64(v) => write!(f, "{v}"),
            Self::F32(v) => float!(v),
            Self::F64(v) => float!(v),
            Self::Pointer(0) => f.write_str("null"),
            Self::Pointer(address) => write!(f, "{address:#x}"),
        }
    }
}

/// Numbers as JSON's numbers; `nan`, `inf`, `-inf` and addresses as strings; `null` as null.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Bool(v) => serializer.serialize_bool(v),
            Self::I8(v) => serializer.serialize_i8(v),
            Self::I16(v) => serializer.serialize_i16(v),
            Self::I32(v) => serializer.serialize_i32(v),
            Self::I64(v) => serializer.serialize_i64(v),
            Self::U8(v) => serializer.serialize_u8(v),
            Self::U16(v) => serializer.serialize_u16(v),
            Self::U32(v) => serializer.serialize_u32(v),
            Self::U64(v) => serializer.serialize_u64(v),
            Self::F32(v) if v.is_finite() => serializer.serialize_f32(v),
            Self::F64(v) if v.is_finite() => serializer.serialize_f64(v),
            Self::Pointer(0) => serializer.serialize_none(),
            other => serializer.collect_str(&other),
        }
    }
}

/// The whole number that `text` is; `None` if it is none, `Some(None)` if no type has it.
pub(super) fn whole(text: &str) -> Option<Option<i128>> {
    let (negative, radix, digits) = digits(text)?;
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let number = i128::from_str_radix(&digits, radix).ok();
    Some(number.map(|n| if negative { -n } else { n }))
}

/// Sign, base and digits of a number, which may yet be no number. `_` between digits is dropped.
fn digits(text: &str) -> Option<(bool, u32, String)> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let prefixes = [("0x", 16), ("0X", 16), ("0o", 8), ("0b", 2)];
    let prefixed = prefixes
        .iter()
        .find_map(|(prefix, radix)| Some((*radix, rest.strip_prefix(prefix)?)));
    let (radix, rest) = prefixed.unwrap_or((10, rest));
    let between_digits = rest.split('_').skip(1).all(|part| {
        let is_digit = |c: char| c.is_digit(radix);
        part.starts_with(is_digit)
    }) && rest
        .rsplit('_')
        .skip(1)
        .all(|part| part.ends_with(|c: char| c.is_digit(radix)));
    // A second sign would be taken for the first by what reads the digits.
    if rest.starts_with(['+', '-']) || !between_digits {
        return None;
    }
    Some((negative, radix, rest.replace('_', "")))
}

#[cfg(test)]
mod tests;
