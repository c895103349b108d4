//! The records of a CSV file, as RFC 4180 has them.
//!
//! A field in quotes may hold commas, quotes written twice, and line ends. Lines end with LF or
//! CRLF; empty ones are skipped, as is a byte order mark.

use std::io::BufRead;

use super::{CsvError, Fault};

/// The longest record that is read.
const MAX_RECORD: usize = 1 << 20;

/// Reads record after record; only the last one read is kept.
pub(super) struct Records<R> {
    reader: R,
    /// Lines read so far.
    lines: u64,
    /// The line that the record begins in, counted from 1.
    line: u64,
    /// The fields, one behind the other.
    text: String,
    /// Where each field ends in it.
    ends: Vec<usize>,
}

/// Where in a field the next byte is.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Plain,
    Quoted,
    /// Behind a quote that ends the field, unless another follows.
    Quote,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            lines: 0,
            line: 0,
            text: String::new(),
            ends: Vec::new(),
        }
    }

    /// The line that the record begins in, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The fields of the record, without their quotes.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }

    /// Reads the next record; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, Fault> {
        let mut bytes = Vec::new();
        let mut line = self.read_line()?;
        while line.as_ref().is_some_and(Vec::is_empty) {
            line = self.read_line()?;
        }
        self.line = self.lines;
        self.ends.clear();
        let mut state = State::Start;
        loop {
            let Some(current) = &line else {
                return match state {
                    State::Start => Ok(false),
                    _ => Err(self.fault(CsvError::Quotes("a quote that is not closed"))),
                };
            };
            for byte in current {
                state = self.step(state, *byte, &mut bytes)?;
            }
            if state != State::Quoted {
                break;
            }
            bytes.push(b'\n');
            if bytes.len() > MAX_RECORD {
                return Err(self.fault(CsvError::TooLong(MAX_RECORD)));
            }
            line = self.read_line()?;
        }
        self.ends.push(bytes.len());
        self.text = String::from_utf8(bytes).map_err(|_| self.fault(CsvError::Text))?;
        Ok(true)
    }

    fn step(&mut self, state: State, byte: u8, bytes: &mut Vec<u8>) -> Result<State, Fault> {
        Ok(match (state, byte) {
            (State::Start, b'"') => State::Quoted,
            (State::Plain, b'"') => {
                return Err(self.fault(CsvError::Quotes("a quote inside a value without quotes")));
            }
            (State::Quoted, b'"') => State::Quote,
            (State::Start | State::Plain | State::Quote, b',') => {
                self.ends.push(bytes.len());
                State::Start
            }
            (State::Quote, b'"') | (State::Quoted, _) => {
                bytes.push(byte);
                State::Quoted
            }
            (State::Start | State::Plain, _) => {
                bytes.push(byte);
                State::Plain
            }
            // Spaces there are common, and mean nothing.
            (State::Quote, b' ' | b'\t') => State::Quote,
            (State::Quote, _) => {
                return Err(self.fault(CsvError::Quotes("text behind a closing quote")));
            }
        })
    }

    /// The next line without its end; `None` at the end of the file.
    fn read_line(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut line = Vec::new();
        // One more than is allowed, to tell a line that is too long from one that just fits.
        let mut limited = std::io::Read::take(&mut self.reader, MAX_RECORD as u64 + 2);
        let read = limited.read_until(b'\n', &mut line);
        self.lines += 1;
        self.line = self.line.max(1);
        read.map_err(|error| (Some(self.lines), error.into()))?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.len() > MAX_RECORD {
            return Err((Some(self.lines), CsvError::TooLong(MAX_RECORD)));
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        if self.lines == 1 && line.starts_with(b"\xEF\xBB\xBF") {
            line.drain(..3);
        }
        Ok(Some(line))
    }

    fn fault(&self, error: CsvError) -> Fault {
        (Some(self.line), error)
    }
}
