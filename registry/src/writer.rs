//! The one who may write: the lock, and what a predecessor left undone.

use std::io;
use std::path::PathBuf;

use fs_err as fs;
use puck_package::{IndexLine, PackageName, format};
use tempfile::NamedTempFile;

use crate::log::{self, Action, LogEntry, LogState};
use crate::{Error, Offered, Registry, beside, index_file, time};

/// The steps of a change, in their order; see the crate's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Locked,
    Announced,
    ArchiveInPlace,
    IndexInPlace,
    Logged,
}

/// Holds the exclusive lock on a registry that is in order.
///
/// [`Registry::publish`] and [`Registry::yank`] do all that most callers need. Whoever has more to
/// ask before he makes a change asks it while he holds this.
#[derive(Debug)]
pub struct Writer<'a> {
    registry: &'a Registry,
    /// Unlocks when it is closed.
    _lock: fs::File,
}

impl<'a> Writer<'a> {
    /// Waits for the lock, then finishes or undoes what was left half done.
    ///
    /// # Errors
    /// If the registry cannot be written, or is damaged.
    pub fn lock(registry: &'a Registry) -> Result<Self, Error> {
        let write = Error::write(registry.directory());
        let lock = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(registry.lock_path())
            .map_err(&write)?;
        lock.file().lock()?;
        let writer = Self {
            registry,
            _lock: lock,
        };
        writer.recover()?;
        Ok(writer)
    }

    /// The end of a step. Tests end the change here, as a kill would.
    pub(crate) fn done(&self, step: Step) -> Result<(), Error> {
        #[cfg(test)]
        fault::check(step)?;
        let _ = (self, step);
        Ok(())
    }

    /// Makes a change: the index says `line` from now on, because of `action`, and the log says so.
    /// What is published brings its archive.
    ///
    /// Whether the change is allowed has been asked since the lock was taken.
    ///
    /// # Errors
    /// If the registry cannot be written, or the archive cannot be read or is another one now.
    pub fn change(
        &self,
        action: Action,
        line: &IndexLine,
        archive: Option<&Offered>,
    ) -> Result<(), Error> {
        let registry = self.registry;
        let write = Error::write(registry.directory());
        let incoming = registry.incoming();
        let copy = archive.map(|offered| self.incoming_copy(offered));
        let copy = copy.transpose()?;
        self.done(Step::Locked)?;

        let (state, _) = log::file::last(&registry.log_path())?;
        let (line, entry) = change_after(&state, action, line);
        let pending = format!("{}\n", entry.to_json());
        beside::write(&incoming, &registry.pending_path(), pending.as_bytes()).map_err(&write)?;
        self.done(Step::Announced)?;

        if let Some(copy) = copy {
            let place = registry.archive_path(&line.name, &line.version);
            beside::put(copy, &place).map_err(&write)?;
        }
        self.done(Step::ArchiveInPlace)?;

        let text = index_file::with(&registry.versions(&line.name)?, &line);
        let path = registry.index_path(&line.name);
        beside::write(&incoming, &path, text.as_bytes()).map_err(&write)?;
        self.done(Step::IndexInPlace)?;

        log::file::append(&registry.log_path(), &entry).map_err(&write)?;
        self.done(Step::Logged)?;

        beside::remove(&registry.pending_path()).map_err(&write)
    }

    /// Puts the archive of a version that is published into its place again.
    ///
    /// # Errors
    /// If the registry cannot be written.
    pub fn restore(&self, offered: &Offered) -> Result<(), Error> {
        let copy = self.incoming_copy(offered)?;
        let document = &offered.document;
        let place = self
            .registry
            .archive_path(&document.name, &document.version);
        beside::put(copy, &place).map_err(Error::write(self.registry.directory()))
    }

    /// Writes `bytes` to the private file at `path`, which is relative to the registry, in place of
    /// what is there: whole or not at all, and for the registry's owner's eyes only.
    ///
    /// # Errors
    /// If the registry cannot be written.
    pub fn write_private(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.registry.directory().join(path);
        beside::write_private(
            &self.registry.incoming(),
            &self.registry.private(),
            &path,
            bytes,
        )
        .map_err(Error::write(self.registry.directory()))
    }

