//! What can go wrong.

use puck_package::PackageName;
use semver::Version;

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
    /// There is no such version as was asked for.
    #[error("there is no version {version} of {name}")]
    NoSuchVersion {
        /// The package.
        name: PackageName,
        /// The version that was asked for.
        version: Version,
        /// Which there are, or what package there is.
        hint: Option<String>,
    },
    /// Exactly one version was asked for, which nothing needs.
    #[error("nothing needs {name} {version}")]
    Unneeded {
        /// The package.
        name: PackageName,
        /// The version that was asked for.
        version: Version,
        /// What is needed instead.
        hint: Option<String>,
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
            Self::NoSuchVersion { hint, .. } | Self::Unneeded { hint, .. } => hint.clone(),
            Self::Conflict(conflict) => conflict.hint(),
        }
    }
}
