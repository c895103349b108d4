//! Why the registry did not do what it was asked, whatever it is kept in and however it was asked.

use std::io;

use puck_package::archive::ArchiveError;
use puck_package::format::DocumentError;

/// Why a registry's server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no good token.
    #[error("{reason}")]
    Unauthorized {
        /// What is wrong with what was given.
        reason: &'static str,
    },
    /// The token, or its holder, may not do that.
    #[error("{reason}")]
    Forbidden {
        /// What is not allowed.
        reason: String,
        /// Who can help.
        hint: String,
    },
    /// There is no such file, package or token.
    #[error("there is no {what}")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// A package would belong to nobody.
    #[error("{package} would have no owner left")]
    LastOwner {
        /// The package.
        package: puck_package::PackageName,
    },
    /// What is asked cannot be.
    #[error("{reason}")]
    BadRequest {
        /// What cannot be.
        reason: String,
    },
    /// What is to be published is not a sound archive.
    #[error("the archive cannot be published: {0}")]
    BadArchive(#[source] ArchiveError),
    /// Others change the registry all the time.
    #[error("others changed the registry {attempts} times while this was attempted")]
    Busy {
        /// How often.
        attempts: u32,
    },
    /// The rules of registries, or the registry directory.
    #[error(transparent)]
    Registry(puck_registry::Error),
    /// The bucket does not do what it is asked.
    #[error("the bucket failed: {0}")]
    Bucket(#[from] object_store::Error),
    /// The store would let several servers overwrite what the others wrote.
    #[error("the store of {location} ignores conditions on writes (If-Match, If-None-Match)")]
    Unconditional {
        /// The bucket.
        location: String,
    },
    /// The place of a registry is not understood.
    #[error("{location} is no place for a registry: {reason}")]
    Location {
        /// What was given.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random(#[from] getrandom::Error),
    /// The server was ended in the middle.
    #[error("the server is being ended")]
    Ending,
}

/// What sort of error it is, as far as who asked is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no good token.
    Unauthorized,
    /// The token, or its holder, may not do that.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The version is there with other content.
    VersionExists,
    /// A promise of the series would be broken.
    Incompatible,
    /// It would leave a package without owners.
    Conflict,
    /// The archive is not sound.
    BadArchive,
    /// What is asked cannot be.
    BadRequest,
    /// Try again later.
    Overloaded,
    /// It is the server's fault: who asked need not know details.
    Internal,
}

impl From<puck_registry::Error> for Error {
    fn from(error: puck_registry::Error) -> Self {
        match error {
            // The path is of the server's making, and says nothing to who sent the archive.
            puck_registry::Error::Archive { source, .. } => Self::BadArchive(source),
            error => Self::Registry(error),
        }
    }
}

impl From<DocumentError> for Error {
    fn from(error: DocumentError) -> Self {
        Self::Registry(error.into())
    }
}

impl Error {
    /// A file that contradicts itself or another.
    pub(crate) fn damaged(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Registry(puck_registry::Error::Contradiction {
            what: what.into(),
            reason: reason.into(),
        })
    }

    /// What sort of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        use puck_registry::Error as Registry;
        match self {
            Self::Unauthorized { .. } => ErrorKind::Unauthorized,
            Self::Forbidden { .. } => ErrorKind::Forbidden,
            Self::NotFound { .. } | Self::Registry(Registry::UnknownVersion { .. }) => {
                ErrorKind::NotFound
            }
            Self::LastOwner { .. } => ErrorKind::Conflict,
            Self::BadRequest { .. } | Self::Registry(Registry::BadReason { .. }) => {
                ErrorKind::BadRequest
            }
            Self::BadArchive(ArchiveError::Io(_)) => ErrorKind::Internal,
            Self::BadArchive(_) => ErrorKind::BadArchive,
            Self::Registry(Registry::VersionExists(_)) => ErrorKind::VersionExists,
            Self::Registry(Registry::Incompatible(_)) => ErrorKind::Incompatible,
            Self::Busy { .. } | Self::Ending => ErrorKind::Overloaded,
            Self::Registry(_)
            | Self::Bucket(_)
            | Self::Unconditional { .. }
            | Self::Location { .. }
            | Self::Io(_)
            | Self::Random(_) => ErrorKind::Internal,
        }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unauthorized { .. } => {
                Some("`puck login` keeps a token; whoever runs the registry makes one".to_owned())
            }
            Self::Forbidden { hint, .. } => Some(hint.clone()),
            Self::LastOwner { .. } => Some("add another owner first".to_owned()),
            Self::BadArchive(_) => {
                Some("`puck pack` makes a sound archive of the sources".to_owned())
            }
            Self::Busy { .. } | Self::Ending => Some("run the same command again".to_owned()),
            Self::Registry(error) => error.hint(),
            Self::Location { .. } => Some(
                "give a directory, or a bucket as s3://BUCKET or s3://BUCKET/PREFIX".to_owned(),
            ),
            Self::Unconditional { .. } => Some(
                "a registry needs them; use another store, or a newer release of this one"
                    .to_owned(),
            ),
            Self::Bucket(_) => Some(
                "check the bucket's name, the AWS_* variables and whether the store supports \
                 conditional writes"
                    .to_owned(),
            ),
            Self::NotFound { .. } | Self::BadRequest { .. } | Self::Io(_) | Self::Random(_) => None,
        }
    }
}
