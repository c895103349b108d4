//! Files that are there whole or not at all: written beside their place, flushed, renamed.

use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use fs_err as fs;
use puck_package::Digest;
use tempfile::NamedTempFile;

/// A new temporary file in `directory`, to be moved into place on the same file system.
///
/// Readable as far as the umask allows: a web server may run as somebody else.
pub(crate) fn temporary(directory: &Path) -> io::Result<NamedTempFile> {
    fs::create_dir_all(directory)?;
    tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(directory)
}

/// Moves `file` to `path`, in place of what is there, and makes sure that it stays.
///
/// The time of the change becomes later than that of what was there, however coarse the clock is:
/// so whoever remembers size and time of a file knows whether it is another one.
pub(crate) fn put(file: NamedTempFile, path: &Path) -> io::Result<()> {
    if let Ok(before) = fs::metadata(path).and_then(|old| old.modified())
        && file.as_file().metadata()?.modified()? <= before
    {
        let later = before + Duration::from_nanos(1);
        file.as_file()
            .set_modified(later)
            .map_err(|error| at(path, &error))?;
    }
    file.as_file().sync_all()?;
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    file.persist(path).map_err(|error| at(path, &error.error))?;
    sync_directory(parent)
}

/// Writes `bytes` to `path`, in place of what is there.
pub(crate) fn write(temporaries: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = temporary(temporaries)?;
    file.write_all(bytes).map_err(|error| at(path, &error))?;
    put(file, path)
}

/// Writes `bytes` to `path`, below `private`: nobody but the owner may look into either.
pub(crate) fn write_private(
    temporaries: &Path,
    private: &Path,
    path: &Path,
    bytes: &[u8],
) -> io::Result<()> {
    match std::fs::DirBuilder::new().mode(0o700).create(private) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(at(private, &error));
        }
        _ => {}
    }
    fs::create_dir_all(temporaries)?;
    let mut file = NamedTempFile::new_in(temporaries)?;
    file.write_all(bytes).map_err(|error| at(path, &error))?;
    put(file, path)
}

/// Copies what `reader` gives to a temporary file; its digest and its size in bytes.
pub(crate) fn copy(
    temporaries: &Path,
    reader: &mut impl Read,
) -> io::Result<(NamedTempFile, Digest, u64)> {
    let mut file = temporary(temporaries)?;
    let mut hasher = Digest::hasher();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let (bytes, _) = buffer.split_at(count);
        hasher.write_all(bytes)?;
        file.write_all(bytes)
            .map_err(|error| at(temporaries, &error))?;
    }
    let (sha256, size) = hasher.finish();
    Ok((file, sha256, size))
}

/// Removes `path`, which may be gone already.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Flushes the names in a directory to the disk.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    fs::File::open(directory)?.sync_all()
}

/// An error that names the file, like those of `fs_err`.
fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("cannot write `{}`: {error}", path.display()),
    )
}
