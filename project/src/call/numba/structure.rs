//! Arguments that are passed by pointer: arrays, tuples, and what else has parts.

use std::path::Path;

use puck_package::portable::{ARRAY_DATA, ARRAY_WORDS, Order, PortableArray, in_a_row};
use puck_package::{PortableType, Type};

use super::super::argument::{self, Argument};
use super::super::error::shortened;
use super::super::{ArgumentError, Array, Element, Value};

/// A value as it lies in memory, and the arrays that it refers to.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Structure {
    /// Whole words, for the alignment.
    words: Vec<u64>,
    pub(in super::super) arrays: Vec<Part>,
}

/// An array that a value refers to.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Part {
    /// The word that has its address.
    word: usize,
    /// Which part of the value it is: `.0`, or nothing if it is all of it.
    pub(in super::super) path: String,
    /// The elements as they lie in memory.
    pub(in super::super) array: Array,
    /// How many there are in each dimension.
    pub(in super::super) shape: Vec<usize>,
    /// Whether columns come before rows.
    is_fortran: bool,
}

/// Reads an argument of type `ty`.
///
/// # Errors
/// If the text is none.
pub(super) fn read(
    ty: &PortableType,
    text: &str,
    directory: &Path,
) -> Result<Argument, ArgumentError> {
    match ty {
        PortableType::Scalar(scalar) => element(scalar)?.parse(text).map(Argument::Value),
        PortableType::Time { .. } => time(text).map(Argument::Value),
        _ => {
            let mut structure = Structure::of_size(ty.layout().size);
            structure.write(ty, text, &Place::default(), directory)?;
            Ok(Argument::Structure(structure))
        }
    }
}

/// Where a part of a value lies, and what it is called.
#[derive(Default)]
struct Place {
    at: usize,
    path: String,
}

impl Structure {
    /// Zeros.
    pub(super) fn of_size(size: usize) -> Self {
        Self {
            words: vec![0; size.div_ceil(8).max(1)],
            arrays: Vec::new(),
        }
    }

    /// Puts the addresses of arrays, and what guards them, where they belong; gives the value's own.
    pub(in super::super) fn guard(&mut self) -> *mut u64 {
        for part in &mut self.arrays {
            if let Some(word) = self.words.get_mut(part.word) {
                *word = part.array.guard().expose_provenance() as u64;
            }
        }
        self.words.as_mut_ptr()
    }

    /// The words of the value.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Writes what a text says.
    fn write(
        &mut self,
        ty: &PortableType,
        text: &str,
        place: &Place,
        directory: &Path,
    ) -> Result<(), ArgumentError> {
        let text = text.trim();
        match ty {
            PortableType::Scalar(scalar) => {
                let value = element(scalar)?.parse(text)?;
                self.put(place.at, &value.bytes()[..scalar.size()]);
            }
            PortableType::Time { .. } => self.put(place.at, &time(text)?.bytes()),
            PortableType::Complex(part) => {
                for (i, value) in complex(text, element(part)?)?.into_iter().enumerate() {
                    let at = place.at + i * part.size();
                    self.put(at, &value.bytes()[..part.size()]);
                }
            }
            PortableType::Optional(item) => {
                if !["None", "none", "null"].contains(&text) {
                    self.write(item, text, place, directory)?;
                    self.put(place.at + item.layout().size, &[1]);
                }
            }
            PortableType::Tuple { items, .. } => self.tuple(items, text, place, directory)?,
            PortableType::Array(ty) => {
                let element = match &*ty.item {
                    PortableType::Scalar(scalar) => element(scalar)?,
                    PortableType::Time { .. } => Element::I64,
                    PortableType::Complex(_) => {
                        return Err(unwritable("an array of complex numbers"));
                    }
                    _ => return Err(unwritable("an array of records")),
                };
                let array = argument::array(element, text, directory, " or `@FILE.csv:COLUMN`")?;
                self.array(array, ty, place)?;
            }
            PortableType::Record(_) => return Err(unwritable("a record")),
            PortableType::Void | PortableType::Nested { .. } => {
                return Err(unwritable("a value of this type"));
            }
        }
        Ok(())
    }

    fn tuple(
        &mut self,
        items: &[PortableType],
        text: &str,
        place: &Place,
        directory: &Path,
    ) -> Result<(), ArgumentError> {
        let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
        let parts = inner.map(split).filter(|parts| parts.len() == items.len());
        let parts = parts.ok_or_else(|| ArgumentError::Syntax {
            expected: format!("{} values in parentheses, as in `(1, 2.5)`", items.len()),
            found: shortened(text),
        })?;
        let (places, _) = in_a_row(items);
        for (index, (item, part)) in items.iter().zip(&parts).enumerate() {
            let inner = Place {
                at: place.at + places[index],
                path: format!("{}.{index}", place.path),
            };
            self.write(item, part, &inner, directory)
                .map_err(|reason| ArgumentError::Element {
                    index,
                    reason: Box::new(reason),
                })?;
        }
        Ok(())
    }

