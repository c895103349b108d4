//! Errors as the user sees them, and the exit codes.

use std::error::Error;
use std::process::ExitCode;

/// Exit codes: 0 success, 1 failure, 2 wrong usage.
pub(crate) const FAILURE: u8 = 1;
/// What was typed cannot be understood.
const USAGE: u8 = 2;

/// An error with what caused it and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What went wrong.
    pub(crate) message: String,
    /// Why, from near to far.
    pub(crate) causes: Vec<String>,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// Nothing is to be said: whoever reads the output has gone.
    pub(crate) silent: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            silent: false,
        }
    }

    /// A failure that has said all there is to say: only the exit code is left.
    pub(crate) fn silent() -> Self {
        Self {
            silent: true,
            ..Self::new("")
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A result that could not be printed.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        Self {
            silent: error.kind() == std::io::ErrorKind::BrokenPipe,
            message: format!("cannot write to standard output: {error}"),
            ..Self::new("")
        }
    }

    fn of(error: &dyn Error, hint: Option<String>) -> Self {
        let mut failure = Self::new(error.to_string());
        failure.hint = hint;
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Transparent and forwarding errors say what their cause says.
            let said = std::iter::once(&failure.message).chain(&failure.causes);
            if !said.into_iter().any(|said| said.contains(&text)) {
                failure.causes.push(text);
            }
            source = cause.source();
        }
        failure
    }
}

macro_rules! from_errors_with_hints {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::of(&error, error.hint())
            }
        }
    )*};
}
from_errors_with_hints!(
    puck_package::ManifestError,
    puck_project::Error,
    puck_project::call::CallError,
    puck_project::size::SizeError,
    puck_project::template::TemplateError,
    puck_registry::Error,
    puck_runtime::Error,
    puck_store::Error
);
#[cfg(feature = "server")]
from_errors_with_hints!(
    puck_registry_server::Error,
    puck_registry_server::http::ServeError
);

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::of(&error, None)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::of(&error, None)
    }
}

/// Shows what clap has to say: a help text, or what is wrong with the arguments.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // If even that cannot be printed there is nobody to tell.
    _ = error.print();
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(USAGE),
    }
}
