//! Things in the making: each has a place in `staging/` and a lock, and goes if it is not finished.

use std::fs::TryLockError;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::{Result, Store, files};

/// The ending of the lock files.
const LOCK: &str = ".lock";

/// A place in `staging/` that nobody else uses while this value lives.
#[derive(Debug)]
pub(crate) struct Staging {
    /// Where to make the thing; nothing is there at first.
    pub(crate) path: PathBuf,
    _lock: Lock,
}

impl Store {
    /// Removes, once for each value, what killed processes left.
    pub(crate) fn sweep(&self) {
        // Not being able to tidy up is no reason not to go on.
        self.swept
            .call_once(|| drop(sweep(&self.staging_directory())));
    }

    /// Waits until nobody makes `thing`, then holds its place.
    pub(crate) fn stage(&self, thing: &str) -> Result<Staging> {
        let directory = self.staging_directory();
        fs::create_dir_all(&directory)?;
        self.sweep();
        let lock = Lock::wait(directory.join(format!("{thing}{LOCK}")))?;
        let path = directory.join(thing);
        files::remove(&path)?;
        Ok(Staging { path, _lock: lock })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next sweep.
        drop(files::remove(&self.path));
    }
}

/// A locked file, which is removed when the lock is given up.
#[derive(Debug)]
struct Lock {
    file: fs::File,
    path: PathBuf,
}

impl Lock {
    fn wait(path: PathBuf) -> Result<Self> {
        loop {
            let file = open(&path)?;
            file.file().lock()?;
            if is_at(&file, &path) {
                return Ok(Self { file, path });
            }
        }
    }

    /// The lock, unless somebody has it.
    fn take(path: PathBuf) -> Result<Option<Self>> {
        let file = open(&path)?;
        match file.file().try_lock() {
            Ok(()) => Ok(is_at(&file, &path).then_some(Self { file, path })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is held: whoever waits for it sees that the file is no longer at its
        // path, and starts over.
        drop(fs::remove_file(&self.path));
        drop(self.file.file().unlock());
    }
}

fn open(path: &Path) -> Result<fs::File> {
    Ok(fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?)
}

/// Whether `file` is what stands at `path` now.
fn is_at(file: &fs::File, path: &Path) -> bool {
    let (Ok(held), Ok(named)) = (file.metadata(), fs::metadata(path)) else {
        return false;
    };
    (held.dev(), held.ino()) == (named.dev(), named.ino())
}

/// Removes everything in `staging/` whose lock can be taken.
fn sweep(directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let Ok(name) = entry?.file_name().into_string() else {
            continue;
        };
        let thing = name.strip_suffix(LOCK).unwrap_or(&name);
        if let Some(lock) = Lock::take(directory.join(format!("{thing}{LOCK}")))? {
            files::remove(&directory.join(thing))?;
            drop(lock);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn entries(store: &Store) -> Vec<String> {
        let entries = fs::read_dir(store.staging_directory()).expect("staging/");
        entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    }

    #[test]
    fn leftovers_go_and_living_things_stay() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let first = Store::open(home.path()).expect("opens");
        let held = first.stage("held").expect("a place");
        fs::create_dir(&held.path).expect("a folder");
        for leftover in ["dead/a/b", "dead-too"] {
            fs::create_dir_all(first.staging_directory().join(leftover)).expect("folders");
        }
        fs::write(first.staging_directory().join("dead.lock"), "").expect("a file");
        fs::write(first.staging_directory().join("alone.lock"), "").expect("a file");

        let second = Store::open(home.path()).expect("opens");
        drop(second.stage("other").expect("a place"));
        let mut left = entries(&second);
        left.sort();
        assert_eq!(left, ["held", "held.lock"]);
        drop(held);
        assert!(entries(&second).is_empty());
    }

    #[test]
    fn one_at_a_time() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let inside = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let store = Store::open(home.path()).expect("opens");
                    for _ in 0..50 {
                        let place = store.stage("thing").expect("a place");
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        assert!(!place.path.exists());
                        fs::write(&place.path, "made").expect("a file");
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
    }
}
