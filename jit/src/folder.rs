//! Where callers lie that no cache keeps: a folder for this process, gone when it is done.
//!
//! Files, and not memory files (`memfd`): `gdb`, `perf` and whoever reads `/proc/PID/maps` open
//! libraries by their paths. A killed process leaves its folder; the next one removes it, as nobody
//! holds its lock.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

const PREFIX: &str = "puck-jit-";
const LOCK: &str = "lock";
/// How old a folder must be to be taken for left over: its owner makes it first and locks it then.
const SETTLED: Duration = Duration::from_secs(60);

/// A folder that is removed when it is dropped.
pub(crate) struct Folder {
    // Released after the folder was removed.
    directory: TempDir,
    _lock: fs_err::File,
    written: AtomicUsize,
}

impl Folder {
    pub(crate) fn new() -> io::Result<Self> {
        let parent = std::env::temp_dir();
        sweep(&parent);
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = fs_err::File::create_new(directory.path().join(LOCK))?;
        lock.file().lock()?;
        Ok(Self {
            directory,
            _lock: lock,
            written: AtomicUsize::new(0),
        })
    }

    /// Whether it is still there: whoever tidies up temporary files may not know of locks.
    pub(crate) fn is_there(&self) -> bool {
        self.directory.path().is_dir()
    }

    /// Writes a library into the folder, as a file of its own: what another thread has loaded must
    /// not be written to.
    pub(crate) fn write(&self, library: &[u8]) -> io::Result<PathBuf> {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.path().join(format!("caller-{number}.so"));
        fs_err::write(&path, library)?;
        Ok(path)
    }
}

/// Removes folders whose processes are gone; those that cannot be removed stay.
fn sweep(parent: &Path) {
    let Ok(entries) = fs_err::read_dir(parent) else {
        return;
    };
    let named = |entry: &fs_err::DirEntry| entry.file_name().to_string_lossy().starts_with(PREFIX);
    for entry in entries.flatten().filter(named) {
        if is_left(&entry.path()) {
            let _ = fs_err::remove_dir_all(entry.path());
        }
    }
}

fn is_left(folder: &Path) -> bool {
    let lock = folder.join(LOCK);
    let is_settled = |made: SystemTime| {
        let age = SystemTime::now().duration_since(made);
        age.is_ok_and(|age| age > SETTLED)
    };
    // Anybody may have put anything here: opening a pipe would wait for its other end.
    let is_old = fs_err::symlink_metadata(&lock)
        .is_ok_and(|found| found.is_file() && found.modified().is_ok_and(is_settled));
    is_old && fs_err::File::open(lock).is_ok_and(|lock| lock.file().try_lock().is_ok())
}
