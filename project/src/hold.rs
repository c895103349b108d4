//! A project kept from other processes.
//!
//! Whoever changes a manifest, a lockfile or `.puck` reads them first, and what he writes follows
//! from what he read; so processes that do this to the same project take turns. The lock is a
//! `flock` on the project's folder itself: it leaves no file behind, and goes with the process.
//! Readers need none, since files are replaced by renames.
//!
//! Members of a workspace share one lockfile, and so the lock of the workspace's folder.
//!
//! It comes before the lock of a target folder and those of the store, and nobody holds two.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::workspace::Whole;
use crate::{Error, Project, files};

/// Other processes wait while this value lives.
#[must_use]
pub(crate) struct Hold {
    /// `None` on a file system that does not lock folders.
    _folder: Option<fs_err::File>,
}

impl Hold {
    /// Waits for the folder's lock, and removes what a killed process left.
    pub(crate) fn wait(directory: &Path) -> Result<Self, Error> {
        let folder = fs_err::File::open(directory)?;
        if folder.file().lock().is_err() {
            return Ok(Self { _folder: None });
        }
        // A project that may only be read has nothing to be tidied up.
        _ = files::sweep(directory);
        Ok(Self {
            _folder: Some(folder),
        })
    }
}

impl Project {
    /// Waits until no other process changes the project, and gives what is locked as it is then:
    /// the project, or the [`Whole`] of the workspace that it is or is a member of.
    pub(crate) fn hold(&self) -> Result<(Self, Hold), Error> {
        let (project, hold) = self.hold_itself()?;
        Ok((Whole::of(&project)?.project, hold))
    }

    /// As [`Project::hold`], but gives the project itself.
    pub(crate) fn hold_itself(&self) -> Result<(Self, Hold), Error> {
        let hold = Hold::wait(self.locked_directory())?;
        let project = if self.stamp.is_some() && self.stamp == Stamp::of(&self.manifest().path) {
            self.clone()
        } else {
            Self::open(self.directory())?.in_workspace(self.workspace().cloned())
        };
        Ok((project, hold))
    }
}

/// What tells whether a file is still the one that was read, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: (u64, u64),
    modified: (i64, i64),
    size: u64,
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let file = fs_err::metadata(path).ok()?;
        Some(Self {
            inode: (file.dev(), file.ino()),
            modified: (file.mtime(), file.mtime_nsec()),
            size: file.size(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_at_a_time_and_as_it_is_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Puck.toml");
        fs_err::write(&path, "[dependencies]\n").unwrap();
        let early = Project::open(folder.path()).unwrap();

        let (first, hold) = early.hold().unwrap();
        assert_eq!(first.manifest().dependencies.len(), 0);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (second, _hold) = early.hold().unwrap();
                sender.send(second.manifest().dependencies.len()).unwrap();
            });
            let waits = receiver.recv_timeout(Duration::from_millis(100));
            assert!(waits.is_err(), "it does not wait");
            files::replace(&path, b"[dependencies]\nlinalg = \"1\"\n").unwrap();
            drop(hold);
            assert_eq!(receiver.recv().unwrap(), 1);
        });
        assert!(early.hold().is_ok());
    }
}
