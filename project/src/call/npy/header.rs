//! The header of a `.npy` file: a dictionary in Python's notation.
//!
//! `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`, then spaces up to a multiple of
//! 64 bytes and a newline.

use std::io::Read;

use super::NpyError;

/// The longest header that is read: those of plain arrays have about 100 bytes.
const MAX_LENGTH: u64 = 64 * 1024;

/// What a header says.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    /// The bytes before the first value.
    pub(super) length: u64,
    pub(super) descr: String,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<u128>,
}

/// Reads the header of a file of `size` bytes.
pub(super) fn read(reader: &mut impl Read, size: u64) -> Result<Header, NpyError> {
    let mut start = [0; 8];
    if size < 10 {
        return Err(NpyError::Magic);
    }
    reader.read_exact(&mut start)?;
    let [magic @ .., major, minor] = start;
    if &magic != b"\x93NUMPY" {
        return Err(NpyError::Magic);
    }
    let (before, length) = match (major, minor) {
        (1, 0) => {
            let mut length = [0; 2];
            reader.read_exact(&mut length)?;
            (10, u64::from(u16::from_le_bytes(length)))
        }
        (2 | 3, 0) => {
            let mut length = [0; 4];
            reader.read_exact(&mut length)?;
            (12, u64::from(u32::from_le_bytes(length)))
        }
        _ => return Err(NpyError::Version { major, minor }),
    };
    if length > MAX_LENGTH || before + length > size {
        return Err(NpyError::Header(format!(
            "{length} bytes of it in a file of {size} bytes (at most {MAX_LENGTH})"
        )));
    }
    let mut bytes = vec![0; length as usize];
    reader.read_exact(&mut bytes)?;
    // Latin-1 before version 3, UTF-8 from it on; nothing but names of fields is not ASCII.
    let text = String::from_utf8_lossy(&bytes);
    dictionary(&text, before + length)
}

fn dictionary(text: &str, length: u64) -> Result<Header, NpyError> {
    let mut reader = Reader { rest: text };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    reader.expect('{')?;
    while !reader.take('}') {
        let key = reader.string()?;
        reader.expect(':')?;
        match key {
            "descr" if reader.peek() == Some('[') => {
                return Err(NpyError::Dtype {
                    dtype: format!(
                        "`{}`",
                        crate::call::error::shortened(reader.rest.trim_start())
                    ),
                    what: "a structure",
                });
            }
            "descr" => descr = Some(reader.string()?.to_owned()),
            "fortran_order" => fortran_order = Some(reader.boolean()?),
            "shape" => shape = Some(reader.tuple()?),
            other => return Err(reader.error(&format!("no key `{other}`"))),
        }
        if !reader.take(',') && reader.peek() != Some('}') {
            return Err(reader.error("`,` or `}`"));
        }
    }
    if reader.peek().is_some() {
        return Err(reader.error("nothing after the `}`"));
    }
    let missing = |key: &str| NpyError::Header(format!("`{key}` is missing"));
    Ok(Header {
        length,
        descr: descr.ok_or_else(|| missing("descr"))?,
        fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
    })
}

/// Reads the little of Python that headers have.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), NpyError> {
        if self.take(wanted) {
            Ok(())
        } else {
            Err(self.error(&format!("`{wanted}`")))
        }
    }

    /// In either quotes; what is needed of them has no escapes.
    fn string(&mut self) -> Result<&'a str, NpyError> {
        let quote = match self.peek() {
            Some(quote @ ('\'' | '"')) => quote,
            _ => return Err(self.error("a string")),
        };
        let inside = &self.rest[1..];
        let Some((string, rest)) = inside.split_once(quote) else {
            return Err(self.error("a string that ends"));
        };
        self.rest = rest;
        Ok(string)
    }

    fn boolean(&mut self) -> Result<bool, NpyError> {
        self.peek();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(self.error("`True` or `False`"))
    }

    fn tuple(&mut self) -> Result<Vec<u128>, NpyError> {
        self.expect('(')?;
        let mut numbers = Vec::new();
        while !self.take(')') {
            self.peek();
            let end = self
                .rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(self.rest.len());
            let number = self.rest[..end]
                .parse()
                .map_err(|_| self.error("a length"))?;
            numbers.push(number);
            self.rest = &self.rest[end..];
            // Python 2 wrote `3L`.
            self.take('L');
            if !self.take(',') && self.peek() != Some(')') {
                return Err(self.error("`,` or `)`"));
            }
        }
        Ok(numbers)
    }

    fn error(&self, expected: &str) -> NpyError {
        let found = crate::call::error::shortened(self.rest.trim());
        NpyError::Header(format!("expected {expected}, found `{found}`"))
    }
}
