//! A column of a CSV file, by the name that the first line gives it.

mod record;

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use self::record::Records;
use super::{ArgumentError, Array, Element, argument};

/// Why a CSV file does not give a column of numbers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// The file has no line with the names of its columns.
    #[error("no line with the names of the columns")]
    Empty,
    /// No column was named.
    #[error(
        "which column? Write `:NAME` behind the file's name; there {}",
        there(columns)
    )]
    NoColumn {
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// No column has that name.
    #[error("no column `{wanted}`; there {}", there(columns))]
    Column {
        /// What was asked for.
        wanted: String,
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// Several columns have that name.
    #[error("several columns are named `{0}`")]
    Twice(String),
    /// A line has more or fewer values than there are columns.
    #[error("expected {}, found {found}", values(*expected))]
    Width {
        /// The number of columns.
        expected: usize,
        /// The number of values.
        found: usize,
    },
    /// Quotes are not where RFC 4180 has them.
    #[error("{0}")]
    Quotes(&'static str),
    /// A line is longer than any line of numbers.
    #[error("the record has more than {0} bytes")]
    TooLong(usize),
    /// Not text.
    #[error("not UTF-8 text")]
    Text,
    /// A value of the column is not of the type that is asked for.
    #[error("{0}")]
    Value(ArgumentError),
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// What is wrong, and in which line, counted from 1.
pub(super) type Fault = (Option<u64>, CsvError);

/// Reads the column of a file.
pub(super) fn read(
    path: &Path,
    column: Option<&str>,
    element: Element,
) -> Result<Array, ArgumentError> {
    let (file, _) = argument::open(path)?;
    parse(BufReader::new(file), column, element).map_err(|(line, reason)| ArgumentError::Csv {
        path: path.to_owned(),
        line,
        reason: Box::new(reason),
    })
}

/// Reads the column of a text.
pub(super) fn parse(
    reader: impl BufRead,
    column: Option<&str>,
    element: Element,
) -> Result<Array, Fault> {
    let mut records = Records::new(reader);
    if !records.advance()? {
        return Err((None, CsvError::Empty));
    }
    let columns: Vec<String> = records
        .fields()
        .map(|name| name.trim().to_owned())
        .collect();
    let Some(wanted) = column else {
        return Err((None, CsvError::NoColumn { columns }));
    };
    let mut places = (0..columns.len()).filter(|i| columns[*i] == wanted.trim());
    let place = match (places.next(), places.next()) {
        (Some(place), None) => place,
        (Some(_), Some(_)) => return Err((Some(1), CsvError::Twice(wanted.to_owned()))),
        (None, _) => {
            let wanted = wanted.to_owned();
            return Err((None, CsvError::Column { wanted, columns }));
        }
    };
    let mut array = Array::new(element);
    while records.advance()? {
        let line = Some(records.line());
        let (expected, found) = (columns.len(), records.fields().count());
        if found != expected {
            return Err((line, CsvError::Width { expected, found }));
        }
        let field = records.fields().nth(place).unwrap_or_default();
        element
            .parse(field.trim())
            .and_then(|value| array.push(value))
            .map_err(|error| (line, CsvError::Value(error)))?;
    }
    Ok(array)
}

fn there(columns: &[String]) -> String {
    let shown: Vec<_> = columns
        .iter()
        .take(20)
        .map(|name| format!("`{}`", super::error::shortened(name)))
        .collect();
    let more = match columns.len().saturating_sub(shown.len()) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let verb = if columns.len() == 1 { "is" } else { "are" };
    format!("{verb} {}{more}", shown.join(", "))
}

fn values(count: usize) -> String {
    match count {
        1 => "1 value".to_owned(),
        n => format!("{n} values"),
    }
}

#[cfg(test)]
mod tests;
