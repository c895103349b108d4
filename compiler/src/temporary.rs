//! Files and folders in the making.
//!
//! All of them are in one folder of the cache, `temporary/`, and are renamed to their places when
//! they are whole. So what a killed build leaves is found in one place and can be removed at once.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempDir};

/// Writes a file, so that readers see all of `bytes` or what was there before. Its place is in the
/// folder `cache`, or below.
pub(crate) fn write(cache: &Path, place: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with_mode(cache, place, bytes, 0o666)
}

/// As [`write`], for a file that is to be executed.
pub(crate) fn write_program(cache: &Path, place: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with_mode(cache, place, bytes, 0o777)
}

/// A folder for what is thrown away again.
pub(crate) fn directory(cache: &Path) -> io::Result<TempDir> {
    Builder::new().tempdir_in(folder(cache)?)
}

/// Removes what killed builds left in the folder `cache`, where no build may be at work.
///
/// # Errors
/// If something cannot be removed.
pub fn sweep(cache: &Path) -> io::Result<()> {
    // A compiler that outlived its build may still write there. What it leaves goes the next time.
    for _ in 0..TRIES {
        match fs_err::remove_dir_all(cache.join(FOLDER)) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// How often to begin again when something is written meanwhile.
const TRIES: usize = 10;

/// The name of the folder.
const FOLDER: &str = "temporary";

fn folder(cache: &Path) -> io::Result<PathBuf> {
    let folder = std::path::absolute(cache)?.join(FOLDER);
    fs_err::create_dir_all(&folder)?;
    Ok(folder)
}

fn write_with_mode(cache: &Path, place: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    if let Some(parent) = place.parent() {
        fs_err::create_dir_all(parent)?;
    }
    let mut file = Builder::new()
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder(cache)?)?;
    // Not flushed to the disk: what is read from the cache is checked against a digest.
    file.write_all(bytes)?;
    file.persist(place).map_err(|error| {
        let message = format!("{}: {}", place.display(), error.error);
        io::Error::new(error.error.kind(), message)
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_whole_and_leftovers_go() {
        let cache = tempfile::tempdir().unwrap();
        let root = cache.path();
        let (text, program) = (root.join("a/b/text"), root.join("program"));
        for content in ["first", "second"] {
            write(root, &text, content.as_bytes()).unwrap();
            write_program(root, &program, content.as_bytes()).unwrap();
            assert_eq!(fs_err::read_to_string(&text).unwrap(), content);
        }
        let is_executable =
            |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o100 != 0;
        assert!(is_executable(&program) && !is_executable(&text));
        assert_eq!(fs_err::read_dir(root.join(FOLDER)).unwrap().count(), 0);

        let left = directory(root).unwrap().keep();
        fs_err::write(left.join("half"), "made").unwrap();
        sweep(root).unwrap();
        assert!(!left.exists());
        sweep(root).unwrap();
        assert!(text.exists() && directory(root).is_ok());
    }
}
