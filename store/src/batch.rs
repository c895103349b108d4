//! Several things that are made together, flushed together and put in their places together.
//!
//! A package is ten small files, and flushing each for itself takes longer than all the rest of
//! installing it. So what is made in a batch stays in `staging/` until there is enough of it; then
//! one `syncfs` flushes all of it, and only then everything is renamed to its name, in an order in
//! which nothing has its name before what it needs: archives, packages, libraries, environments.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use fs_err as fs;
use puck_package::Digest;

use crate::staging::Staging;
use crate::{Environment, EnvironmentRequest, Error, InstalledPackage, Result, Store, files};

/// What was made is not kept waiting for longer than this, so that a long download that is killed
/// need not begin anew.
const LONGEST: Duration = Duration::from_secs(2);

/// Archives, packages and environments in the making; several threads may add to it.
///
/// Nothing is in its place before [`Batch::finish`]. What was made until an error is put in its
/// place by that too; without it, it goes.
#[derive(Debug)]
pub struct Batch<'a> {
    pub(crate) store: &'a Store,
    /// Made when the first thing is.
    staging: Mutex<Option<Staging>>,
    places: AtomicU64,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    things: Vec<Thing>,
    since: Option<Instant>,
}

/// Something whole, but not flushed and not in its place.
#[derive(Debug)]
pub(crate) struct Thing {
    pub(crate) made: Made,
    /// Where it is.
    pub(crate) from: PathBuf,
    /// Where it belongs.
    pub(crate) to: PathBuf,
}

/// What it is, in the order in which things are put in their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Made {
    Archive(Digest),
    Package,
    Library,
    Environment,
}

impl Store {
    /// Begins to make things together. Nothing is written before something is made; what killed
    /// processes left is removed.
    #[must_use]
    pub fn batch(&self) -> Batch<'_> {
        self.sweep();
        Batch {
            store: self,
            staging: Mutex::default(),
            places: AtomicU64::new(0),
            waiting: Mutex::default(),
        }
    }

    /// A folder in `staging/` that nobody else uses.
    fn stage_batch(&self) -> Result<Staging> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let time = time.map_or(0, |time| time.as_nanos());
        // Nobody else comes upon this name; if somebody does, one waits for the other.
        let staging = self.stage(&format!("batch-{}-{time:x}-{count}", std::process::id()))?;
        fs::create_dir(&staging.path)?;
        Ok(staging)
    }

    /// Makes one thing in a batch of its own.
    fn alone_in_a_batch<T>(&self, make: impl FnOnce(&Batch<'_>) -> Result<T>) -> Result<T> {
        let batch = self.batch();
        let made = make(&batch)?;
        batch.finish()?;
        Ok(made)
    }

    /// As [`Batch::add_archive`], put in its place at once.
    ///
    /// # Errors
    /// As [`Batch::add_archive`].
    pub fn add_archive(
        &self,
        reader: &mut dyn std::io::Read,
        sha256: &Digest,
        size: u64,
    ) -> Result<()> {
        self.alone_in_a_batch(|batch| batch.add_archive(reader, sha256, size))
    }

    /// As [`Batch::install_package`], put in its place at once.
    ///
    /// # Errors
    /// As [`Batch::install_package`].
    pub fn install_package(
        &self,
        sha256: &Digest,
        name: &puck_package::PackageName,
        version: &semver::Version,
    ) -> Result<InstalledPackage> {
        self.alone_in_a_batch(|batch| batch.install_package(sha256, name, version))
    }

    /// As [`Batch::environment`], put in its place at once.
    ///
    /// # Errors
    /// As [`Batch::environment`].
    pub fn environment(&self, request: &EnvironmentRequest<'_>) -> Result<Environment> {
        self.alone_in_a_batch(|batch| batch.environment(request))
    }
}

