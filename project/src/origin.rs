//! Where a setting comes from.

use std::fmt;
use std::path::PathBuf;

/// What settled something: shown in errors and by `puck config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A line of a file, from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// Nobody said anything else.
    Default,
}

impl Origin {
    /// How to take it back.
    #[must_use]
    pub fn undo(&self) -> String {
        match self {
            Self::Flag(flag) => format!("run the command without {flag}"),
            Self::Variable(name) => format!("unset {name}"),
            Self::File { path, line } => format!("change line {line} of {}", path.display()),
            Self::Default => "set it".to_owned(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Variable(name) => f.write_str(name),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}
