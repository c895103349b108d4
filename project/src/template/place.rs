//! Putting files into a folder, all of them or none.
//!
//! They are written into a folder of another name, which is then renamed. Where the folder is there
//! already, and may be where a shell stands, what was written is moved into it instead.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::TemplateError;

/// Writes files, given by path in `directory`.
pub(super) fn write(directory: &Path, files: &[(&str, String)]) -> Result<(), TemplateError> {
    let exists = is_free(directory)?;
    let beside = match directory.parent() {
        _ if exists => directory,
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs_err::create_dir_all(beside)?;
    // As other folders are: what it may be read by is for the umask to say.
    let staged = tempfile::Builder::new()
        .prefix(".puck-new-")
        .permissions(std::fs::Permissions::from_mode(0o777))
        .tempdir_in(beside)?;
    for (path, text) in files {
        let path = staged.path().join(path);
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
        }
        fs_err::write(path, text)?;
    }
    if exists {
        return fill(directory, staged.path());
    }
    fs_err::rename(staged.path(), directory)?;
    // Its name is gone: there is nothing left to remove.
    let _ = staged.keep();
    Ok(())
}

/// Whether the folder is there; an error if there is something to lose.
fn is_free(directory: &Path) -> Result<bool, TemplateError> {
    let path = directory.to_owned();
    match fs_err::symlink_metadata(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
        Ok(_) => {}
    }
    if !directory.is_dir() {
        return Err(TemplateError::NotADirectory { path });
    }
    for entry in fs_err::read_dir(directory)? {
        let found = entry?.file_name();
        if found != ".git" {
            return Err(TemplateError::NotEmpty {
                path,
                found: found.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(true)
}

/// Moves what is in `staged` into `directory`; back out again if that fails halfway.
fn fill(directory: &Path, staged: &Path) -> Result<(), TemplateError> {
    let mut moved: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut move_all = || -> std::io::Result<()> {
        for entry in fs_err::read_dir(staged)? {
            let entry = entry?;
            let to = directory.join(entry.file_name());
            fs_err::rename(entry.path(), &to)?;
            moved.push((entry.path(), to));
        }
        Ok(())
    };
    let result = move_all();
    if result.is_err() {
        for (from, to) in moved {
            // The first error is the one to tell of.
            let _ = fs_err::rename(to, from);
        }
    }
    Ok(result?)
}
