//! Running the compilers of other languages.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};

use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

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

/// Like [`run`], for what takes long: if this process is killed, it is too. (A terminal's Ctrl-C goes
/// to both in any case.)
pub(super) fn run_bound(command: &mut Command) -> Result<Output, SourceError> {
    bind(command);
    // The signal comes when the thread ends that started the process: this one, which waits.
    run(command)
}

/// Has what `command` starts end with the thread that starts it.
pub(super) fn bind(command: &mut Command) {
    let parent = getpid();
    let die_with_parent = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // Killed before the line above.
        match getppid() == Some(parent) {
            true => Ok(()),
            false => Err(std::io::ErrorKind::Interrupted.into()),
        }
    };
    // SAFETY: between fork and exec only system calls are made, and nothing is allocated.
    unsafe { command.pre_exec(die_with_parent) };
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
