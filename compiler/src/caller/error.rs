//! What can be wrong with a caller, beyond what can be wrong with any module.

use crate::module::{Dependencies, ImportError};
use crate::system::SystemError;

/// Why a caller was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallerError {
    /// It declares a function of a package that is not there.
    #[error("{caller} calls `{symbol}`, but no package `{package}` is installed")]
    UnknownPackage {
        /// The caller.
        caller: String,
        /// As declared.
        symbol: String,
        /// The package that is missing.
        package: String,
        /// The installed package with the most similar name.
        nearest: Option<String>,
    },
    /// Any other fault of a declared callee.
    #[error(transparent)]
    Import(ImportError),
    /// It calls a function that nobody has.
    #[error(
        "{}undefined symbol `{symbol}`: no package has it under this name, nor do libc, libm or libgcc_s",
        user.as_ref().map(|user| format!("`{user}` needs the ")).unwrap_or_default()
    )]
    Undefined {
        /// The symbol.
        symbol: String,
        /// The function of the caller that refers to it.
        user: Option<String>,
        /// Functions of packages that have the name.
        functions: Vec<String>,
        /// The most similar name that something provides.
        nearest: Option<String>,
    },
    /// It offers nothing that could be called.
    #[error("{caller} defines no function with external linkage")]
    Empty {
        /// The caller.
        caller: String,
    },
    /// It defines what belongs to others.
    #[error("{caller} defines `{symbol}`, {reason}")]
    Reserved {
        /// The caller.
        caller: String,
        /// The symbol.
        symbol: String,
        /// Whose it is.
        reason: &'static str,
    },
    /// LLVM cannot make code of it.
    #[error("{caller} cannot be compiled for {processor}: {message}")]
    Instructions {
        /// The caller.
        caller: String,
        /// What it was compiled for.
        processor: String,
        /// LLVM's message.
        message: String,
    },
    /// The body of a callee does not fit the caller.
    #[error("{caller}: the body of `{function}` cannot be brought along: {message}")]
    Body {
        /// The caller.
        caller: String,
        /// The link name.
        function: String,
        /// LLVM's message.
        message: String,
    },
}

impl CallerError {
    /// What could be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownPackage {
                nearest: Some(name),
                ..
            } => Some(format!("did you mean `{name}`?")),
            Self::UnknownPackage { package, .. } => {
                Some(format!("`puck add {package}` installs it"))
            }
            Self::Import(error) => error.hint(),
            Self::Undefined {
                symbol,
                functions,
                nearest,
                ..
            } => match (functions.as_slice(), nearest) {
                ([one], _) => Some(format!("declare it as `{one}`")),
                ([first, .., last], _) => Some(format!("declare it as `{first}`, or as `{last}`")),
                ([], Some(name)) if name == symbol => {
                    Some("declare it as a function: packages export no variables".to_owned())
                }
                ([], Some(name)) => Some(format!("did you mean `{name}`?")),
                ([], None) => Some(
                    "declare a function of a package as `package::function`, or define it"
                        .to_owned(),
                ),
            },
            Self::Empty { .. } => {
                Some("functions that are `internal` or `private` cannot be called".to_owned())
            }
            Self::Reserved { .. } => Some("give it another name".to_owned()),
            Self::Instructions { processor, .. } => Some(format!(
                "the IR may ask for instructions that {processor} does not have"
            )),
            Self::Body { .. } => Some("compile the caller without inlining".to_owned()),
        }
    }
}

/// An import's fault in a caller's words: it has no manifest.
pub(super) fn of_import(error: ImportError) -> Box<CallerError> {
    Box::new(match error {
        ImportError::UnknownPackage {
            path,
            symbol,
            package,
            nearest,
            ..
        } => CallerError::UnknownPackage {
            caller: path,
            symbol,
            package,
            nearest,
        },
        error => CallerError::Import(error),
    })
}

/// An undefined symbol in a caller's words, with the functions that may have been meant.
pub(super) fn of_system(error: SystemError, dependencies: Dependencies<'_>) -> crate::Error {
    let SystemError::Undefined {
        symbol,
        users,
        nearest,
        ..
    } = error
    else {
        return error.into();
    };
    let is_meant = |name: &String| name.rsplit("::").next() == Some(symbol.as_str());
    let functions = dependencies.functions().filter(is_meant).collect();
    crate::Error::from(Box::new(CallerError::Undefined {
        user: users.into_iter().next(),
        functions,
        nearest,
        symbol,
    }))
}
