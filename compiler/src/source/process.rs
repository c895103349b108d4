//! Running the compilers of other languages.

use std::process::{Command, Output, Stdio};

use super::SourceError;

/// Runs `command` to its end, with nothing on its standard input and all that it says kept.
pub(super) fn run(command: &mut Command) -> Result<Output, SourceError> {
    command
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|source| SourceError::Start {
            program: command.get_program().to_string_lossy().into_owned(),
            source,
        })
}

/// Like [`run`], and what it printed; an error if it failed.
pub(super) fn stdout(command: &mut Command) -> Result<String, SourceError> {
    let output = run(command)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let arguments = std::iter::once(command.get_program()).chain(command.get_args());
    Err(SourceError::Tool {
        command: arguments
            .map(|a| a.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" "),
        message: said(&output),
    })
}

/// What a failed process said, or else how it ended.
pub(super) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    match text.trim_end() {
        "" => format!("it said nothing and ended with {}", output.status),
        text => text.to_owned(),
    }
}
