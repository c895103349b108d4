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
            Self::Registry(error) => error.hint(),
            Self::Contradiction(_) | Self::Tls(_) | Self::Io(_) => None,
        }
    }
}
