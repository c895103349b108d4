//! A registry, wherever it is.

use std::io::Read;
use std::path::Path;

use puck_package::index::archive_path;
use puck_package::{IndexLine, PackageName};
use puck_registry::{Found, Query, Registry};
use puck_registry_client::{Client, Error as ClientError};
use semver::Version;

use crate::{Error, Origin};

/// A registry that can be asked. Cheap to clone.
#[derive(Clone)]
pub enum Handle {
    /// A folder.
    Directory {
        /// The name by which it is known here, if by any.
        name: Option<String>,
        /// The folder, opened.
        registry: Registry,
    },
    /// An address.
    Http {
        /// The name by which it is known here, if by any.
        name: Option<String>,
        /// Whoever asks there.
        client: Client,
        /// What forbids to ask.
        offline: Option<Origin>,
    },
}

/// A version that was published, or would be.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// What the index says of it.
    pub line: IndexLine,
    /// Whether it was not there before.
    pub new: bool,
}

impl Handle {
    pub(crate) fn directory(name: Option<String>, registry: Registry) -> Self {
        Self::Directory { name, registry }
    }

    pub(crate) fn http(name: Option<String>, client: Client, offline: Option<Origin>) -> Self {
        Self::Http {
            name,
            client,
            offline,
        }
    }

    /// What a client gave; if it was not allowed to ask, then with what forbade it.
    fn given<T>(&self, result: Result<T, ClientError>) -> Result<T, Error> {
        match (result, self) {
            (
                Err(ClientError::Offline { .. }),
                Self::Http {
                    offline: Some(origin),
                    ..
                },
            ) => Err(Error::Offline {
                what: "this".to_owned(),
                registry: self.location(),
                origin: origin.clone(),
            }),
            (result, _) => Ok(result?),
        }
    }

    /// Its name, as lockfiles have it.
    ///
    /// # Errors
    /// If it has to be asked for its name, and that fails.
    pub fn name(&self) -> Result<String, Error> {
        match self {
            Self::Directory {
                name: Some(name), ..
            }
            | Self::Http {
                name: Some(name), ..
            } => Ok(name.clone()),
            Self::Directory { registry, .. } => Ok(registry.name().to_owned()),
            Self::Http { client, .. } => self.given(client.name()),
        }
    }

    /// Its folder or address.
    #[must_use]
    pub fn location(&self) -> String {
        match self {
            Self::Directory { registry, .. } => registry.directory().display().to_string(),
            Self::Http { client, .. } => client.url().as_str().trim_end_matches('/').to_owned(),
        }
    }

    /// Whether another machine is asked.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Http { .. })
    }

    /// The versions of `name`, oldest first; none if there is no such package.
    ///
    /// # Errors
    /// If the registry cannot be read.
    pub fn versions(&self, name: &PackageName) -> Result<Vec<IndexLine>, Error> {
        match self {
            Self::Directory { registry, .. } => Ok(registry.versions(name)?),
            Self::Http { client, .. } => self.given(client.versions(name)),
        }
    }

    /// Fetches what the index says of `names` at once, where that saves time.
    ///
    /// # Errors
    /// If the registry cannot be read.
    pub fn prefetch(&self, names: &[PackageName]) -> Result<(), Error> {
        match self {
            Self::Directory { .. } => Ok(()),
            Self::Http { client, .. } => self.given(client.prefetch(names)),
        }
    }

    /// The names of all packages, sorted.
    ///
    /// # Errors
    /// If the registry cannot be listed.
    pub fn names(&self) -> Result<Vec<PackageName>, Error> {
        match self {
            Self::Directory { registry, .. } => Ok(registry.names()?),
            Self::Http { client, .. } => self.given(client.names()),
        }
    }

    /// The packages that match `query`, the best first.
    ///
    /// # Errors
    /// If the registry cannot be searched.
    pub fn search(&self, query: &Query) -> Result<Found, Error> {
        match self {
            Self::Directory { registry, .. } => Ok(registry.search(query)?),
            Self::Http { client, .. } => Ok(Found {
                hits: self.given(client.search(query))?,
                skipped: Vec::new(),
            }),
        }
    }

    /// Where the archive of a version is, for messages.
    #[must_use]
    pub fn archive_place(&self, name: &PackageName, version: &Version) -> String {
        match self {
            Self::Directory { registry, .. } => {
                registry.archive_path(name, version).display().to_string()
            }
            Self::Http { client, .. } => format!("{}{}", client.url(), archive_path(name, version)),
        }
    }

    /// The bytes of a version's archive, as the registry has them: whoever reads them checks them.
    /// What is `fresh` comes past all caches on the way.
    ///
    /// # Errors
    /// If the registry does not have it.
    pub fn archive(&self, line: &IndexLine, fresh: bool) -> Result<Box<dyn Read + Send>, Error> {
        match self {
            Self::Directory { registry, .. } => {
                let path = registry.archive_path(&line.name, &line.version);
                Ok(Box::new(fs_err::File::open(path)?))
            }
            Self::Http { client, .. } if fresh => {
                Ok(Box::new(self.given(client.archive_fresh(line))?))
            }
            Self::Http { client, .. } => Ok(Box::new(self.given(client.archive(line))?)),
        }
    }

    /// Publishes the archive at `path`; with `dry_run` everything is checked and nothing written.
    ///
    /// # Errors
    /// If the registry refuses it, or cannot be written.
    pub fn publish(&self, path: &Path, dry_run: bool) -> Result<Published, Error> {
        match self {
            Self::Directory { registry, .. } => {
                let published = if dry_run {
                    registry.check(path)?
                } else {
                    registry.publish(path)?
                };
                Ok(Published {
                    line: published.line,
                    new: published.new,
                })
            }
            Self::Http { client, .. } => {
                let published = self.given(client.publish(path, dry_run))?;
                Ok(Published {
                    line: published.line,
                    new: published.new,
                })
            }
        }
    }

    /// Withdraws a version, or takes that back. Returns whether that changed anything.
    ///
    /// # Errors
    /// If there is no such version, or the registry refuses or cannot be written.
    pub fn yank(
        &self,
        name: &PackageName,
        version: &Version,
        yanked: bool,
        reason: Option<&str>,
    ) -> Result<bool, Error> {
        match self {
            Self::Directory { registry, .. } => Ok(registry.yank(name, version, yanked, reason)?),
            Self::Http { client, .. } => self.given(client.yank(name, version, yanked, reason)),
        }
    }
}