impl Batch<'_> {
    /// Flushes everything that was made and puts it in its place.
    ///
    /// # Errors
    /// If it cannot be written or renamed.
    pub fn finish(self) -> Result<()> {
        self.flush()
    }

    /// Flushes everything that was made so far and puts it in its place, such as an environment that
    /// something is to be loaded from before the batch is finished.
    ///
    /// # Errors
    /// If it cannot be written or renamed.
    pub fn flush(&self) -> Result<()> {
        self.put_in_place(&mut self.waiting())
    }

    /// A path in `staging/` at which nothing is.
    pub(crate) fn place(&self, kind: &str) -> Result<PathBuf> {
        let number = self.places.fetch_add(1, Ordering::Relaxed);
        let mut staging = unpoisoned(&self.staging);
        let staging = match &mut *staging {
            Some(staging) => staging,
            none => none.insert(self.store.stage_batch()?),
        };
        Ok(staging.path.join(format!("{kind}-{number}")))
    }

    /// Takes something that is whole.
    pub(crate) fn ready(&self, thing: Thing) -> Result<()> {
        let mut waiting = self.waiting();
        waiting.things.push(thing);
        let since = *waiting.since.get_or_insert_with(Instant::now);
        if since.elapsed() < LONGEST {
            return Ok(());
        }
        self.put_in_place(&mut waiting)
    }

    /// Where an archive is that was added to this batch and is not in its place yet.
    pub(crate) fn fresh_archive(&self, sha256: &Digest) -> Option<PathBuf> {
        let waiting = self.waiting();
        let mut things = waiting.things.iter();
        let found = things.find(|thing| thing.made == Made::Archive(*sha256));
        found.map(|thing| thing.from.clone())
    }

    /// Removes an archive, such as one that was fetched and that nothing can be installed from.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub fn remove_archive(&self, sha256: &Digest) -> Result<()> {
        let fresh = |thing: &mut Thing| thing.made == Made::Archive(*sha256);
        let taken: Vec<Thing> = self.waiting().things.extract_if(.., fresh).collect();
        for thing in taken {
            files::remove(&thing.from)?;
        }
        self.store.remove_archive(sha256)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        unpoisoned(&self.waiting)
    }

    fn put_in_place(&self, waiting: &mut Waiting) -> Result<()> {
        let mut things = std::mem::take(&mut waiting.things);
        waiting.since = None;
        let Some(first) = things.first() else {
            return Ok(());
        };
        files::sync_file_system(&first.from)?;
        things.sort_by_key(|thing| thing.made);
        let folders: BTreeSet<_> = things
            .iter()
            .filter_map(|thing| thing.to.parent())
            .collect();
        for folder in folders {
            fs::create_dir_all(folder)?;
        }
        things.iter().try_for_each(|thing| self.put(thing))
    }

    fn put(&self, thing: &Thing) -> Result<()> {
        let Thing { made, from, to } = thing;
        loop {
            match fs::rename(from, to) {
                Ok(()) => break,
                // What has its name is whole, unless it is damaged.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists
                    ) => {}
                Err(error) => return Err(error.into()),
            }
            let name = to.file_name().unwrap_or_default().to_string_lossy();
            let withdrawn = self.store.stage(&format!("withdrawn-{name}"))?;
            if self.is_whole(*made, from, to)? {
                // Somebody else was faster.
                return Ok(());
            }
            match files::withdraw_directory(to, &withdrawn.path) {
                Err(Error::Io(error)) if error.kind() == ErrorKind::NotFound => {}
                result => result?,
            }
        }
        match made {
            Made::Archive(_) => Ok(()),
            Made::Package | Made::Library | Made::Environment => files::seal_directory(to),
        }
    }

    /// Whether what stands at `to` does as well as what was made at `from`.
    fn is_whole(&self, made: Made, from: &std::path::Path, to: &std::path::Path) -> Result<bool> {
        match made {
            Made::Archive(_) => Ok(true),
            Made::Package => {
                let name = to.file_name().unwrap_or_default().to_string_lossy();
                let state = self.store.state(&name)?;
                Ok(matches!(state, crate::installed::State::Whole(_)))
            }
            Made::Library => {
                let key = to.file_name().and_then(|name| name.to_str()?.parse().ok());
                Ok(match key {
                    Some(key) => self.store.library(&key)?.is_some(),
                    None => false,
                })
            }
            Made::Environment => files::same_trees(from, to),
        }
    }
}

/// What a thread that panicked left in these is whole, or not in them.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(store: &Store, bytes: &[u8]) -> (Digest, PathBuf) {
        let sha256 = Digest::of(bytes);
        (sha256, store.archive_path(&sha256))
    }

    #[test]
    fn nothing_is_in_its_place_before_the_end() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(home.path()).expect("opens");
        let (sha256, place) = sample(&store, b"content");
        let add = |batch: &Batch<'_>| {
            batch
                .add_archive(&mut &b"content"[..], &sha256, 7)
                .expect("adds");
            assert!(batch.fresh_archive(&sha256).is_some());
            assert!(!place.exists());
        };
        let given_up = store.batch();
        add(&given_up);
        drop(given_up);
        assert!(!place.exists());

        let batch = store.batch();
        add(&batch);
        batch.finish().expect("finishes");
        assert_eq!(fs::read(&place).expect("reads"), b"content");
        let left = fs::read_dir(store.staging_directory()).expect("staging/");
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn what_waits_too_long_is_put_in_its_place() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(home.path()).expect("opens");
        let batch = store.batch();
        let (first, second) = (sample(&store, b"first"), sample(&store, b"second"));
        batch
            .add_archive(&mut &b"first"[..], &first.0, 5)
            .expect("adds");
        batch.waiting().since = Instant::now().checked_sub(LONGEST);
        batch
            .add_archive(&mut &b"second"[..], &second.0, 6)
            .expect("adds");
        assert!(first.1.exists() && second.1.exists());
        assert!(batch.fresh_archive(&first.0).is_none());
        batch.remove_archive(&first.0).expect("removes");
        assert!(!first.1.exists());
    }

    #[test]
    fn what_is_of_no_use_never_gets_its_name() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(home.path()).expect("opens");
        let batch = store.batch();
        let (sha256, place) = sample(&store, b"useless");
        batch
            .add_archive(&mut &b"useless"[..], &sha256, 7)
            .expect("adds");
        batch.remove_archive(&sha256).expect("removes");
        batch.finish().expect("finishes");
        assert!(!place.exists());
    }
}
