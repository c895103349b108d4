//! What a registry says of packages: from memory, from the cache, or asked for, in this order.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use puck_package::index::IndexLine;
use puck_package::{PackageName, index};
use puck_registry::{Action, index_file};
use reqwest::header;
use url::Url;

use crate::cache::{About, Cache, Change, Kept, Position};
use crate::description::{self, Description};
use crate::settings::shown;
use crate::transport::{Answer, Request, Transport};
use crate::{Error, Result, failure, look};

/// How many index files are asked for at once.
const AT_ONCE: usize = 24;

/// For how many kept files a thread more is worth it.
const KEPT_BY_THREAD: usize = 32;

/// The longest index file that is read, in bytes.
const MAX: u64 = 256 << 20;

/// The versions of a package, oldest first; shared, for they may be many.
pub(crate) type Lines = Arc<[IndexLine]>;

/// The index of one registry.
pub(crate) struct Index {
    cache: Cache,
    /// How far the log goes, once it was looked at.
    position: Mutex<Option<Arc<Position>>>,
    lines: Mutex<HashMap<PackageName, Lines>>,
    description: Mutex<Option<Described>>,
}

/// What the registry says of itself, and whether that was asked for in this process.
#[derive(Clone)]
struct Described {
    description: Description,
    asked: bool,
}

impl Index {
    pub(crate) fn new(cache: Cache) -> Self {
        Self {
            cache,
            position: Mutex::default(),
            lines: Mutex::default(),
            description: Mutex::default(),
        }
    }

    /// The versions of `name`.
    pub(crate) fn lines(&self, transport: &Transport, name: &PackageName) -> Result<Lines> {
        if let Some(lines) = lock(&self.lines).get(name) {
            return Ok(Arc::clone(lines));
        }
        let position = self.position(transport)?;
        let lines = match self.cached(transport, &position, name) {
            Ok(lines) => lines,
            Err(kept) => self.asked(transport, &position, name, kept)?,
        };
        lock(&self.lines).insert(name.clone(), Arc::clone(&lines));
        Ok(lines)
    }

    /// Has the versions of all `names` in memory.
    pub(crate) fn prefetch(&self, transport: &Transport, names: &[PackageName]) -> Result<()> {
        let mut missing: Vec<&PackageName> = names.iter().collect();
        missing.sort_unstable();
        missing.dedup();
        {
            let known = lock(&self.lines);
            missing.retain(|name| !known.contains_key(*name));
        }
        if missing.is_empty() {
            return Ok(());
        }
        let position = self.position(transport)?;
        let ask = Mutex::new(Vec::new());
        // Reading what is kept takes a processor; asking takes patience.
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = cores.min(missing.len().div_ceil(KEPT_BY_THREAD));
        each(threads, &missing, |name| {
            match self.cached(transport, &position, name) {
                Ok(lines) => drop(lock(&self.lines).insert((*name).clone(), lines)),
                Err(kept) => lock(&ask).push((*name, Mutex::new(kept))),
            }
            Ok(())
        })?;
        let ask = ask.into_inner().unwrap_or_else(PoisonError::into_inner);
        each(AT_ONCE, &ask, |(name, kept)| {
            let lines = self.asked(transport, &position, name, lock(kept).take())?;
            lock(&self.lines).insert((*name).clone(), lines);
            Ok(())
        })
    }

    /// How far the log goes; looks at it if that was not done yet.
    fn position(&self, transport: &Transport) -> Result<Arc<Position>> {
        let mut position = lock(&self.position);
        if let Some(position) = position.as_ref() {
            return Ok(Arc::clone(position));
        }
        let settings = transport.settings();
        let before = self.cache.position(settings.url.as_str());
        if settings.offline {
            let found = before.unwrap_or_else(|| Position::new(settings.url.to_string()));
            return Ok(Arc::clone(position.insert(Arc::new(found))));
        }
        // At the first look, whether there is a registry at all.
        self.description(transport, false)?;
        let after = look::look(transport, before.clone())?;
        if before.as_ref() != Some(&after) {
            self.kept(transport, self.cache.keep_position(&after));
        }
        Ok(Arc::clone(position.insert(Arc::new(after))))
    }

