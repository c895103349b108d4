//! Writing, sealing and removing files and trees.

use std::fs::Permissions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;

use crate::Result;

const FILE_READ_ONLY: u32 = 0o444;
const DIRECTORY_READ_ONLY: u32 = 0o555;
const DIRECTORY_WRITABLE: u32 = 0o755;

/// Writes a file that does not exist yet.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    Ok(file.write_all(bytes)?)
}

/// Flushes a file and makes it read-only.
pub(crate) fn seal_file(path: &Path) -> Result<()> {
    fs::File::open(path)?.sync_all()?;
    set_mode(path, FILE_READ_ONLY)
}

/// Flushes everything below `directory`, and makes it read-only. The folder itself is only flushed:
/// a folder must be writable to be moved to another one ([`publish_directory`]).
pub(crate) fn seal_below(directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            seal_below(&path)?;
            set_mode(&path, DIRECTORY_READ_ONLY)?;
        } else if kind.is_file() {
            seal_file(&path)?;
        }
    }
    sync_directory(directory)
}

/// Moves a sealed folder from `staging/` to its place, where nothing may be, for good.
pub(crate) fn publish_directory(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::rename(from, to)?;
    set_mode(to, DIRECTORY_READ_ONLY)?;
    sync_parent(to)
}

/// Makes a folder in its place read-only, if whoever moved it there was killed before doing so.
pub(crate) fn seal_directory(path: &Path) -> Result<()> {
    let mode = fs::symlink_metadata(path)?.permissions().mode();
    if mode & 0o222 == 0 {
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(DIRECTORY_READ_ONLY)) {
        // Somebody else's, who will do it.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        result => Ok(result?),
    }
}

/// Moves a folder out of its place, so that from one moment to the next it is not there.
pub(crate) fn withdraw_directory(from: &Path, to: &Path) -> Result<()> {
    set_mode(from, DIRECTORY_WRITABLE)?;
    Ok(fs::rename(from, to)?)
}

/// What is in a folder, in order; nothing if there is none.
pub(crate) fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths: Result<Vec<PathBuf>, std::io::Error> =
        entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}

/// How coarsely it is recorded when something was used last.
const USE: Duration = Duration::from_secs(3600);

/// Records in the time of its last change that the folder or file at `path` is in use, unless that
/// was done within the hour, and says whether it was.
pub(crate) fn mark_used(path: &Path) -> Result<bool> {
    let modified = fs::symlink_metadata(path)?.modified()?;
    let recent = SystemTime::now()
        .duration_since(modified)
        .is_ok_and(|age| age < USE);
    if recent {
        return Ok(false);
    }
    // Somebody else's is somebody else's to remove; it need not be marked.
    let marked = fs::File::open(path)?.file().set_modified(SystemTime::now());
    Ok(marked.is_ok())
}

/// Flushes the folder that `path` is in: a rename is only then sure to last.
pub(crate) fn sync_parent(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), sync_directory)
}

fn sync_directory(path: &Path) -> Result<()> {
    Ok(fs::File::open(path)?.sync_all()?)
}

/// Removes a file or a tree, read-only or not; that there is none is no error.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => return remove_tree(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        // There is none, or somebody else was faster.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => Ok(result?),
    }
}

fn remove_tree(directory: &Path) -> Result<()> {
    // Entries can only be removed from a folder that may be written to.
    set_mode(directory, DIRECTORY_WRITABLE)?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(fs::remove_dir(directory)?)
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    Ok(fs::set_permissions(path, Permissions::from_mode(mode))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path)
            .expect("is there")
            .permissions()
            .mode()
            & 0o777
    }

    #[test]
    fn sealed_moved_withdrawn_and_removed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (made, place) = (folder.path().join("made"), folder.path().join("in/place"));
        fs::create_dir_all(made.join("a/b")).expect("folders");
        write_new(&made.join("a/b/file"), b"content").expect("writes");
        assert!(write_new(&made.join("a/b/file"), b"again").is_err());
        fs_err::os::unix::fs::symlink("nowhere", made.join("a/link")).expect("a link");

        seal_below(&made).expect("seals");
        publish_directory(&made, &place).expect("moves");
        assert!(!made.exists());
        assert_eq!(mode(&place), DIRECTORY_READ_ONLY);
        assert_eq!(mode(&place.join("a/b")), DIRECTORY_READ_ONLY);
        assert_eq!(mode(&place.join("a/b/file")), FILE_READ_ONLY);

        withdraw_directory(&place, &made).expect("moves");
        assert!(!place.exists());
        remove(&made).expect("removes");
        assert!(!made.exists());
        remove(&made).expect("is not there and need not be");
    }
}
