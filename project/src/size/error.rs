//! Why sizes cannot be told.

use std::path::PathBuf;

use puck_package::format::DocumentError;
use puck_package::{PackageName, Target};
use semver::{Version, VersionReq};

/// Why `puck size` failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SizeError {
    /// A file operation failed; the message names the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] puck_store::Error),
    /// The environment's document cannot be read.
    #[error("{}: {source}", path.display())]
    Environment {
        /// The document.
        path: PathBuf,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// A package that was asked for is not installed.
    #[error("`{name}` is not installed here")]
    NotInstalled {
        /// The package.
        name: PackageName,
        /// The nearest name that is.
        near: Option<String>,
    },
    /// It is installed, but in another version.
    #[error("no `{name}` that matches `{requirement}` is installed here; there is {}", installed.join(", "))]
    OtherVersion {
        /// The package.
        name: PackageName,
        /// What was asked for.
        requirement: VersionReq,
        /// The versions that are installed.
        installed: Vec<String>,
    },
    /// A package of the environment is no longer in the store.
    #[error("{name} {version} is not in the store, or not whole there")]
    NotStored {
        /// The package.
        name: PackageName,
        /// Its version.
        version: Version,
    },
    /// A package has no code that runs on the target.
    #[error("{name} {version} has no code for {target}; it has: {}", present.join(", "))]
    NoTarget {
        /// The package.
        name: PackageName,
        /// Its version.
        version: Version,
        /// What was asked for.
        target: Target,
        /// What there is.
        present: Vec<String>,
    },
    /// An object is not what a package holds.
    #[error("{}: cannot be read as an object: {reason}", path.display())]
    Object {
        /// The object.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl SizeError {
    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::NotInstalled {
                near: Some(near), ..
            } => Some(format!("did you mean `{near}`?")),
            Self::NotInstalled { .. } => {
                Some("`puck list` shows what is; --user looks at your own environment".to_owned())
            }
            Self::NotStored { .. } => Some("`puck install` makes it again".to_owned()),
            Self::NoTarget { .. } => {
                Some("--target names the level whose code to measure".to_owned())
            }
            Self::Object { .. } => {
                Some("`puck verify --fix` removes what is damaged, and makes it again".to_owned())
            }
            Self::Io(_) | Self::Environment { .. } | Self::OtherVersion { .. } => None,
        }
    }
}