    /// Has a package that nobody published yet belong to nobody.
    ///
    /// # Errors
    /// If the registry cannot be written.
    pub fn forget_owners(&self, name: &PackageName) -> Result<(), Error> {
        let path = self.registry.directory().join(owners_path(name));
        beside::remove(&path).map_err(Error::write(self.registry.directory()))
    }

    /// A copy of the archive in the registry, not in its place yet.
    fn incoming_copy(&self, offered: &Offered) -> Result<NamedTempFile, Error> {
        let mut source = fs::File::open(&offered.path)?;
        let (copy, sha256, _) = beside::copy(&self.registry.incoming(), &mut source)
            .map_err(Error::write(self.registry.directory()))?;
        if sha256 == offered.sha256 {
            Ok(copy)
        } else {
            let path: PathBuf = offered.path.clone();
            Err(Error::Changed { path })
        }
    }

    fn recover(&self) -> Result<(), Error> {
        let write = Error::write(self.registry.directory());
        // Nobody else writes, so nobody needs what lies here.
        match fs::read_dir(self.registry.incoming()) {
            Ok(entries) => {
                for entry in entries {
                    beside::remove(&entry?.path()).map_err(&write)?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let (state, last) = log::file::last(&self.registry.log_path())?;
        log::file::cut_torn_line(&self.registry.log_path(), &state).map_err(&write)?;

        let path = self.registry.pending_path();
        let Some(entry) = announced(self.registry)? else {
            return Ok(());
        };
        let lines = self.registry.versions(&entry.name)?;
        let line = lines.iter().find(|line| line.version == entry.version);
        if last.is_some_and(|last| last.same_change(&entry)) {
            // All was done but this file removed.
        } else if line.is_some_and(|line| says(line, &entry)) {
            log::file::append(&self.registry.log_path(), &entry.after(&state)).map_err(&write)?;
        } else if line.is_none() {
            let archive = self.registry.archive_path(&entry.name, &entry.version);
            beside::remove(&archive).map_err(&write)?;
        }
        beside::remove(&path).map_err(&write)
    }
}

/// Where it is kept, relative to the registry, who may publish more versions of `name`.
#[must_use]
pub fn owners_path(name: &PackageName) -> String {
    format!("private/owners/{name}.json")
}

/// The line as the index will have it, and the log line, if they are to follow `state`.
#[must_use]
pub fn change_after(state: &LogState, action: Action, line: &IndexLine) -> (IndexLine, LogEntry) {
    let mut line = line.clone();
    let time = if action == Action::Publish {
        line.time.clone()
    } else {
        line.changed = Some(state.entries + 1);
        time::now()
    };
    let entry = LogEntry::new(action, &line, time).after(state);
    (line, entry)
}

/// The change that somebody announced and did not finish, if there is one.
pub(crate) fn announced(registry: &Registry) -> Result<Option<LogEntry>, Error> {
    let path = registry.pending_path();
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let entry = format::read_json(&path.display().to_string(), &bytes, format::REGISTRY)?;
    Ok(Some(entry))
}

/// Whether the index says what `entry` says.
pub(crate) fn says(line: &IndexLine, entry: &LogEntry) -> bool {
    match entry.action {
        Action::Publish => line.sha256 == entry.sha256,
        Action::Yank => line.yanked,
        Action::Unyank => !line.yanked,
    }
}

/// Ends a change in the middle, as a kill would: nothing is cleaned up.
#[cfg(test)]
pub(crate) mod fault {
    use std::cell::Cell;

    use super::{Error, Step};

    thread_local! {
        static AT: Cell<Option<Step>> = const { Cell::new(None) };
    }

    /// Has the next change of this thread end after `step`.
    pub(crate) fn after(step: Step) {
        AT.set(Some(step));
    }

    pub(crate) fn check(step: Step) -> Result<(), Error> {
        if AT.get() == Some(step) {
            AT.set(None);
            return Err(std::io::Error::other("killed").into());
        }
        Ok(())
    }
}
