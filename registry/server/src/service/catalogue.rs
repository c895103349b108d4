//! What there is to search, in memory.
//!
//! It is kept up to date by the log: a search asks how long the log is, and if it has grown, reads
//! what is new of it and the index files of the packages named there. If what is new does not follow
//! from what was seen, everything is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use puck_package::{IndexLine, PackageName};
use puck_registry::log::{self, LogState};
use puck_registry::{Found, Query, shown_version};
use tokio::sync::RwLock;

use crate::Error;
use crate::storage::Storage;

const LOG: &str = "log.jsonl";
/// How many index files are read at once.
const AT_ONCE: usize = 16;

/// The packages of a registry.
#[derive(Debug)]
pub(crate) struct Catalogue {
    storage: Arc<dyn Storage>,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// As of which line of the log; `None` if nothing was read yet.
    state: Option<LogState>,
    packages: BTreeMap<PackageName, Entry>,
}

#[derive(Debug)]
enum Entry {
    /// The version by which it is shown, if not all are yanked.
    Readable(Option<Box<IndexLine>>),
    /// What is wrong with its index file.
    Damaged(String),
}

impl Catalogue {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        Self {
            storage,
            known: RwLock::default(),
        }
    }

    pub(crate) async fn names(&self) -> Result<Vec<PackageName>, Error> {
        self.refresh().await?;
        let known = self.known.read().await;
        Ok(known.packages.keys().cloned().collect())
    }

    pub(crate) async fn search(&self, query: &Query) -> Result<Found, Error> {
        self.refresh().await?;
        let known = self.known.read().await;
        let mut shown = Vec::new();
        let mut skipped = Vec::new();
        for (name, entry) in &known.packages {
            match entry {
                Entry::Readable(line) => shown.extend(line.as_deref()),
                Entry::Damaged(reason) => {
                    skipped.push(puck_registry::Error::Contradiction {
                        what: name.to_string(),
                        reason: reason.clone(),
                    });
                }
            }
        }
        let hits = query.among(shown);
        Ok(Found { hits, skipped })
    }

    async fn refresh(&self) -> Result<(), Error> {
        let length = match self.storage.facts(LOG).await {
            Ok(facts) => facts.size,
            Err(Error::NotFound { .. }) => 0,
            Err(error) => return Err(error),
        };
        let is_current = |known: &Known| known.state.is_some_and(|state| state.length == length);
        if is_current(&*self.known.read().await) {
            return Ok(());
        }
        let mut known = self.known.write().await;
        if is_current(&known) {
            return Ok(());
        }
        match known.state.filter(|state| state.length < length) {
            Some(state) => {
                if let Ok((state, entries)) = self.follow(state).await {
                    let names: BTreeSet<PackageName> =
                        entries.into_iter().map(|entry| entry.name).collect();
                    let news = self.entries(names).await?;
                    known.packages.extend(news);
                    known.state = Some(state);
                    return Ok(());
                }
                self.rebuild(&mut known).await
            }
            None => self.rebuild(&mut known).await,
        }
    }

    /// Reads everything. The log is read first: what comes while the index is read is read twice.
    async fn rebuild(&self, known: &mut Known) -> Result<(), Error> {
        // A log that does not follow from itself is no reason not to find anything.
        let state = self.follow(LogState::default()).await;
        let names = self.storage.names().await?.into_iter().collect();
        known.packages = self.entries(names).await?;
        known.state = state.ok().map(|(state, _)| state);
        Ok(())
    }

    async fn follow(&self, state: LogState) -> Result<(LogState, Vec<log::LogEntry>), Error> {
        let range = state.length..u64::MAX;
        let content = match self.storage.read(LOG, Some(range)).await {
            Ok(content) => content,
            Err(Error::NotFound { .. }) => return Ok((state, Vec::new())),
            Err(error) => return Err(error),
        };
        let bytes = content.body.bytes().await?;
        Ok(log::follow(LOG, &bytes, state)?)
    }

    async fn entries(
        &self,
        names: BTreeSet<PackageName>,
    ) -> Result<BTreeMap<PackageName, Entry>, Error> {
        let entry = |name: PackageName| async move {
            let entry = match self.storage.package(&name).await {
                Ok(package) => {
                    Entry::Readable(shown_version(&package.lines).cloned().map(Box::new))
                }
                Err(Error::Registry(error)) => Entry::Damaged(error.to_string()),
                Err(error) => return Err(error),
            };
            Ok((name, entry))
        };
        let entries = stream::iter(names).map(entry).buffer_unordered(AT_ONCE);
        entries.try_collect().await
    }
}
