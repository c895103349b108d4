//! The content and the identity of input files, each looked at once a run.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use puck_package::Digest;

/// Digests of input files, remembered for one run, so that a thousand sources that include the same
/// headers read them once.
#[derive(Debug)]
pub(super) struct Files {
    project: PathBuf,
    /// When the run began.
    started: SystemTime,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    digests: HashMap<String, Option<Digest>>,
    states: HashMap<Digest, Option<Digest>>,
    changed_since_start: bool,
}

impl Files {
    /// Paths are relative to `project`, or absolute.
    pub(super) fn new(project: &Path) -> Self {
        Self {
            project: project.to_path_buf(),
            started: SystemTime::now(),
            known: Mutex::default(),
        }
    }

    /// Where `path` is.
    pub(super) fn locate(&self, path: &str) -> PathBuf {
        self.project.join(path)
    }

    /// The digest of a file's content; `None` if it cannot be read.
    pub(super) fn digest(&self, path: &str) -> Option<Digest> {
        if let Some(digest) = self.lock().digests.get(path) {
            return *digest;
        }
        let read = self.read(&self.locate(path));
        let mut known = self.lock();
        known.changed_since_start |= matches!(read, Some((_, true)));
        let digest = read.map(|(digest, _)| digest);
        // The first look counts: all of a run goes by one state of a file.
        *known.digests.entry(path.to_owned()).or_insert(digest)
    }

    /// Whether a file that was looked at was written after the run began. Then what was compiled
    /// and what was hashed need not be the same.
    pub(super) fn changed(&self) -> bool {
        self.lock().changed_since_start
    }

    /// The digest of what including `headers` (one a line) gives: their contents, and which files
    /// in the `search` folders could stand in for them. A new file there that could is a change,
    /// for a compiler might now take it first.
    ///
    /// `None` if a header is gone.
    pub(super) fn state(&self, headers: &str, search: &[String]) -> Option<Digest> {
        let question = Digest::of(format!("{headers}\0{}", search.join("\n")).as_bytes());
        if let Some(state) = self.lock().states.get(&question) {
            return *state;
        }
        let state = self.compute_state(headers, search);
        self.lock().states.insert(question, state);
        state
    }

    fn compute_state(&self, headers: &str, search: &[String]) -> Option<Digest> {
        let mut text = String::new();
        for header in headers.lines() {
            let digest = self.digest(header)?;
            text.push_str(&format!("{header}\0{digest}\n"));
            let mut suffix = PathBuf::new();
            for part in Path::new(header).components().rev().take(4) {
                suffix = if suffix.as_os_str().is_empty() {
                    PathBuf::from(part.as_os_str())
                } else {
                    Path::new(part.as_os_str()).join(&suffix)
                };
                if suffix.is_absolute() {
                    break;
                }
                for folder in search {
                    let candidate = self.project.join(folder).join(&suffix);
                    if candidate.exists() {
                        text.push_str(&format!("{folder}/{}\n", suffix.display()));
                    }
                }
            }
        }
        Some(Digest::of(text.as_bytes()))
    }

    /// The digest, and whether the file was written after the run began.
    fn read(&self, path: &Path) -> Option<(Digest, bool)> {
        let bytes = fs_err::read(path).ok()?;
        let modified = fs_err::metadata(path).ok()?.modified().ok()?;
        Some((Digest::of(&bytes), modified > self.started))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What tells one file from another without reading it: where it really is, its size and the time
/// of its last change. `None` if there is none. For tools, which are large and rarely change.
pub(super) fn identity(path: &Path) -> Option<String> {
    let real = fs_err::canonicalize(path).ok()?;
    let metadata = fs_err::metadata(&real).ok()?;
    let modified = metadata
        .modified()
        .ok()?
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    Some(format!(
        "{} {} {} {}",
        path.display(),
        real.display(),
        metadata.len(),
        modified.as_nanos()
    ))
}

/// The program `name` in the folders that `path` lists, as a shell finds it.
pub(super) fn on_path(path: &OsStr, name: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

#[cfg(test)]
mod tests;
