//! Files that are there whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

/// What the names of files in the making begin with.
const IN_THE_MAKING: &str = ".puck-";

/// Writes `bytes` to `path` in place of what is there: beside it, flushed, renamed.
///
/// # Errors
/// If that fails; the file is then as it was, and the error names it.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let write = || -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        // The mode that the umask leaves, not the private one of a temporary file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.prefix(IN_THE_MAKING).tempfile_in(directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        fs_err::File::open(directory)?.sync_all()
    };
    // The name of the temporary file, which such errors carry, is of no use to anybody.
    write().map_err(|error| {
        let kind = error.kind();
        io::Error::new(kind, format!("cannot write {}: {kind}", path.display()))
    })
}

/// Removes what a killed [`replace`] left in `directory`, where no other process may be writing.
///
/// # Errors
/// If the folder cannot be read, or a file not be removed.
pub(crate) fn sweep(directory: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = name
            .to_str()
            .is_some_and(|name| name.starts_with(IN_THE_MAKING));
        // Links of this kind are the store's, which removes them itself.
        if ours && entry.file_type()?.is_file() {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Removes a folder and all that is in it; that there is none is no error.
///
/// # Errors
/// If something cannot be removed.
pub(crate) fn remove_all(directory: &Path) -> io::Result<()> {
    match fs_err::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaced_and_swept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for bytes in [&b"first"[..], b"", b"second"] {
            replace(&at("file"), bytes).unwrap();
            assert_eq!(fs_err::read(at("file")).unwrap(), bytes);
        }
        for left in [".puck-a1B2c3", ".puck", ".puckrc"] {
            fs_err::write(at(left), "left").unwrap();
        }
        fs_err::os::unix::fs::symlink("file", at(".puck-new-0123")).unwrap();
        sweep(folder.path()).unwrap();
        let mut names: Vec<_> = fs_err::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, [".puck", ".puck-new-0123", ".puckrc", "file"]);

        remove_all(&at("nothing")).unwrap();
        remove_all(folder.path()).unwrap();
        assert!(!folder.path().exists());
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("absent/file");
        let error = replace(&path, b"").unwrap_err().to_string();
        let expected = format!("cannot write {}: entity not found", path.display());
        assert_eq!(error, expected);
    }
}