    /// Writes an array's description, and keeps its elements.
    fn array(
        &mut self,
        array: Array,
        ty: &PortableArray,
        place: &Place,
    ) -> Result<(), ArgumentError> {
        let (dimensions, is_fortran) = (ty.dimensions, ty.order == Order::Fortran);
        let mut shape = array.shape();
        // A number may stand for an array of one.
        if dimensions == 0 && shape == [1] {
            shape.clear();
        }
        if shape.len() != dimensions {
            return Err(ArgumentError::Dimensions {
                expected: dimensions,
                found: shape.len(),
            });
        }
        let size = array.element().size();
        let mut strides = vec![size; dimensions];
        let mut step = size;
        for i in 0..dimensions {
            let i = if is_fortran { i } else { dimensions - 1 - i };
            strides[i] = step;
            step = step.saturating_mul(shape[i]);
        }
        let word = place.at / 8;
        let numbers = [0, 0, array.len(), size, 0];
        let described = numbers.iter().chain(&shape).chain(&strides);
        for (i, number) in described.enumerate() {
            if let Some(found) = self.words.get_mut(word + i) {
                *found = *number as u64;
            }
        }
        debug_assert_eq!(numbers.len(), ARRAY_WORDS);
        let array = match is_fortran && dimensions > 1 {
            true => reordered(&array, &shape, true)?,
            false => array,
        };
        self.arrays.push(Part {
            word: word + ARRAY_DATA,
            path: place.path.clone(),
            array,
            shape,
            is_fortran: is_fortran && dimensions > 1,
        });
        Ok(())
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        for (i, byte) in bytes.iter().enumerate() {
            let at = at + i;
            if let Some(word) = self.words.get_mut(at / 8) {
                let mut own = word.to_ne_bytes();
                own[at % 8] = *byte;
                *word = u64::from_ne_bytes(own);
            }
        }
    }
}

impl Part {
    /// The elements row after row.
    pub(in super::super) fn rows(self) -> (Array, Vec<usize>) {
        let rows = match self.is_fortran {
            true => reordered(&self.array, &self.shape, false).ok(),
            false => None,
        };
        (rows.unwrap_or(self.array), self.shape)
    }
}

/// The elements column after column if they are row after row, or the other way round.
fn reordered(array: &Array, shape: &[usize], to_columns: bool) -> Result<Array, ArgumentError> {
    let mut reordered = Array::new(array.element());
    reordered.reserve(array.len() as u128)?;
    let dimensions = shape.len();
    let mut index = vec![0; dimensions];
    for _ in 0..array.len() {
        // Where the element with that index is now.
        let mut at = 0;
        for i in 0..dimensions {
            let i = if to_columns { i } else { dimensions - 1 - i };
            at = at * shape[i] + index[i];
        }
        if let Some(value) = array.get(at) {
            reordered.push(value)?;
        }
        for i in 0..dimensions {
            let i = if to_columns { i } else { dimensions - 1 - i };
            index[i] += 1;
            if index[i] < shape[i] {
                break;
            }
            index[i] = 0;
        }
    }
    Ok(reordered)
}

/// A number of units of time.
fn time(text: &str) -> Result<Value, ArgumentError> {
    match text {
        "NaT" => Ok(Value::I64(i64::MIN)),
        _ => Element::I64.parse(text),
    }
}

/// The parts of a complex number: `1+2j`, `2j`, `1`.
fn complex(text: &str, part: Element) -> Result<[Value; 2], ArgumentError> {
    let syntax = || ArgumentError::Syntax {
        expected: "a complex number such as `1+2j`".to_owned(),
        found: shortened(text),
    };
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    let inner = inner.unwrap_or(text).trim();
    let Some(without) = inner.strip_suffix('j') else {
        let re = part.parse(inner).map_err(|_| syntax())?;
        return Ok([re, part.parse("0")?]);
    };
    // The last sign that belongs to no exponent.
    let bytes = without.as_bytes();
    let is_sign =
        |i: &usize| matches!(bytes[*i], b'+' | b'-') && !matches!(bytes[i - 1], b'e' | b'E');
    let at = (1..bytes.len()).rev().find(is_sign).unwrap_or(0);
    let (re, im) = without.split_at(at);
    let re = if re.is_empty() { "0" } else { re };
    let parse = |text: &str| part.parse(text.trim()).map_err(|_| syntax());
    Ok([parse(re)?, parse(im)?])
}

/// What commas separate outside of brackets and quotes. A comma may stand behind the last.
pub(super) fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0_i32, None);
    for c in text.chars() {
        match (c, quoted) {
            (_, Some(quote)) if c == quote => quoted = None,
            ('"' | '\'', None) => quoted = Some(c),
            ('(' | '[' | '{' | '<', None) => depth += 1,
            (')' | ']' | '}' | '>', None) => depth -= 1,
            (',', None) if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    let mut parts: Vec<_> = parts.iter().map(|part| part.trim().to_owned()).collect();
    if parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    parts
}

/// The type of a number.
fn element(scalar: &Type) -> Result<Element, ArgumentError> {
    Element::of(scalar).ok_or_else(|| unwritable("an address"))
}

fn unwritable(what: &'static str) -> ArgumentError {
    ArgumentError::Unwritable { what }
}
