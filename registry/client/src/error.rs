//! What can go wrong between a client and a registry.
//!
//! No message holds a token, the user part of an address, or a query.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use puck_package::format::{DocumentError, NewerFormat};
use puck_package::{Digest, PackageName};
use semver::Version;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a registry did not give what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be one of a registry.
    #[error("`{url}` cannot be the address of a registry: {reason}")]
    Address {
        /// The address, without what names a user.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `PUCK_HTTP_RETRIES` holds no number.
    #[error("PUCK_HTTP_RETRIES is `{found}`; expected a number from 0 to 100")]
    Retries {
        /// What it holds.
        found: String,
    },
    /// A token that could not be sent.
    #[error("that is not a token: expected visible ASCII characters without spaces")]
    Token,
    /// The token would be readable by everybody on the way.
    #[error("the token for {url} is not sent over plain HTTP, where others could read it")]
    PlainToken {
        /// The registry.
        url: String,
    },
    /// A file of certificates could not be used.
    #[error("{}: {reason}", .path.display())]
    Certificates {
        /// The PEM file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The registry may not be asked.
    #[error("{url} is needed, and nothing may be asked of registries")]
    Offline {
        /// What would have been asked for.
        url: String,
    },
    /// No connection was made.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What failed, from the outside in.
        reason: String,
    },
    /// The server is not the one that it should be, or speaks no TLS.
    #[error("no secure connection to {url}: {reason}")]
    Tls {
        /// What was asked for.
        url: String,
        /// What was found.
        reason: String,
    },
    /// The connection broke, or stalled, each time.
    #[error("the connection broke while reading {url}: {reason}")]
    Broken {
        /// What was asked for.
        url: String,
        /// What failed, from the outside in.
        reason: String,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects to {to}, which is not followed: {reason}")]
    Redirect {
        /// What was asked for.
        url: String,
        /// Where that points to.
        to: String,
        /// Why not.
        reason: String,
    },
    /// An answer with a status that was not expected, and no more to say.
    #[error("{url} answered with status {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// What the registry itself says about why not.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// A word for it, like `version-exists`.
        code: String,
        /// A sentence.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The registry wants to know who asks.
    #[error("the registry at {url} asks for a token: {message}")]
    Unauthorized {
        /// The registry.
        url: String,
        /// What it says.
        message: String,
        /// Whether a token was sent.
        sent: bool,
    },
    /// The registry asks for patience, for longer than anybody waits.
    #[error("{url} asks to be left alone{}", wait(.after))]
    RateLimited {
        /// What was asked for.
        url: String,
        /// How long to wait.
        after: Option<Duration>,
    },
    /// There is something else.
    #[error("{url} is not a Puck registry: {reason}")]
    NotRegistry {
        /// What was asked for.
        url: String,
        /// What was found.
        reason: String,
    },
    /// There is another registry than before.
    #[error("the registry at {url} calls itself `{found}`, and was `{expected}` before")]
    Renamed {
        /// The registry.
        url: String,
        /// Its name of before.
        expected: String,
        /// Its name now.
        found: String,
        /// What remembers the name of before.
        cache: Option<PathBuf>,
    },
    /// The registry's past is not what it was.
    #[error(transparent)]
    Rewritten(Box<Rewritten>),
    /// The index lacks what the log has.
    #[error("{url} is out of date: it does not show what the log says of {name} {version}")]
    Stale {
        /// The index file.
        url: String,
        /// The package.
        name: PackageName,
        /// The version that was published, yanked or unyanked.
        version: Version,
    },
    /// A file of the registry is of a newer format.
    #[error(transparent)]
    Newer(NewerFormat),
    /// A file of the registry is not what it should be.
    #[error("{url} is damaged: expected {expected}, found {found}")]
    Content {
        /// What was asked for.
        url: String,
        /// What should be there.
        expected: String,
        /// What is.
        found: String,
    },
    /// The registry can only be read.
    #[error("the registry at {url} can only be read: it has no API")]
    ReadOnly {
        /// The registry.
        url: String,
    },
    /// The registry's API is where the token must not go.
    #[error("the registry at {url} has its API at {api}, to which the token for {url} is not sent")]
    OtherHost {
        /// The registry.
        url: String,
        /// Its API.
        api: String,
    },
    /// The file of credentials is not as it should be.
    #[error("{}: {reason}", .path.display())]
    Credentials {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A log that does not go on from the line that is remembered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log of the registry at {url} was rewritten: {}", self.what())]
pub struct Rewritten {
    /// The registry.
    pub url: String,
    /// Which line was the last one, at the last look.
    pub number: u64,
    /// Its SHA-256, which stands for all lines up to there.
    pub remembered: Digest,
    /// The number and the SHA-256 of the last line now, if there is one.
    pub found: Option<(u64, Digest)>,
    /// The first line now that does not follow from the one before it, if there is one.
    pub broken: Option<u64>,
    /// What remembers the line.
    pub cache: Option<PathBuf>,
}

impl Rewritten {
    fn what(&self) -> String {
        let Self {
            number, remembered, ..
        } = self;
        let broken = self.broken.map(|line| match line.saturating_sub(1) {
            0 => "its first line does not begin a log".to_owned(),
            before => format!("line {line} does not follow from line {before}"),
        });
        // A change in the middle can leave the last line as it was.
        let heads = match self.found {
            Some((_, head)) if head == *remembered => None,
            Some((last, head)) => Some(format!("line {last}, {head}")),
            None => Some("nothing".to_owned()),
        };
        let heads = heads.map(|end| {
            format!(
                "its line {number} was {remembered}, and is not any more; the log now ends with {end}"
            )
        });
        let parts: Vec<_> = broken.into_iter().chain(heads).collect();
        parts.join("; ")
    }
}

impl Error {
    /// The word for what the registry refuses, like `version-exists`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::Unauthorized { .. } => Some("unauthorized"),
            Self::RateLimited { .. } => Some("rate-limited"),
            Self::ReadOnly { .. } => Some("read-only"),
            _ => None,
        }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Address { .. } => {
                "expected the address of the folder that holds registry.json, as in \
                 https://packages.example/; `puck login` gives a user's token"
            }
            Self::PlainToken { .. } => {
                "use https, or allow it if the network is trusted: `puck config set \
                 registries.NAME.plain-http-token true`"
            }
            Self::Unreachable { .. } => {
                "check the address, the network, and the proxy if HTTPS_PROXY or HTTP_PROXY names \
                 one; with `--offline`, what is on this machine is used"
            }
            Self::Tls { .. } => {
                "if the server's certificate is of an authority of your own, give that as a PEM \
                 file in the configuration; if it is a plain HTTP server, use http://"
            }
            Self::Broken { .. } => "run the same command again, on a better connection",
            Self::Status { status: 404, .. } => {
                "check the registry's address; a registry keeps what it published"
            }
            Self::Status { status: 500.., .. } => "the registry is in trouble; try again later",
            Self::Refused { hint, .. } | Self::Credentials { hint, .. } => return hint.clone(),
            Self::Unauthorized { sent: false, .. } => {
                "`puck login NAME` keeps a token for the registry NAME"
            }
            Self::Unauthorized { .. } => {
                "the token is unknown, revoked or expired; `puck login NAME` keeps a new one for \
                 the registry NAME"
            }
            Self::RateLimited { .. } => "try again later",
            Self::NotRegistry { .. } => {
                "check the address: it must be that of the folder that holds registry.json, and \
                 no page to log in may stand before it"
            }
            Self::Renamed { cache, .. } => {
                return Some(forget(cache.as_ref(), "the registry was replaced"));
            }
            Self::Rewritten(rewritten) => {
                let why = "what was published may have been exchanged; ask whoever runs the \
                           registry. If it was made anew";
                return Some(forget(rewritten.cache.as_ref(), why));
            }
            Self::Stale { .. } => {
                "something between here and the registry keeps an old copy; try again in a minute"
            }
            Self::Content { .. } => {
                "the registry is damaged there, or something on the way changes what it sends; \
                 ask whoever runs it"
            }
            Self::ReadOnly { .. } => {
                "publish to the registry's directory, or ask whoever runs it for an API"
            }
            Self::OtherHost { .. } => "ask whoever runs it to serve both at one address",
            Self::Offline { .. }
            | Self::Retries { .. }
            | Self::Token
            | Self::Certificates { .. }
            | Self::Redirect { .. }
            | Self::Status { .. }
            | Self::Newer(_)
            | Self::Io(_) => return None,
        };
        Some(text.to_owned())
    }

    /// That a document from `url` is not what it should be.
    pub(crate) fn document(url: String, expected: &str, error: &DocumentError) -> Self {
        match error {
            DocumentError::Newer(newer) => Self::Newer(newer.clone()),
            other => Self::Content {
                url,
                expected: expected.to_owned(),
                found: other.to_string(),
            },
        }
    }
}

fn wait(after: &Option<Duration>) -> String {
    after.map_or_else(String::new, |after| format!(" for {} s", after.as_secs()))
}

fn forget(cache: Option<&PathBuf>, why: &str) -> String {
    match cache {
        Some(cache) => format!("{why}, remove {} to forget the old one", cache.display()),
        None => why.to_owned(),
    }
}
