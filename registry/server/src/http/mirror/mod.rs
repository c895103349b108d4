//! A read-only copy of another registry that fills itself: what is asked for is fetched once.
//!
//! The copy is a registry directory as any other. An archive is kept for ever once its SHA-256 was
//! compared with the index line; index, log and description are asked for again with the
//! upstream's entity tag, by one request however many clients wait for it. While the upstream does
//! not answer, what was fetched before is served with a `Warning`.

mod failure;
mod fetch;
mod log;
mod marker;
mod redirect;

use std::collections::HashMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use puck_package::{IndexLine, PackageName, index};
use semver::Version;
use url::Url;

use self::failure::Failure;
use self::fetch::{Fetched, Upstream};
pub(crate) use self::marker::refuse;
use super::ServeError;
use super::metrics::Metrics;
use super::readable::Kind;
use super::refusal::{Code, Refusal};
use super::source::present;
use crate::storage::{Directory, Facts, Storage as _};

/// For how long an upstream that did not answer is not asked again, if there is a copy.
const RESPITE: Duration = Duration::from_secs(5);

/// What a client is told that gets a copy which the upstream could not confirm.
const STALE: HeaderValue = HeaderValue::from_static("110 - \"Response is Stale\"");

/// What became of asking the upstream.
#[derive(Clone, Debug)]
enum Asked {
    /// The copy is what the upstream has.
    Current,
    /// The upstream has no such file.
    Absent,
    /// It did not answer, or not as it should.
    Failed(String),
}

type Flight = Shared<BoxFuture<'static, Asked>>;

/// See the module's documentation.
pub(crate) struct Mirror {
    /// Where the copy is.
    directory: PathBuf,
    storage: Directory,
    upstream: Upstream,
    metrics: Arc<Metrics>,
    /// What is being fetched.
    flights: Mutex<HashMap<String, Flight>>,
    /// Until when the upstream is not asked.
    respite: Mutex<Option<Instant>>,
}

impl Mirror {
    /// The copy in `directory` of the registry at `upstream`.
    ///
    /// # Errors
    /// If there is no copy yet, and the upstream does not answer; if there is something else.
    pub(crate) async fn open(
        directory: &Path,
        upstream: &Url,
        metrics: Arc<Metrics>,
    ) -> Result<Arc<Self>, ServeError> {
        let upstream = Upstream::new(upstream)?;
        prepare(&upstream, directory).await?;
        Ok(Arc::new(Self {
            directory: directory.to_owned(),
            storage: Directory::open(directory)?,
            upstream,
            metrics,
            flights: Mutex::default(),
            respite: Mutex::default(),
        }))
    }

    /// Where it copies from.
    pub(crate) fn upstream(&self) -> &Url {
        &self.upstream.url
    }

    /// The facts of a file, once it is here and as fresh as can be.
    pub(crate) async fn facts(
        self: &Arc<Self>,
        path: &str,
        kind: &Kind,
    ) -> Result<Option<(Facts, Option<HeaderValue>)>, Refusal> {
        match kind {
            Kind::Archive(name, version) => self.archive(path, name, version).await,
            _ => self.revalidated(path, kind).await,
        }
    }

    async fn revalidated(
        self: &Arc<Self>,
        path: &str,
        kind: &Kind,
    ) -> Result<Option<(Facts, Option<HeaderValue>)>, Refusal> {
        if self.rests()
            && let Some(facts) = present(self.storage.facts(path).await)?
        {
            return Ok(Some((facts, Some(STALE))));
        }
        let (mirror, file, what) = (Arc::clone(self), path.to_owned(), kind.clone());
        let asked = self
            .once(path, async move {
                match what {
                    Kind::Log => mirror.refresh_log(&file).await,
                    _ => mirror.refresh(&file, &what).await,
                }
            })
            .await;
        match asked {
            Asked::Current => {
                Ok(present(self.storage.facts(path).await)?.map(|facts| (facts, None)))
            }
            Asked::Absent => Ok(None),
            Asked::Failed(reason) => match present(self.storage.facts(path).await)? {
                Some(facts) => Ok(Some((facts, Some(STALE)))),
                None => Err(self.failed(&reason)),
            },
        }
    }

    async fn archive(
        self: &Arc<Self>,
        path: &str,
        name: &PackageName,
        version: &Version,
    ) -> Result<Option<(Facts, Option<HeaderValue>)>, Refusal> {
        if let Some(facts) = present(self.storage.facts(path).await)? {
            return Ok(Some((facts, None)));
        }
        let Some(line) = self.line(name, version).await? else {
            return Ok(None);
        };
        let (mirror, file) = (Arc::clone(self), path.to_owned());
        let asked = self
            .once(path, async move {
                let directory = mirror.directory.join(SPOOL);
                let place = mirror.directory.join(&file);
                mirror.count(
                    mirror
                        .upstream
                        .archive(&file, &line, &directory, &place)
                        .await,
                )
            })
            .await;
        match asked {
            Asked::Current => {
                Ok(present(self.storage.facts(path).await)?.map(|facts| (facts, None)))
            }
            Asked::Absent => Ok(None),
            Asked::Failed(reason) => Err(self.failed(&reason)),
        }
    }

