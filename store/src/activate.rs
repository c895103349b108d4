//! A project's `.puck`: a symbolic link to an environment, swapped by one rename.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;

use crate::{Environment, Error, Result, Store};

/// The name of the link in a project's folder.
pub(crate) const LINK: &str = ".puck";
/// What the names of half-made links begin with.
const HALF_MADE: &str = ".puck-new-";

impl Store {
    /// Makes `environment` the project's. From one moment to the next `.puck` points to it; a
    /// program that has opened the old one keeps it. The store [remembers](Store::remember) the project.
    ///
    /// # Errors
    /// [`Error::NotALink`] if `.puck` is a file or a folder: it is left alone.
    pub fn activate(&self, project: &Path, environment: &Environment) -> Result<()> {
        self.remember(project)?;
        let link = project.join(LINK);
        // The name says where the link leads, so whoever else makes it makes the same.
        let half_made = project.join(format!("{HALF_MADE}{}", environment.key.prefix(16)));
        loop {
            match self.active(project)? {
                Some(found) if found == environment.path => return remove_half_made(project),
                _ => {}
            }
            match symlink(&environment.path, &half_made) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
                _ => {}
            }
            match fs::rename(&half_made, &link) {
                Ok(()) => return remove_half_made(project),
                // Another process has just moved or removed it.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Where the project's `.puck` points to; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::NotALink`] if it is a file or a folder.
    pub fn active(&self, project: &Path) -> Result<Option<PathBuf>> {
        let link = project.join(LINK);
        match fs::symlink_metadata(&link) {
            Ok(found) if !found.is_symlink() => Err(Error::NotALink(link)),
            Ok(_) => Ok(Some(fs::read_link(&link)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Removes what a killed process may have left. One that lives makes its link again.
fn remove_half_made(project: &Path) -> Result<()> {
    for entry in fs::read_dir(project)? {
        let entry = entry?;
        let ours = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(HALF_MADE));
        if ours && entry.file_type()?.is_symlink() {
            crate::files::remove(&entry.path())?;
        }
    }
    Ok(())
}
