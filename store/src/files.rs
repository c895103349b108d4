//! Writing, sealing and removing files and trees.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::Permissions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;

use crate::Result;

const FILE_READ_ONLY: u32 = 0o444;
const DIRECTORY_READ_ONLY: u32 = 0o555;
const DIRECTORY_WRITABLE: u32 = 0o755;

/// Writes a read-only file that does not exist yet.
pub(crate) fn write_sealed(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(create_sealed(path, &mut &*bytes)?)
}

/// Copies what `content` gives into a read-only file that does not exist yet.
pub(crate) fn create_sealed(path: &Path, content: &mut dyn Read) -> io::Result<()> {
    let mut file = create_new(path)?;
    io::copy(content, &mut file)?;
    seal_file(&file)
}

/// A new file, to be written and then [sealed](seal_file).
pub(crate) fn create_new(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_READ_ONLY)
        .open(path)
}

/// Makes a file that is open read-only, whatever the umask has made of its mode.
pub(crate) fn seal_file(file: &fs::File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(FILE_READ_ONLY))
}

/// Makes a folder below `root`, and those above it, unless they were `made` before.
pub(crate) fn add_folder(
    root: &Path,
    folder: &Path,
    made: &mut BTreeSet<PathBuf>,
) -> io::Result<()> {
    if folder.as_os_str().is_empty() || made.contains(folder) {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        add_folder(root, parent, made)?;
    }
    fs::create_dir(root.join(folder))?;
    made.insert(folder.to_owned());
    Ok(())
}

/// Makes folders below `directory` read-only. The folder itself stays writable: it must be, to be
/// moved to another one.
pub(crate) fn seal_folders(directory: &Path, folders: &BTreeSet<PathBuf>) -> Result<()> {
    folders
        .iter()
        .try_for_each(|folder| set_mode(&directory.join(folder), DIRECTORY_READ_ONLY))
}

/// Flushes the file system that `path` is on: everything written before it is on the disk then.
///
/// For thousands of small files that takes hardly longer than flushing one of them, and is what
/// journalling file systems do anyway. What other programs wrote meanwhile is flushed too.
pub(crate) fn sync_file_system(path: &Path) -> Result<()> {
    let file = fs::File::open(path)?;
    Ok(rustix::fs::syncfs(file.file()).map_err(io::Error::from)?)
}

/// Whether two trees hold the same files, links and folders.
pub(crate) fn same_trees(one: &Path, other: &Path) -> Result<bool> {
    let names = |directory: &Path| -> Result<BTreeSet<OsString>> {
        let entries = fs::read_dir(directory)?;
        Ok(entries
            .map(|entry| Ok(entry?.file_name()))
            .collect::<io::Result<_>>()?)
    };
    let names_of_one = names(one)?;
    if names_of_one != names(other)? {
        return Ok(false);
    }
    for name in names_of_one {
        let (one, other) = (one.join(&name), other.join(&name));
        let kinds = (
            fs::symlink_metadata(&one)?.file_type(),
            fs::symlink_metadata(&other)?.file_type(),
        );
        let same = kinds.0 == kinds.1
            && if kinds.0.is_dir() {
                same_trees(&one, &other)?
            } else if kinds.0.is_symlink() {
                fs::read_link(&one)? == fs::read_link(&other)?
            } else {
                fs::read(&one)? == fs::read(&other)?
            };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
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

/// Moves a file out of its place; that there is none is no error.
pub(crate) fn withdraw_file(from: &Path, to: &Path) -> Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        moved => Ok(moved?),
    }
}

/// What is in a folder, in order; nothing if there is none.
pub(crate) fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths: Result<Vec<PathBuf>, io::Error> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}

/// How coarsely it is recorded when something was used last.
const USE: Duration = Duration::from_secs(3600);

/// Records in the time of its last change that the folder or file at `path` is in use, unless that
/// was done within the hour, and says whether it was. What is not there yet is new anyway.
pub(crate) fn mark_used(path: &Path) -> Result<bool> {
    let modified = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        found => found?.modified()?,
    };
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
    fn sealed_withdrawn_and_removed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (made, aside) = (folder.path().join("made"), folder.path().join("aside"));
        fs::create_dir_all(made.join("a/b")).expect("folders");
        write_sealed(&made.join("a/b/file"), b"content").expect("writes");
        assert!(write_sealed(&made.join("a/b/file"), b"again").is_err());
        fs_err::os::unix::fs::symlink("nowhere", made.join("a/link")).expect("a link");

        let folders = ["a", "a/b"].map(PathBuf::from).into();
        seal_folders(&made, &folders).expect("seals");
        seal_directory(&made).expect("seals");
        sync_file_system(&made).expect("flushes");
        assert_eq!(mode(&made), DIRECTORY_READ_ONLY);
        assert_eq!(mode(&made.join("a/b")), DIRECTORY_READ_ONLY);
        assert_eq!(mode(&made.join("a/b/file")), FILE_READ_ONLY);

        withdraw_directory(&made, &aside).expect("moves");
        assert!(!made.exists());
        remove(&aside).expect("removes");
        assert!(!aside.exists());
        remove(&aside).expect("is not there and need not be");
    }

    #[test]
    fn trees_are_compared_by_all_that_is_in_them() {
        let make = |spoil: &dyn Fn(&Path)| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            fs::create_dir_all(folder.path().join("a/b")).expect("folders");
            fs::write(folder.path().join("a/b/file"), "content").expect("writes");
            fs_err::os::unix::fs::symlink("there", folder.path().join("a/link")).expect("a link");
            spoil(folder.path());
            folder
        };
        let good = make(&|_| {});
        assert!(same_trees(good.path(), make(&|_| {}).path()).expect("reads"));
        let spoils: [&dyn Fn(&Path); 4] = [
            &|at| fs::write(at.join("a/b/file"), "CONTENT").expect("writes"),
            &|at| fs::remove_file(at.join("a/link")).expect("removes"),
            &|at| fs::write(at.join("more"), "").expect("writes"),
            &|at| {
                fs::remove_file(at.join("a/link")).expect("removes");
                fs_err::os::unix::fs::symlink("elsewhere", at.join("a/link")).expect("a link");
            },
        ];
        for spoil in spoils {
            let spoilt = make(spoil);
            assert!(!same_trees(good.path(), spoilt.path()).expect("reads"));
        }
    }
}
