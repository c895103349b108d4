//! Numbers in a row, as a function finds them behind a pointer.

use std::fmt;

use serde::ser::{Serialize, SerializeSeq as _, Serializer};

use super::{ArgumentError, Element, Value};

/// The most memory that one argument may take: 4 GiB.
pub const MAX_BYTES: usize = 1 << 32;

/// What stands behind an array while a function runs: a write past the end changes it.
const GUARD: u8 = 0xA5;
/// Words of it.
const GUARD_WORDS: usize = 8;

/// Numbers of one type in a row, aligned to 8 bytes.
///
/// Kept as words, not as a `Vec` of the type: a function may leave bytes that are no value of the
/// type, such as a `bool` of 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    element: Element,
    length: usize,
    words: Vec<u64>,
    /// How many there are in each dimension, where there is not one.
    shape: Option<Vec<usize>>,
}

impl Array {
    /// An array without elements.
    pub(super) fn new(element: Element) -> Self {
        Self {
            element,
            length: 0,
            words: Vec::new(),
            shape: None,
        }
    }

    /// An array of zeros.
    pub(super) fn zeros(element: Element, length: u128) -> Result<Self, ArgumentError> {
        let mut array = Self::new(element);
        array.reserve(length)?;
        // `reserve` saw to it that this is neither too much nor cut off.
        array.length = length as usize;
        array.words.resize(array.words_needed(array.length), 0);
        Ok(array)
    }

    /// Makes room for so many more elements.
    pub(super) fn reserve(&mut self, more: u128) -> Result<(), ArgumentError> {
        let too_large = |length| ArgumentError::TooLarge {
            length,
            element: self.element,
        };
        let length = more.saturating_add(self.length as u128);
        if length.saturating_mul(self.element.size() as u128) > MAX_BYTES as u128 {
            return Err(too_large(length));
        }
        let words = self.words_needed(length as usize);
        // With the guard's, so that a call does not move what was just filled.
        self.words
            .try_reserve(words.saturating_sub(self.words.len()) + GUARD_WORDS)
            .map_err(|_| too_large(length))
    }

    /// Appends a value of the array's type.
    pub(super) fn push(&mut self, value: Value) -> Result<(), ArgumentError> {
        let (word, from) = self.place(self.length);
        if word == self.words.len() {
            if word == self.words.capacity() {
                let most = MAX_BYTES / self.element.size();
                let room = most.saturating_sub(self.length).max(1);
                self.reserve(self.length.max(64).min(room) as u128)?;
            }
            self.words.push(0);
        }
        let size = self.element.size();
        if let Some(word) = self.words.get_mut(word) {
            let mut bytes = word.to_ne_bytes();
            bytes[from..from + size].copy_from_slice(&value.bytes()[..size]);
            *word = u64::from_ne_bytes(bytes);
        }
        self.length += 1;
        Ok(())
    }

    /// Makes what stands from `start` on stand there `times` times.
    pub(super) fn repeat_from(&mut self, start: usize, times: u128) -> Result<(), ArgumentError> {
        let once = self.length.saturating_sub(start);
        if times == 0 {
            self.length = start.min(self.length);
            self.trim();
            return Ok(());
        }
        if once == 0 {
            return Ok(());
        }
        self.reserve((times - 1).saturating_mul(once as u128))?;
        for _ in 1..times {
            for i in start..start + once {
                if let Some(value) = self.get(i) {
                    self.push(value)?;
                }
            }
        }
        Ok(())
    }

    /// Says how many elements there are in each dimension: in all as many as there are.
    pub(super) fn shaped(mut self, shape: &[u128]) -> Self {
        let sizes = shape.iter().map(|size| usize::try_from(*size).ok());
        self.shape = if shape.len() == 1 {
            None
        } else {
            sizes.collect()
        };
        self
    }

    /// How many elements there are in each dimension.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.shape.clone().unwrap_or_else(|| vec![self.length])
    }

    /// The type of the elements.
    #[must_use]
    pub fn element(&self) -> Element {
        self.element
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The element at an index from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Value> {
        if index >= self.length {
            return None;
        }
        let (word, from) = self.place(index);
        let size = self.element.size();
        let word = self.words.get(word)?.to_ne_bytes();
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&word[from..from + size]);
        Some(self.element.value(bytes))
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.length).filter_map(|i| self.get(i))
    }

    /// The elements for people: all of them, or if there are more than `limit`, the first and the
    /// last and how many there are.
    pub fn display(&self, limit: Option<usize>) -> impl fmt::Display + '_ {
        Shown { array: self, limit }
    }

    /// Puts the guard behind the elements and gives the address of the first.
    pub(super) fn guard(&mut self) -> *mut u64 {
        self.words.truncate(self.words_needed(self.length));
        let (word, from) = self.place(self.length);
        if let Some(last) = self.words.get_mut(word) {
            let mut bytes = last.to_ne_bytes();
            bytes[from..].fill(GUARD);
            *last = u64::from_ne_bytes(bytes);
        }
        let guard = u64::from_ne_bytes([GUARD; 8]);
        self.words.resize(self.words.len() + GUARD_WORDS, guard);
        self.words.as_mut_ptr()
    }

    /// Removes the guard; whether it was as it should be.
    pub(super) fn unguard(&mut self) -> bool {
        let (word, from) = self.place(self.length);
        let behind = self.words.get(word..).unwrap_or_default();
        let mut bytes = behind.iter().flat_map(|word| word.to_ne_bytes());
        let whole = bytes.by_ref().skip(from).all(|byte| byte == GUARD);
        self.trim();
        whole
    }

    /// Drops what is behind the elements. Zeros fill up the last word, so that equal arrays are
    /// equal words.
    fn trim(&mut self) {
        self.words.truncate(self.words_needed(self.length));
        let (word, from) = self.place(self.length);
        if let Some(last) = self.words.get_mut(word) {
            let mut bytes = last.to_ne_bytes();
            bytes[from..].fill(0);
            *last = u64::from_ne_bytes(bytes);
        }
    }

    /// The word and the byte in it where an element begins. None crosses from word to word.
    fn place(&self, index: usize) -> (usize, usize) {
        let byte = index * self.element.size();
        (byte / 8, byte % 8)
    }

    fn words_needed(&self, length: usize) -> usize {
        (length * self.element.size()).div_ceil(8)
    }
}

impl Serialize for Array {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.length))?;
        for value in self.iter() {
            list.serialize_element(&value)?;
        }
        list.end()
    }
}

/// See [`Array::display`].
struct Shown<'a> {
    array: &'a Array,
    limit: Option<usize>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.array.len();
        let limit = self.limit.unwrap_or(length);
        let (first, last) = if length > limit {
            (limit.div_ceil(2), limit / 2)
        } else {
            (length, 0)
        };
        f.write_str("[")?;
        for i in (0..first).chain(length - last..length) {
            if i > 0 {
                f.write_str(", ")?;
            }
            if i == length - last && length > limit {
                f.write_str("…, ")?;
            }
            if let Some(value) = self.array.get(i) {
                write!(f, "{value}")?;
            }
        }
        if length > limit {
            if last == 0 {
                f.write_str(if first == 0 { "…" } else { ", …" })?;
            }
            write!(f, "] ({length} values)")
        } else {
            f.write_str("]")
        }
    }
}

#[cfg(test)]
mod tests;
