//! Who keeps things in the store, and who takes them away: a lock on the store's folder itself.
//!
//! Whoever installs finds packages in the store, builds an environment of them and makes a
//! project's `.puck` lead to it. Only then can [`Store::gc`] see that they are needed. So
//! installers hold the lock together with each other ([`Store::keep`]) from their first look until
//! then, and whoever removes things holds it alone, for as long as it takes to look and to rename.
//!
//! Locks of this kind are not given out in turn. So that whoever removes things gets his even where
//! somebody installs at any moment, those who come while he waits let him go first, but not for
//! long: he may be waiting for a download.
//!
//! The lock is a `flock` on the folder: it leaves no file behind, goes with the process, and may be
//! had by somebody who may only read the store.

use std::fs::TryLockError;
use std::time::{Duration, Instant};

use fs_err as fs;

use crate::{Result, Store};

/// What whoever waits to remove things holds meanwhile.
const WAITING: &str = "removal-waits";
/// How long he is let go first.
const PATIENCE: Duration = Duration::from_secs(2);

/// While this value lives, nothing is removed from the store, except what is damaged and being
/// replaced. It may be held several times at once.
#[derive(Debug)]
#[must_use]
pub struct Keep {
    /// `None` on a file system that does not lock folders.
    _folder: Option<fs::File>,
}

/// While this value lives, nobody holds a [`Keep`].
#[derive(Debug)]
#[must_use]
pub(crate) struct Alone {
    _folder: fs::File,
}

impl Store {
    /// Keeps everything that is in the store, or will be, where it is. Waits for a moment if things
    /// are being removed just now.
    ///
    /// # Errors
    /// If the store's folder cannot be made or opened.
    pub fn keep(&self) -> Result<Keep> {
        let folder = self.open_home()?;
        self.give_way();
        let locked = folder.file().lock_shared().is_ok();
        Ok(Keep {
            _folder: locked.then_some(folder),
        })
    }

    /// Waits until nobody keeps anything; `waiting` is called if that is not at once.
    pub(crate) fn alone(&self, waiting: &mut dyn FnMut()) -> Result<Alone> {
        let folder = self.open_home()?;
        match folder.file().try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                let _waiting = self.stage(WAITING)?;
                folder.file().lock()?;
            }
            // Without a lock nothing can be removed safely.
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(Alone { _folder: folder })
    }

    /// Waits while somebody waits to remove things.
    fn give_way(&self) {
        let path = self.staging_directory().join(format!("{WAITING}.lock"));
        let start = Instant::now();
        while let Ok(file) = fs::File::open(&path)
            && matches!(file.file().try_lock_shared(), Err(TryLockError::WouldBlock))
            && start.elapsed() < PATIENCE
        {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn open_home(&self) -> Result<fs::File> {
        match fs::File::open(self.home()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                fs::create_dir_all(self.home())?;
                Ok(fs::File::open(self.home())?)
            }
            opened => Ok(opened?),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn keepers_go_together_and_removers_wait_for_them() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&home.path().join("new")).expect("opens");
        let first = store.keep().expect("the lock");
        let second = store.keep().expect("the lock, too");
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut waited = false;
                let alone = store.alone(&mut || waited = true).expect("the lock");
                sender.send(waited).expect("somebody listens");
                drop(alone);
            });
            drop(first);
            let early = receiver.recv_timeout(Duration::from_millis(100));
            assert!(early.is_err(), "it does not wait");
            drop(second);
            assert!(receiver.recv().expect("an answer"), "it says that it waits");
        });
        drop(store.keep().expect("the lock again"));
    }
}
