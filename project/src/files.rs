//! Files that are there whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

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
        let mut file = builder.prefix(".puck-").tempfile_in(directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        fs_err::File::open(directory)?.sync_all()
    };
    write().map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("cannot write {}: {error}", path.display()),
        )
    })
}
