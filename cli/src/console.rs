//! The only place that prints.
//!
//! Results go to standard output; what is being done, warnings and errors go to standard error.
//! Colours and progress appear on a terminal only, and as the user wants them.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use puck_package::config::Color;
use puck_project::Progress;

use crate::arguments::GlobalArguments;
use crate::failure::{FAILURE, Failure};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const DONE: Style = AnsiColor::Green.on_default().bold();
/// Names in results.
pub(crate) const NAME: Style = Style::new().bold();
/// What matters less in results.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// What takes less than this is not worth a line of progress.
const PATIENCE: Duration = Duration::from_millis(200);
/// What is between two lines of progress.
const PACE: Duration = Duration::from_millis(40);

/// Standard output and standard error. Clones are the same.
#[derive(Clone)]
pub(crate) struct Console {
    quiet: bool,
    colors: anstream::ColorChoice,
    /// Whether a line of progress may be shown and overwritten.
    live: bool,
    state: Arc<Mutex<State>>,
}

struct State {
    /// When a line of progress may be written: not for what is quick, and not more often than
    /// anybody can read.
    next: Instant,
    /// Whether a line of progress stands there now.
    shown: bool,
}

impl Console {
    pub(crate) fn new(arguments: &GlobalArguments, color: Color) -> Self {
        let colors = match color {
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
            Color::Auto => anstream::ColorChoice::Auto,
        };
        Self {
            quiet: arguments.quiet,
            colors,
            live: io::stderr().is_terminal() && !arguments.quiet,
            state: Arc::new(Mutex::new(State {
                next: Instant::now() + PATIENCE,
                shown: false,
            })),
        }
    }

    /// Prints a result.
    pub(crate) fn print(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        self.clear();
        let mut out = AutoStream::new(io::stdout().lock(), self.colors);
        write!(out, "{text}").map_err(|error| Failure::output(&error))
    }

    /// Prints a line of a result.
    pub(crate) fn line(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        self.print(format_args!("{text}\n"))
    }

    /// Prints a result for programs.
    pub(crate) fn json(&self, value: &impl serde::Serialize) -> Result<(), Failure> {
        self.line(serde_json::to_string_pretty(value)?)
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.clear();
        let mut out = io::stdout().lock();
        out.write_all(bytes)
            .and_then(|()| out.flush())
            .map_err(|error| Failure::output(&error))
    }

    /// Says what was done: `Installed linalg 1.2.0`, the first word standing out.
    pub(crate) fn done(&self, verb: &str, what: impl std::fmt::Display) {
        if !self.quiet {
            self.say(format_args!("{DONE}{verb:>12}{DONE:#} {what}"));
        }
    }

    /// Says more, below what was done.
    pub(crate) fn note(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            self.say(format_args!("             {text}"));
        }
    }

    /// Says what keeps somebody waiting: "retrying in 2 s: …".
    pub(crate) fn notice(&self, text: &str) {
        if !self.quiet {
            let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
            let (first, others) = verb.split_at_checked(1).unwrap_or((verb, ""));
            let verb = first.to_uppercase() + others;
            self.say(format_args!("{WARNING}{verb:>12}{WARNING:#} {rest}"));
        }
    }

    /// Shows an error and gives the exit code.
    pub(crate) fn failure(&self, failure: &Failure) -> ExitCode {
        if !failure.silent {
            self.say(format_args!("{ERROR}error:{ERROR:#} {}", failure.message));
            for cause in &failure.causes {
                self.say(format_args!("  caused by: {cause}"));
            }
            for hint in failure.hint.iter().flat_map(|hint| hint.lines()) {
                self.say(format_args!("\n{HINT}hint:{HINT:#} {hint}"));
            }
        }
        ExitCode::from(FAILURE)
    }

    fn say(&self, text: std::fmt::Arguments<'_>) {
        self.clear();
        let mut err = AutoStream::new(io::stderr().lock(), self.colors);
        // There is nobody to tell that standard error is closed.
        _ = writeln!(err, "{text}");
    }

    /// Takes the line of progress away.
    fn clear(&self) {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if std::mem::take(&mut state.shown) {
            _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

impl Progress for Console {
    fn step(&self, what: &str) {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        if self.live && now >= state.next {
            state.next = now + PACE;
            let line: String = what
                .lines()
                .next()
                .unwrap_or_default()
                .chars()
                .take(76)
                .collect();
            state.shown = true;
            _ = write!(io::stderr(), "\r\x1b[2K{line}…");
        }
    }

    fn warning(&self, message: &str) {
        // Compilers begin theirs with the same word.
        let message = message.strip_prefix("warning: ").unwrap_or(message);
        self.say(format_args!("{WARNING}warning:{WARNING:#} {message}"));
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.clear();
    }
}
