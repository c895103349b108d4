//! Why a server did not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It cannot listen there.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A certificate or key is not what it should be.
    #[error("{} cannot be used for TLS: {reason}", .path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The upstream's address is none.
    #[error("{upstream} cannot be mirrored: {reason}")]
    Upstream {
        /// What was given.
        upstream: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A mirror would overwrite a registry.
    #[error("{} cannot become a mirror of {upstream}: it is a registry of its own", .directory.display())]
    NotMirror {
        /// Where the copy should be.
        directory: PathBuf,
        /// What should be copied.
        upstream: String,
    },
    /// A mirror would overwrite the copy of another registry.
    #[error("{} cannot become a mirror of {upstream}: it is one of {kept}", .directory.display())]
    OtherUpstream {
        /// Where the copy should be.
        directory: PathBuf,
        /// What it is the copy of.
        kept: String,
        /// What should be copied.
        upstream: String,
    },
    /// A mirror's copy would become a registry of its own.
    #[error("{} is a read-only mirror of {upstream}", .directory.display())]
    IsMirror {
        /// Where the copy is.
        directory: PathBuf,
        /// What it is the copy of.
        upstream: String,
    },
    /// The registry cannot be opened.
    #[error(transparent)]
    Registry(#[from] crate::Error),
    /// What was asked for does not go together.
    #[error("{0}")]
    Contradiction(&'static str),
    /// A file or the system failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ServeError {
    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Listen { source, .. } => match source.kind() {
                io::ErrorKind::AddrInUse => {
                    Some("something listens there already; choose another --address".to_owned())
                }
                io::ErrorKind::PermissionDenied => Some(
                    "ports below 1024 are the system's; listen on a higher one behind a proxy, or \
                     see docs/running-a-registry.md"
                        .to_owned(),
                ),
                _ => Some("choose another --address".to_owned()),
            },
            Self::Pem { .. } => Some(
                "give PEM files: the certificate with its chain, and its unencrypted key"
                    .to_owned(),
            ),
            Self::Upstream { .. } => Some(
                "give the upstream's http or https address, that of its registry.json's folder"
                    .to_owned(),
            ),
            Self::NotMirror { .. } => Some(
                "give an empty directory for the copy, or leave out --upstream to serve the registry"
                    .to_owned(),
            ),
            Self::OtherUpstream { .. } => Some(
                "give an empty directory for the copy; if the upstream has only moved, change its \
                 address in private/upstream.json"
                    .to_owned(),
            ),
            Self::IsMirror { upstream, .. } => Some(format!(
                "give --upstream {upstream}, which need not answer; to make it a registry of its \
                 own for good, delete private/upstream.json"
            )),
            Self::Registry(error) => error.hint(),
            Self::Contradiction(_) | Self::Tls(_) | Self::Io(_) => None,
        }
    }
}
