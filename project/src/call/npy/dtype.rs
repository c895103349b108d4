//! NumPy's types of numbers, and which of them can be taken for which of ours.

use std::fmt;

use super::NpyError;
use crate::call::Element;
use crate::call::scalar::{Number, Value};

/// A type of numbers in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dtype {
    kind: Kind,
    big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Element(Element),
    /// IEEE 754 binary16, which signatures do not have.
    Half,
}

/// NumPy's name of a type.
pub(super) fn name(element: Element) -> &'static str {
    match element {
        Element::Bool => "bool_",
        Element::I8 => "int8",
        Element::I16 => "int16",
        Element::I32 => "int32",
        Element::I64 => "int64",
        Element::U8 => "uint8",
        Element::U16 => "uint16",
        Element::U32 => "uint32",
        Element::U64 => "uint64",
        Element::F32 => "float32",
        Element::F64 => "float64",
    }
}

impl Dtype {
    /// Reads what a header says: `<f8`.
    pub(super) fn parse(descr: &str) -> Result<Self, NpyError> {
        let refused = |what| NpyError::Dtype {
            dtype: format!("`{}`", crate::call::error::shortened(descr)),
            what,
        };
        let (order, code) = match descr.as_bytes().first() {
            Some(b'<' | b'>' | b'|' | b'=') => descr.split_at(1),
            _ => ("=", descr),
        };
        let kind = match code {
            "b1" | "?" => Kind::Element(Element::Bool),
            "i1" => Kind::Element(Element::I8),
            "i2" => Kind::Element(Element::I16),
            "i4" => Kind::Element(Element::I32),
            "i8" => Kind::Element(Element::I64),
            "u1" => Kind::Element(Element::U8),
            "u2" => Kind::Element(Element::U16),
            "u4" => Kind::Element(Element::U32),
            "u8" => Kind::Element(Element::U64),
            "f2" => Kind::Half,
            "f4" => Kind::Element(Element::F32),
            "f8" => Kind::Element(Element::F64),
            _ => {
                return Err(refused(match code.as_bytes().first() {
                    Some(b'c') => "complex",
                    Some(b'f') => "a float of a size that C does not have everywhere",
                    Some(b'O') => "an object of Python",
                    Some(b'S' | b'a' | b'U') => "a string",
                    Some(b'M' | b'm') => "a time",
                    Some(b'V') => "a structure",
                    _ => "not known",
                }));
            }
        };
        let big_endian = order == ">" || (order != "<" && cfg!(target_endian = "big"));
        Ok(Self { kind, big_endian })
    }

    /// The size in bytes of a value.
    pub(super) fn size(self) -> usize {
        match self.kind {
            Kind::Half => 2,
            Kind::Element(element) => element.size(),
        }
    }

    /// Whether values can be taken for values of `to`: NumPy's "safe" casts.
    pub(super) fn fits(self, to: Element) -> bool {
        let Kind::Element(from) = self.kind else {
            return matches!(to, Element::F32 | Element::F64);
        };
        from == to
            || match (integer(from), integer(to)) {
                _ if from == Element::Bool => true,
                (Some((from_signed, from)), Some((to_signed, to))) => {
                    if from_signed == to_signed {
                        from <= to
                    } else {
                        to_signed && from < to
                    }
                }
                (Some((_, bits)), None) => match to {
                    Element::F32 => bits <= 16,
                    Element::F64 => true,
                    _ => false,
                },
                _ => from == Element::F32 && to == Element::F64,
            }
    }

    /// The value of type `to` that bytes of the file stand for; if there is none, what they stand
    /// for.
    pub(super) fn value(self, bytes: &mut [u8], to: Element) -> Result<Value, String> {
        if self.big_endian != cfg!(target_endian = "big") {
            bytes.reverse();
        }
        let mut native = [0; 8];
        native[..bytes.len()].copy_from_slice(bytes);
        let value = match self.kind {
            Kind::Half => Value::F32(half(u16::from_ne_bytes([native[0], native[1]]))),
            Kind::Element(element) => element.value(native),
        };
        // The very bits where the types are equal: a NaN may carry something.
        let same = match self.kind {
            Kind::Half => to == Element::F32,
            Kind::Element(element) => element == to,
        };
        if same {
            return Ok(value);
        }
        number(value)
            .and_then(|number| to.exactly(number))
            .ok_or_else(|| value.to_string())
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Half => "float16",
            Kind::Element(Element::Bool) => "bool",
            Kind::Element(element) => name(element),
        })
    }
}

/// Whether it is signed, and how many bits it has.
fn integer(element: Element) -> Option<(bool, usize)> {
    let signed = match element {
        Element::I8 | Element::I16 | Element::I32 | Element::I64 => true,
        Element::U8 | Element::U16 | Element::U32 | Element::U64 => false,
        Element::Bool | Element::F32 | Element::F64 => return None,
    };
    Some((signed, element.size() * 8))
}

fn number(value: Value) -> Option<Number> {
    Some(match value {
        Value::Bool(v) => Number::Whole(v.into()),
        Value::I8(v) => Number::Whole(v.into()),
        Value::I16(v) => Number::Whole(v.into()),
        Value::I32(v) => Number::Whole(v.into()),
        Value::I64(v) => Number::Whole(v.into()),
        Value::U8(v) => Number::Whole(v.into()),
        Value::U16(v) => Number::Whole(v.into()),
        Value::U32(v) => Number::Whole(v.into()),
        Value::U64(v) => Number::Whole(v.into()),
        Value::F32(v) => Number::Float(v.into()),
        Value::F64(v) => Number::Float(v),
        Value::Pointer(_) => return None,
    })
}

/// The value of a binary16: 1 bit of sign, 5 of exponent, 10 of fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let fraction = f32::from(bits & 0x3ff);
    sign * match bits >> 10 & 0x1f {
        0 => fraction * 2_f32.powi(-24),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        exponent => (1024.0 + fraction) * 2_f32.powi(i32::from(exponent) - 25),
    }
}