    /// What the index says of a version: that of the copy, if it has the version, since that never
    /// changes; otherwise the upstream's.
    async fn line(
        self: &Arc<Self>,
        name: &PackageName,
        version: &Version,
    ) -> Result<Option<IndexLine>, Refusal> {
        let path = index::path(name);
        for known in [true, false] {
            if !known {
                self.revalidated(&path, &Kind::Index(name.clone())).await?;
            }
            let Some(bytes) = self.bytes(&path).await? else {
                continue;
            };
            let lines = fetch::lines(&path, name, &bytes)
                .map_err(|reason| Refusal::new(Code::Upstream, reason))?;
            if let Some(line) = lines.into_iter().find(|line| line.version == *version) {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// Asks the upstream for a file that may have changed.
    async fn refresh(&self, path: &str, kind: &Kind) -> Asked {
        let directory = self.directory.join(SPOOL);
        let place = self.directory.join(path);
        let note = note(&self.directory, path);
        let fetched = self
            .upstream
            .document(path, kind, &directory, &place, &note)
            .await;
        self.count(fetched)
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<String, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, fetched: Result<Fetched, Failure>) -> Asked {
        let down = fetched.as_ref().err().map(|failure| failure.down);
        let (outcome, asked) = match fetched {
            Ok(Fetched::Changed) => ("changed", Asked::Current),
            Ok(Fetched::Unchanged) => ("unchanged", Asked::Current),
            Ok(Fetched::Absent) => ("absent", Asked::Absent),
            Err(failure) => {
                let reason = failure.to_string();
                tracing::warn!(upstream = %self.upstream.url, %reason, "the upstream failed");
                ("failed", Asked::Failed(reason))
            }
        };
        self.metrics.asked(outcome);
        // What is wrong with one file says nothing about the others.
        if down != Some(false) {
            let until = down.map(|_| Instant::now() + RESPITE);
            *self.respite.lock().unwrap_or_else(PoisonError::into_inner) = until;
        }
        asked
    }

    fn rests(&self) -> bool {
        let until = *self.respite.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// The outcome of `work`, or of the same work that was begun before and has not ended. It is
    /// finished even if nobody waits for it any more.
    async fn once(
        self: &Arc<Self>,
        path: &str,
        work: impl Future<Output = Asked> + Send + 'static,
    ) -> Asked {
        let flight = {
            let mut flights = self.flights();
            match flights.get(path) {
                Some(flight) => flight.clone(),
                None => {
                    let (mirror, key) = (Arc::clone(self), path.to_owned());
                    let task = tokio::spawn(async move {
                        let asked = work.await;
                        mirror.flights().remove(&key);
                        asked
                    });
                    let flight = task
                        .map(|ended| ended.unwrap_or_else(|error| Asked::Failed(error.to_string())))
                        .boxed()
                        .shared();
                    flights.insert(path.to_owned(), flight.clone());
                    flight
                }
            }
        };
        flight.await
    }

    /// Passes a lookup on to the upstream's API.
    pub(crate) async fn relay(&self, uri: &axum::http::Uri) -> Result<Response, Refusal> {
        let description = self.bytes("registry.json").await?.unwrap_or_default();
        let answer = self.upstream.relay(&description, uri).await;
        answer.map_err(|reason| self.failed(&reason.to_string()))
    }

    /// What a client is told that wants to change something.
    pub(crate) fn read_only(&self) -> Refusal {
        let upstream = self.upstream();
        Refusal::new(
            Code::ReadOnly,
            format!("this is a read-only mirror of {upstream}"),
        )
        .hint(format!("send changes to {upstream}"))
        .allow("GET, HEAD")
    }

    fn failed(&self, reason: &str) -> Refusal {
        Refusal::new(
            Code::Upstream,
            format!("the upstream {} failed: {reason}", self.upstream()),
        )
        .hint("try again later; what was fetched before is still served".to_owned())
    }

    /// What a client is told that asks what only the upstream knows.
    pub(crate) fn elsewhere(&self, what: &str) -> Refusal {
        let upstream = self.upstream();
        Refusal::new(
            Code::NotFound,
            format!("this mirror does not know the {what} of packages"),
        )
        .hint(format!("ask {upstream}"))
    }

    /// A file of the copy.
    async fn bytes(&self, path: &str) -> Result<Option<Bytes>, Refusal> {
        let Some(content) = present(self.storage.read(path, None).await)? else {
            return Ok(None);
        };
        let bytes = content.body.bytes().await;
        Ok(Some(bytes.map_err(|error| Refusal::internal(&error))?))
    }
}

/// Where files are that are being fetched.
const SPOOL: &str = "private/spool";

/// Where it stands what the upstream said of the file at `path`.
fn note(directory: &Path, path: &str) -> PathBuf {
    directory
        .join("private/upstream")
        .join(format!("{path}.json"))
}

/// Fetches the description: without it there is nothing to mirror.
async fn prepare(upstream: &Upstream, directory: &Path) -> Result<(), ServeError> {
    const DESCRIPTION: &str = "registry.json";
    fs_err::create_dir_all(directory)?;
    marker::claim(directory, &upstream.url)?;
    let place = directory.join(DESCRIPTION);
    let note = note(directory, DESCRIPTION);
    let spool = directory.join(SPOOL);
    let fetched = upstream
        .document(DESCRIPTION, &Kind::Description, &spool, &place, &note)
        .await;
    let reason = match fetched {
        Ok(Fetched::Changed | Fetched::Unchanged) => return Ok(()),
        Ok(Fetched::Absent) => "it has no registry.json".to_owned(),
        Err(failure) => failure.to_string(),
    };
    if place.is_file() {
        tracing::warn!(upstream = %upstream.url, %reason, "the upstream failed; serving the copy");
        return Ok(());
    }
    marker::give_up(directory)?;
    Err(ServeError::Upstream {
        upstream: upstream.url.to_string(),
        reason,
    })
}
