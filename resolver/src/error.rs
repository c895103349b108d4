//! What can go wrong.

use puck_package::PackageName;

use crate::{Conflict, SourceError};

/// Why there is no resolution.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source failed.
    #[error("cannot find out which versions of {name} there are")]
    Source {
        /// The package that was asked for.
        name: PackageName,
        /// What the source said.
        #[source]
        source: SourceError,
    },
    /// No choice of versions satisfies all requirements.
    #[error("{0}")]
    Conflict(Box<Conflict>),
}

impl Error {
    /// What to do about it, if that is known: a sentence a line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Source { .. } => None,
            Self::Conflict(conflict) => conflict.hint(),
        }
    }
}
