//! Why a caller could not be compiled, loaded, or asked for a function.

use std::io;
use std::path::PathBuf;

use puck_package::{Processor, Signature};
use puck_store::link::LinkError;

/// Why a caller could not be compiled, loaded, or asked for a function.
///
/// The message says what was found; [`hint`](Error::hint) what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A module in memory that LLVM does not accept.
    #[error("{caller}: invalid LLVM IR: {message}")]
    Invalid {
        /// The caller.
        caller: String,
        /// LLVM's message.
        message: String,
    },
    /// The IR, or what it declares.
    #[error(transparent)]
    Compile(#[from] puck_compiler::Error),
    /// The environment, or the library of a callee.
    #[error(transparent)]
    Environment(#[from] puck_runtime::Error),
    /// The object cannot be made a library.
    #[error("{caller} cannot be linked: {source}")]
    Link {
        /// The caller.
        caller: String,
        /// The linker's words.
        source: LinkError,
    },
    /// The library cannot be loaded.
    #[error("cannot load {}: {message}", path.display())]
    Load {
        /// The library.
        path: PathBuf,
        /// The dynamic linker's words.
        message: String,
    },
    /// There is no code generator for this machine.
    #[error(
        "callers cannot be compiled for this machine: {} is none of Puck's targets",
        std::env::consts::ARCH
    )]
    Machine,
    /// Code for a processor that is not this machine's.
    #[error("this processor cannot run code for {processor}: it lacks {}", lacking.join(", "))]
    Processor {
        /// What was asked for.
        processor: Box<Processor>,
        /// The features that this machine's does not have.
        lacking: Vec<String>,
    },
    /// The caller defines no such function.
    #[error("{caller} has no function `{function}`: it has {}", listed(present))]
    UnknownFunction {
        /// The caller.
        caller: String,
        /// As asked for.
        function: String,
        /// The most similar name.
        nearest: Option<String>,
        /// What it defines.
        present: Vec<String>,
    },
    /// The function has another type.
    #[error(
        "`{function}` of {caller} was asked for as\n    {asked}\nbut is defined as\n    {defined}\n({reason})"
    )]
    WrongType {
        /// The caller.
        caller: String,
        /// The function.
        function: String,
        /// The type that was asked for.
        asked: Box<Signature>,
        /// The type that it has, as far as LLVM knows.
        defined: String,
        /// The first difference.
        reason: String,
    },
    /// A file operation; the error names the file.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    /// What could be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Compile(error) => error.hint(),
            Self::Environment(error) => error.hint(),
            Self::Processor { .. } => {
                Some("leave the processor out to compile for this machine's".to_owned())
            }
            Self::UnknownFunction {
                nearest: Some(name),
                ..
            } => Some(format!("did you mean `{name}`?")),
            Self::Io(error) if error.kind() == io::ErrorKind::StorageFull => Some(
                "a caller needs a few kB in its cache, or in the folder for temporary files"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// Names in a sentence; some of them where there are many.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