    /// Looks at the log again, as a new process would.
    fn look_again(&self, transport: &Transport) -> Result<Arc<Position>> {
        *lock(&self.position) = None;
        self.position(transport)
    }

    /// The versions of `name` as the cache has them, if they are all that there are; otherwise the
    /// file of before, if there is one.
    fn cached(
        &self,
        transport: &Transport,
        position: &Position,
        name: &PackageName,
    ) -> Result<Lines, Option<Kept>> {
        let kept = self.cache.get(&index::path(name)).ok_or(None)?;
        if !transport.settings().offline && !position.is_current(&kept.about, Some(name)) {
            return Err(Some(kept));
        }
        let parsed = index_file::parse("the cache", &kept.body, name);
        parsed.map(Into::into).map_err(|_| None)
    }

    /// The versions of `name` as the registry has them now; `kept` is the file of before.
    fn asked(
        &self,
        transport: &Transport,
        position: &Position,
        name: &PackageName,
        kept: Option<Kept>,
    ) -> Result<Lines> {
        let first = self.fetched(transport, position, name, kept, false);
        match first {
            Ok((kept, lines)) if says(&lines, position.changed.get(name)) => {
                self.keep(transport, name, &kept);
                return Ok(lines);
            }
            // An old copy on the way, or a damaged one, is passed by.
            Ok(_) | Err(Error::Content { .. }) => {}
            Err(error) => return Err(error),
        }
        let (kept, lines) = self.fetched(transport, position, name, None, true)?;
        if !says(&lines, position.changed.get(name)) {
            // It may have changed again since the look.
            let position = self.look_again(transport)?;
            if let Some(change) = position.changed.get(name)
                && !says(&lines, Some(change))
            {
                return Err(Error::Stale {
                    url: shown(&self.url(transport, &index::path(name))?),
                    name: name.clone(),
                    version: change.version.clone(),
                });
            }
        }
        self.keep(transport, name, &kept);
        Ok(lines)
    }

    fn fetched(
        &self,
        transport: &Transport,
        position: &Position,
        name: &PackageName,
        kept: Option<Kept>,
        fresh: bool,
    ) -> Result<(Kept, Lines)> {
        let url = self.url(transport, &index::path(name))?;
        let answer = transport.fetch(&conditional(&url, kept.as_ref()).fresh(fresh), MAX)?;
        let kept = taken(transport, position, answer, kept)?;
        let lines = match index_file::parse(&shown(&url), &kept.body, name) {
            Ok(lines) => lines.into(),
            Err(puck_registry::Error::Document(error)) => {
                return Err(Error::document(shown(&url), "index lines", &error));
            }
            Err(other) => {
                return Err(Error::Content {
                    url: shown(&url),
                    expected: format!("index lines of {name}"),
                    found: failure::reason(&other),
                });
            }
        };
        Ok((kept, lines))
    }

