//! What can go wrong with a registry directory.

use std::io;
use std::path::{Path, PathBuf};

use puck_package::archive::ArchiveError;
use puck_package::format::DocumentError;
use puck_package::{Digest, PackageName};
use semver::Version;

use crate::compatibility::Incompatible;

/// Why a registry did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such directory.
    #[error("there is no registry at {}: it is not a directory", .directory.display())]
    Missing {
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// The directory holds no registry.
    #[error("{} is not a registry: it holds no registry.json", .directory.display())]
    NotRegistry {
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// A file of the registry is not what it should be, or of a newer format.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A file of the registry contradicts itself or another.
    #[error("{what}: {reason}")]
    Contradiction {
        /// The file, with the number of the line.
        what: String,
        /// What does not fit.
        reason: String,
    },
    /// The registry is a mirror's copy of another.
    #[error("{} is a read-only mirror's copy of another registry", .directory.display())]
    Mirror {
        /// The copy.
        directory: PathBuf,
    },
    /// The registry may not be written to.
    #[error("the registry at {} is not writable", .directory.display())]
    NotWritable {
        /// The registry.
        directory: PathBuf,
        /// Which file could not be written.
        #[source]
        source: io::Error,
    },
    /// There is no room left.
    #[error("no space is left for the registry at {}", .directory.display())]
    NoSpace {
        /// The registry.
        directory: PathBuf,
        /// Which file could not be written.
        #[source]
        source: io::Error,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What is offered is not a sound archive.
    #[error("{} cannot be published", .path.display())]
    Archive {
        /// What is offered.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ArchiveError,
    },
    /// What is offered changed between being checked and being copied.
    #[error("{} changed while it was being published", .path.display())]
    Changed {
        /// What is offered.
        path: PathBuf,
    },
    /// The version is there, with other content.
    #[error(transparent)]
    VersionExists(Box<VersionExists>),
    /// A compatible release would take away or change what others rely on.
    #[error(transparent)]
    Incompatible(Box<Incompatible>),
    /// A reason for a yank that does not fit into listings.
    #[error("the reason must be one line of at most {limit} bytes")]
    BadReason {
        /// The longest that is taken.
        limit: usize,
    },
    /// There is no such version.
    #[error("the registry has no {name} {version}")]
    UnknownVersion {
        /// The package.
        name: PackageName,
        /// The version that was named.
        version: Version,
        /// Those that there are, oldest first.
        known: Vec<Version>,
    },
}

/// A version that is published, and offered again with other content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name} {version} is published already, with other content (SHA-256 {published}, \
     offered {offered})"
)]
pub struct VersionExists {
    /// The package.
    pub name: PackageName,
    /// The version that is there.
    pub version: Version,
    /// The digest of what is there.
    pub published: Digest,
    /// The digest of what is offered.
    pub offered: Digest,
}

impl Error {
    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some(
                "check the path; publishing into an empty directory makes a registry".to_owned(),
            ),
            Self::NotRegistry { .. } => Some(
                "check the path; publishing into an empty directory makes a registry".to_owned(),
            ),
            Self::Mirror { .. } => {
                Some("change the registry itself; private/upstream.json names it".to_owned())
            }
            Self::NotWritable { directory, .. } => Some(format!(
                "publish as a user who may write to {}, or to another registry",
                directory.display()
            )),
            Self::NoSpace { .. } => {
                Some("nothing was published; make room and run the same command again".to_owned())
            }
            Self::Changed { .. } => Some("run the same command again".to_owned()),
            Self::VersionExists(_) => {
                Some("a published version never changes; publish with a higher version".to_owned())
            }
            Self::Incompatible(incompatible) => Some(incompatible.hint()),
            Self::UnknownVersion { known, .. } if known.is_empty() => {
                Some("the registry has no version of that package".to_owned())
            }
            Self::UnknownVersion { known, .. } => {
                let known: Vec<String> = known.iter().rev().map(ToString::to_string).collect();
                Some(format!("it has {}", known.join(", ")))
            }
            Self::Archive { .. } => {
                Some("`puck pack` makes a sound archive of the sources".to_owned())
            }
            Self::BadReason { .. } => Some("say it shorter, without line breaks".to_owned()),
            Self::Document(DocumentError::Newer(_)) | Self::Io(_) => None,
            Self::Document(_) | Self::Contradiction { .. } => Some(
                "the registry is damaged there; its owner must restore it, or use another one"
                    .to_owned(),
            ),
        }
    }

    /// Tells apart what can be done about a failed write to the registry at `directory`.
    pub(crate) fn write(directory: &Path) -> impl Fn(io::Error) -> Self {
        move |source| {
            let directory = directory.to_owned();
            match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Self::NotWritable { directory, source }
                }
                io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::FileTooLarge => Self::NoSpace { directory, source },
                _ => Self::Io(source),
            }
        }
    }
}
