//! The one who may write: the lock, and what a predecessor left undone.

use std::io;

use fs_err as fs;
use puck_package::{IndexLine, format};

use crate::log::{self, Action, LogEntry};
use crate::{Error, Registry, beside};

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
pub(crate) struct Writer<'a> {
    registry: &'a Registry,
    /// Unlocks when it is closed.
    _lock: fs::File,
}

impl<'a> Writer<'a> {
    /// Waits for the lock, then finishes or undoes what was left half done.
    pub(crate) fn lock(registry: &'a Registry) -> Result<Self, Error> {
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

    /// Makes a change: `entry` to the log, and before that the `lines` of its package to the index.
    /// `place` puts what else belongs to it into place.
    pub(crate) fn change(
        &self,
        entry: LogEntry,
        lines: &[IndexLine],
        place: impl FnOnce() -> io::Result<()>,
    ) -> Result<(), Error> {
        let write = Error::write(self.registry.directory());
        let incoming = self.registry.incoming();
        self.done(Step::Locked)?;

        let (state, _) = log::last(&self.registry.log_path())?;
        let entry = entry.after(&state);
        let pending = format!("{}\n", entry.to_json());
        beside::write(&incoming, &self.registry.pending_path(), pending.as_bytes())
            .map_err(&write)?;
        self.done(Step::Announced)?;

        place().map_err(&write)?;
        self.done(Step::ArchiveInPlace)?;

        let text: String = lines.iter().map(|line| line.to_json() + "\n").collect();
        beside::write(
            &incoming,
            &self.registry.index_path(&entry.name),
            text.as_bytes(),
        )
        .map_err(&write)?;
        self.done(Step::IndexInPlace)?;

        log::append(&self.registry.log_path(), &entry).map_err(&write)?;
        self.done(Step::Logged)?;

        beside::remove(&self.registry.pending_path()).map_err(&write)
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
        let (state, last) = log::last(&self.registry.log_path())?;
        log::cut_torn_line(&self.registry.log_path(), &state).map_err(&write)?;

        let path = self.registry.pending_path();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let entry: LogEntry =
            format::read_json(&path.display().to_string(), &bytes, format::REGISTRY)?;
        let lines = self.registry.versions(&entry.name)?;
        let line = lines.iter().find(|line| line.version == entry.version);
        if last.is_some_and(|last| last.same_change(&entry)) {
            // All was done but this file removed.
        } else if line.is_some_and(|line| says(line, &entry)) {
            log::append(&self.registry.log_path(), &entry.after(&state)).map_err(&write)?;
        } else if line.is_none() {
            let archive = self.registry.archive_path(&entry.name, &entry.version);
            beside::remove(&archive).map_err(&write)?;
        }
        beside::remove(&path).map_err(&write)
    }
}

/// Whether the index says what `entry` says.
fn says(line: &IndexLine, entry: &LogEntry) -> bool {
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
