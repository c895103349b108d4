//! Running a program, and what came of it in one text.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A program that is to be run.
pub(crate) struct Call(Command);

/// What a program that was run gave.
pub(crate) struct Run {
    /// `None` after a signal.
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Call {
    /// A program without any environment.
    pub(super) fn new(program: &Path, directory: &Path, line: &str) -> Self {
        let mut command = Command::new(program);
        command
            .args(words(line))
            .current_dir(directory)
            .env_clear()
            .stdin(Stdio::null());
        Self(command)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// An argument that may hold anything.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn command(self) -> Command {
        self.0
    }

    pub(crate) fn run(mut self) -> Run {
        let program = self.0.get_program().to_owned();
        let output = self
            .0
            .output()
            .unwrap_or_else(|error| panic!("{program:?}: {error}"));
        Run::from(output)
    }

    /// The standard output; the call must succeed.
    pub(crate) fn ok(self) -> String {
        let what = format!("{:?}", self.0.get_args().collect::<Vec<_>>());
        let run = self.run();
        assert_eq!(run.code, Some(0), "{what} failed\n{run}");
        run.stdout
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => writeln!(f, "exit {code}")?,
            (None, signal) => writeln!(f, "signal {signal:?}")?,
        }
        for (title, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "--- {title}\n{text}")?;
            }
        }
        Ok(())
    }
}

/// Splits a line at spaces, but not within single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[test]
fn lines_are_split_as_by_a_shell() {
    assert_eq!(
        words("run a::b  [1,2] 'x y'z ''"),
        ["run", "a::b", "[1,2]", "x yz", ""]
    );
}
