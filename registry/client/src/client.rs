//! The client: what of a registry it has, and what it must ask for.

use std::fmt;
use std::sync::Arc;

use puck_package::{IndexLine, PackageName};
use url::Url;

use crate::archive::Archive;
use crate::cache::Cache;
use crate::description::Description;
use crate::index::Index;
use crate::settings::{base, shown};
use crate::transport::Transport;
use crate::{Error, Result, Settings};

/// A registry over HTTP. Cheap to make and to clone: nothing is asked before it is needed.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    index: Arc<Index>,
}

impl Client {
    /// A client of the registry that `settings` tell of.
    ///
    /// # Errors
    /// If the address cannot be one of a registry.
    pub fn new(mut settings: Settings) -> Result<Self> {
        let url = &settings.url;
        let refused = |reason: &str| Error::Address {
            url: shown(url),
            reason: reason.to_owned(),
        };
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(refused("it does not begin with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it holds a user's name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("it goes on after `?` or `#`"));
        }
        settings.url = base(url);
        let cache = Cache::new(settings.cache.clone());
        Ok(Self {
            transport: Arc::new(Transport::new(settings)),
            index: Arc::new(Index::new(cache)),
        })
    }

    /// Where the registry is; the address ends with a slash.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.transport.settings().url
    }

    /// What the registry calls itself.
    ///
    /// # Errors
    /// If that is not known yet, and it cannot be reached or is none.
    pub fn name(&self) -> Result<String> {
        Ok(self.description(false)?.name)
    }

    /// The versions of `name`, oldest first; none if the registry has no such package.
    ///
    /// # Errors
    /// If the registry cannot be reached, is damaged, or had its past rewritten.
    pub fn versions(&self, name: &PackageName) -> Result<Vec<IndexLine>> {
        Ok(self.lines(name)?.to_vec())
    }

    /// The same as [`Client::versions`], shared with all who ask.
    ///
    /// # Errors
    /// As [`Client::versions`].
    pub fn lines(&self, name: &PackageName) -> Result<Arc<[IndexLine]>> {
        self.index.lines(&self.transport, name)
    }

    /// Has the versions of all `names` in memory, asking for what is missing all at once.
    ///
    /// # Errors
    /// As [`Client::versions`]: the first error, when one of them cannot be had.
    pub fn prefetch(&self, names: &[PackageName]) -> Result<()> {
        self.index.prefetch(&self.transport, names)
    }

    /// The archive that `line` is about. The reader must check its hash.
    ///
    /// # Errors
    /// If the registry cannot be reached, or has no such archive.
    pub fn archive(&self, line: &IndexLine) -> Result<Archive> {
        Archive::open(&self.transport, line, false)
    }

    /// The same past all caches on the way, for when what came first had the wrong hash.
    ///
    /// # Errors
    /// As [`Client::archive`].
    pub fn archive_fresh(&self, line: &IndexLine) -> Result<Archive> {
        Archive::open(&self.transport, line, true)
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(crate) fn description(&self, fresh: bool) -> Result<Description> {
        self.index.description(&self.transport, fresh)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client")
            .field(self.transport.settings())
            .finish()
    }
}

/// The address of a file of the registry at `base`.
pub(crate) fn join(base: &Url, path: &str) -> Result<Url> {
    base.join(path).map_err(|error| Error::Address {
        url: shown(base),
        reason: error.to_string(),
    })
}
