//! Why the front end made nothing: a fault in the sources, or its own.

use std::path::Path;
use std::process::Output;

use serde::Deserialize;

use super::answer;
use super::interpreter::Interpreter;
use crate::source::{SourceError, process};

/// The exit code with which the front end says that the sources are at fault.
const FAULT_OF_SOURCES: i32 = 2;
/// Where it says which.
const FILE: &str = "error.json";
/// How many lines of what a crashed process said are shown.
const TAIL: usize = 30;

/// `error.json`.
#[derive(Deserialize)]
struct Fault {
    message: String,
    #[serde(default)]
    hint: Option<String>,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    line: Option<u32>,
}

/// The error of a front end that ended so.
pub(super) fn of(ran: &Output, output: &Path, python: &Interpreter) -> SourceError {
    let fault = (ran.status.code() == Some(FAULT_OF_SOURCES))
        .then(|| answer::small_file(output, FILE).ok())
        .flatten()
        .and_then(|bytes| serde_json::from_slice::<Fault>(&bytes).ok())
        .filter(|fault| !fault.message.trim().is_empty());
    match fault {
        Some(Fault {
            message,
            hint,
            file,
            line,
        }) => SourceError::Python {
            place: place(file, line),
            message: message.trim_end().to_owned(),
            hint: hint.filter(|hint| !hint.trim().is_empty()),
        },
        None => SourceError::FrontEndCrashed {
            tool: python.tool(),
            status: ran.status.to_string(),
            message: tail(&process::said(ran)),
        },
    }
}

/// `kernels.py:12: `, as far as it is known.
fn place(file: Option<String>, line: Option<u32>) -> String {
    match (file, line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        (Some(file), None) => format!("{file}: "),
        (None, _) => String::new(),
    }
}

/// The last lines: a traceback ends with what went wrong.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    match lines.len().checked_sub(TAIL) {
        None | Some(0) => text.to_owned(),
        Some(left_out) => format!(
            "({left_out} lines before)\n{}",
            lines[left_out..].join("\n")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_the_start() {
        assert_eq!(tail("a\nb"), "a\nb");
        let text: Vec<String> = (0..TAIL + 5).map(|line| line.to_string()).collect();
        let cut = tail(&text.join("\n"));
        assert!(cut.starts_with("(5 lines before)\n5\n6\n"), "{cut}");
        assert!(cut.ends_with("\n34"), "{cut}");
    }

    #[test]
    fn places() {
        assert_eq!(place(Some("a.py".into()), Some(3)), "a.py:3: ");
        assert_eq!(place(Some("a.py".into()), None), "a.py: ");
        assert_eq!(place(None, Some(3)), "");
    }
}
