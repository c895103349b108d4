//! Arrays and strings written in place: `[1, 2, 3]`, `[[1, 2], [3, 4]]`, `[0; 100]`, `zeros(100)`,
//! `"text"`. `zeros:100` is `zeros(100)` without what a shell wants quoted.

use super::error::shortened;
use super::scalar::whole;
use super::{ArgumentError, Array, Element};

/// Brackets nested deeper than this are refused: nothing should have to recurse further.
const MAX_DEPTH: usize = 32;

/// Reads an array from what was typed, or `None` where it looks like none.
pub(super) fn parse(text: &str, element: Element) -> Result<Option<Array>, ArgumentError> {
    if text.starts_with('[') {
        return array(text, element).map(Some);
    }
    if let Some(rest) = text.strip_prefix("zeros(") {
        return zeros(rest.strip_suffix(')'), text, element).map(Some);
    }
    if let Some(sizes) = text.strip_prefix("zeros:") {
        return zeros(Some(sizes), text, element).map(Some);
    }
    if text.starts_with('"') {
        return string(text, element).map(Some);
    }
    Ok(None)
}

/// `100` or `3, 4`.
fn zeros(sizes: Option<&str>, text: &str, element: Element) -> Result<Array, ArgumentError> {
    let syntax = || ArgumentError::Syntax {
        expected: "`zeros(LENGTH)` or `zeros(ROWS, COLUMNS)`".to_owned(),
        found: shortened(text),
    };
    let sizes = sizes.ok_or_else(syntax)?.split(',');
    let shape: Option<Vec<u128>> = sizes.map(count).collect();
    let shape = shape.ok_or_else(syntax)?;
    let length = shape.iter().fold(1_u128, |n, size| n.saturating_mul(*size));
    Ok(Array::zeros(element, length)?.shaped(&shape))
}

/// A number of things. One that is too large to be a number is as good as the largest.
fn count(text: &str) -> Option<u128> {
    match whole(text.trim())? {
        Some(number) => u128::try_from(number).ok(),
        None => (!text.trim_start().starts_with('-')).then_some(u128::MAX),
    }
}

/// `"text"`: its bytes and the 0 that C ends a string with.
fn string(text: &str, element: Element) -> Result<Array, ArgumentError> {
    if !matches!(element, Element::U8 | Element::I8) {
        return Err(ArgumentError::Syntax {
            expected: format!("values of type {element}, not a string"),
            found: shortened(text),
        });
    }
    let syntax = |expected: &str| ArgumentError::Syntax {
        expected: expected.to_owned(),
        found: shortened(text),
    };
    let inside = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or_else(|| syntax("a `\"` at the end of the string"))?;
    let mut array = Array::new(element);
    let mut push = |byte: u8| {
        let mut bytes = [0; 8];
        bytes[0] = byte;
        array.push(element.value(bytes))
    };
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        if c == '"' {
            return Err(syntax("`\\\"` for a quote inside a string"));
        }
        if c != '\\' {
            let mut utf8 = [0; 4];
            for byte in c.encode_utf8(&mut utf8).bytes() {
                push(byte)?;
            }
            continue;
        }
        let escapes = "one of \\n \\r \\t \\0 \\\\ \\\" \\xHH after a `\\`";
        push(match chars.next() {
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('0') => 0,
            Some('\\') => b'\\',
            Some('"') => b'"',
            Some('x') => {
                let mut digit = || chars.next().and_then(|c| c.to_digit(16));
                match (digit(), digit()) {
                    (Some(high), Some(low)) => (high * 16 + low) as u8,
                    _ => return Err(syntax(escapes)),
                }
            }
            _ => return Err(syntax(escapes)),
        })?;
    }
    push(0)?;
    Ok(array)
}

fn array(text: &str, element: Element) -> Result<Array, ArgumentError> {
    let mut reader = Reader {
        text,
        at: 1,
        array: Array::new(element),
    };
    let shape = reader.list(1)?;
    reader.skip_spaces();
    if reader.at < text.len() {
        return Err(reader.error("nothing after the last `]`"));
    }
    Ok(reader.array.shaped(&shape))
}

/// Reads from brackets; what was read stands in `array`, row after row.
struct Reader<'a> {
    text: &'a str,
    /// The byte that is next.
    at: usize,
    array: Array,
}

impl Reader<'_> {
    /// What is behind a `[`, up to and with its `]`; gives the lengths of it and of its items.
    fn list(&mut self, depth: usize) -> Result<Vec<u128>, ArgumentError> {
        if depth > MAX_DEPTH {
            return Err(self.error("no more than 32 brackets in brackets"));
        }
        let mut length = 0_u128;
        let mut shape: Option<Vec<u128>> = None;
        loop {
            self.skip_spaces();
            if self.take(b']') {
                break;
            }
            let start = (self.array.len(), self.at);
            let item = self.item(depth)?;
            length += 1;
            if *shape.get_or_insert_with(|| item.clone()) != item {
                self.at = start.1;
                return Err(self.error("an item as long as those before it"));
            }
            self.skip_spaces();
            if length == 1 && self.take(b';') {
                length = self.times()?;
                self.array.repeat_from(start.0, length)?;
                break;
            }
            if self.take(b']') {
                break;
            }
            if !self.take(b',') {
                return Err(self.error("`,` or `]`"));
            }
        }
        let mut lengths = vec![length];
        lengths.extend(shape.unwrap_or_default());
        Ok(lengths)
    }

    /// A list or a number; gives its lengths, of which a number has none.
    fn item(&mut self, depth: usize) -> Result<Vec<u128>, ArgumentError> {
        if self.take(b'[') {
            return self.list(depth + 1);
        }
        let word = self.word();
        if word.is_empty() {
            return Err(self.error("a value or `]`"));
        }
        let element = self.array.element();
        let value = element
            .parse(word)
            .map_err(|reason| ArgumentError::Element {
                index: self.array.len(),
                reason: Box::new(reason),
            })?;
        self.at += word.len();
        self.array.push(value)?;
        Ok(Vec::new())
    }

    /// The number behind a `;`, and the `]` behind that.
    fn times(&mut self) -> Result<u128, ArgumentError> {
        self.skip_spaces();
        let word = self.word();
        let times = count(word).ok_or_else(|| self.error("how often to repeat"))?;
        self.at += word.len();
        self.skip_spaces();
        if !self.take(b']') {
            return Err(self.error("`]`"));
        }
        Ok(times)
    }

    /// What is next, up to a bracket, comma or semicolon.
    fn word(&self) -> &str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(['[', ']', ',', ';']).unwrap_or(rest.len());
        rest[..end].trim_end()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn skip_spaces(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn error(&self, expected: &str) -> ArgumentError {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let found = match self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
        {
            Some(c) => format!("`{}`", shortened(c.encode_utf8(&mut [0; 4]))),
            None => "the end".to_owned(),
        };
        ArgumentError::Literal {
            at: before.chars().count() + 1,
            reason: format!("expected {expected}, found {found}"),
        }
    }
}

#[cfg(test)]
mod tests;