    /// What the registry says of itself; asked for now if it was not in this process and must be
    /// `fresh`, or if it is not known at all.
    pub(crate) fn description(&self, transport: &Transport, fresh: bool) -> Result<Description> {
        let mut described = lock(&self.description);
        let url = self.url(transport, description::PATH)?;
        let kept = self.cache.get(description::PATH);
        if described.is_none() {
            let known = kept
                .as_ref()
                .and_then(|kept| Description::parse(&url, &kept.body).ok());
            *described = known.map(|description| Described {
                description,
                asked: false,
            });
        }
        if let Some(known) = described.as_ref()
            && (known.asked || !fresh)
        {
            return Ok(known.description.clone());
        }
        let answer = transport.fetch(&conditional(&url, kept.as_ref()), description::MAX)?;
        if answer.status == reqwest::StatusCode::NOT_FOUND {
            return Err(Error::NotRegistry {
                url: shown(&transport.settings().url),
                reason: format!("it holds no {}", description::PATH),
            });
        }
        // The description has no place in the log; which position it belongs to does not matter.
        let position = Position::new(String::new());
        let kept = taken(transport, &position, answer, kept)?;
        let description = Description::parse(&url, &kept.body)?;
        if let Some(before) = described.as_ref()
            && before.description.name != description.name
        {
            return Err(Error::Renamed {
                url: shown(&transport.settings().url),
                expected: before.description.name.clone(),
                found: description.name,
                cache: self.cache.directory().cloned(),
            });
        }
        self.kept(transport, self.cache.keep(description::PATH, &kept));
        *described = Some(Described {
            description: description.clone(),
            asked: true,
        });
        Ok(description)
    }

    fn url(&self, transport: &Transport, path: &str) -> Result<Url> {
        super::client::join(&transport.settings().url, path)
    }

    /// Keeps a file that is there. That one is not there is not kept: said once by mistake, it would
    /// hold until the package changes.
    fn keep(&self, transport: &Transport, name: &PackageName, kept: &Kept) {
        if !kept.about.absent {
            self.kept(transport, self.cache.keep(&index::path(name), kept));
        }
    }

    /// A cache that cannot be written costs time, and nothing else.
    fn kept(&self, transport: &Transport, written: std::io::Result<()>) {
        if let (Err(error), Some(notices)) = (written, &transport.settings().notices) {
            notices(&format!("the index is not kept: {error}"));
        }
    }
}

/// Asks for `url`, unless it is what is kept.
fn conditional(url: &Url, kept: Option<&Kept>) -> Request {
    let request = Request::get(url.clone());
    match kept {
        Some(Kept {
            about:
                About {
                    etag: Some(etag),
                    absent: false,
                    ..
                },
            ..
        }) => request.with(header::IF_NONE_MATCH, etag),
        _ => request,
    }
}

/// The file that an answer brings, or says to be the one that is kept, or not to exist.
fn taken(
    transport: &Transport,
    position: &Position,
    answer: Answer,
    kept: Option<Kept>,
) -> Result<Kept> {
    let etag = answer.header(header::ETAG).map(str::to_owned);
    match (answer.status.as_u16(), kept) {
        (200, _) if answer.is_page() => Err(Error::NotRegistry {
            url: shown(&answer.url),
            reason: "expected JSON, found a web page".to_owned(),
        }),
        (200, _) => Ok(Kept::new(position, etag, false, answer.body)),
        (304, Some(kept)) => {
            let etag = etag.or(kept.about.etag);
            Ok(Kept::new(position, etag, false, kept.body))
        }
        (404 | 410, _) => Ok(Kept::new(position, None, true, Vec::new())),
        _ => Err(transport.refusal(&answer)),
    }
}

/// Whether `lines` show what the log says last of their package.
fn says(lines: &[IndexLine], change: Option<&Change>) -> bool {
    let Some(change) = change else {
        return true;
    };
    let line = lines.iter().find(|line| line.version == change.version);
    line.is_some_and(|line| {
        line.sha256 == change.sha256
            && match change.action {
                Action::Publish => true,
                Action::Yank => line.yanked,
                Action::Unyank => !line.yanked,
            }
    })
}

/// Does `work` with each item, on at most so many threads; the first error, after which no further
/// item is begun.
fn each<T: Sync>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<()> + Sync,
) -> Result<()> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
    let run = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = work(item) {
                next.store(items.len(), Ordering::Relaxed);
                lock(&failed).get_or_insert(error);
            }
        }
    };
    match threads.min(items.len()) {
        0 | 1 => run(),
        threads => std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(run);
            }
        }),
    }
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or(Ok(()), Err)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
