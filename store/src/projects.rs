//! `projects/`: which folders have an environment of this store, so that it is not taken away.
//!
//! A record is a symbolic link to the project's folder, named by the digest of the folder's path:
//! made in one step, the same by whoever makes it, and never changed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;
use puck_package::{Digest, lockfile};

use crate::activate::LINK;
use crate::{Error, Result, Store, files};

/// A project that has used the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownProject {
    /// The project's folder, as an absolute path.
    pub directory: PathBuf,
    /// The record of it.
    pub(crate) record: PathBuf,
}

impl Store {
    /// Remembers that the project in the folder `project` needs what its `Puck.lock` and its
    /// `.puck` name. [`Store::activate`] does this, too.
    ///
    /// # Errors
    /// If that cannot be written. A store that may only be read remembers nothing: nobody who may
    /// only read it can remove anything from it either.
    pub fn remember(&self, project: &Path) -> Result<()> {
        let project = std::path::absolute(project)?;
        let directory = self.projects_directory();
        let name = Digest::of(project.as_os_str().as_encoded_bytes());
        let record = directory.join(name.prefix(32));
        let made = match symlink(&project, &record) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(&directory).and_then(|()| symlink(&project, &record))
            }
            made => made,
        };
        match made {
            Err(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::AlreadyExists
                        | ErrorKind::PermissionDenied
                        | ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                Err(error.into())
            }
            _ => Ok(()),
        }
    }

    /// The projects that have used the store and are still there, by folder.
    ///
    /// # Errors
    /// [`Error::UnreadableProject`] if it cannot be told whether one is.
    pub fn projects(&self) -> Result<Vec<KnownProject>> {
        let mut found = self.records()?;
        let mut error = None;
        found.retain(|project| {
            project.is_there().unwrap_or_else(|failed| {
                error.get_or_insert(failed);
                false
            })
        });
        error.map_or(Ok(found), Err)
    }

    /// All records, also those of projects that are gone.
    pub(crate) fn records(&self) -> Result<Vec<KnownProject>> {
        let mut found = Vec::new();
        for record in files::entries(&self.projects_directory())? {
            match fs::read_link(&record) {
                Ok(directory) => found.push(KnownProject { directory, record }),
                // Nobody's work but somebody's else: no record.
                Err(error) if error.kind() == ErrorKind::InvalidInput => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        found.sort_by(|a, b| a.directory.cmp(&b.directory));
        Ok(found)
    }
}

impl KnownProject {
    /// Whether there is still something in the folder that needs the store.
    pub(crate) fn is_there(&self) -> Result<bool> {
        for name in [LINK, lockfile::FILE] {
            match fs::symlink_metadata(self.directory.join(name)) {
                Ok(_) => return Ok(true),
                Err(error) if is_gone(&error) => {}
                Err(source) => return Err(self.unreadable(source)),
            }
        }
        Ok(false)
    }

    pub(crate) fn unreadable(&self, source: std::io::Error) -> Error {
        Error::UnreadableProject {
            project: self.directory.clone(),
            record: self.record.clone(),
            source,
        }
    }
}

/// Whether an error says that there is no such file.
pub(crate) fn is_gone(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_until_nothing_is_left() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("home")).expect("opens");
        assert_eq!(store.projects().expect("reads"), []);
        let project = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir(&path).expect("a folder");
            path
        };
        let (locked, linked, empty) = (project("locked"), project("linked"), project("empty"));
        fs::write(locked.join("Puck.lock"), "").expect("writes");
        symlink("nowhere", linked.join(".puck")).expect("links");
        for _ in 0..2 {
            for path in [&locked, &linked, &empty] {
                store.remember(path).expect("remembers");
            }
        }
        let known = |store: &Store| -> Vec<PathBuf> {
            let projects = store.projects().expect("reads");
            projects.into_iter().map(|known| known.directory).collect()
        };
        assert_eq!(known(&store), [linked.clone(), locked.clone()]);
        fs::remove_file(linked.join(".puck")).expect("removes");
        fs::remove_dir_all(&locked).expect("removes");
        assert_eq!(known(&store), Vec::<PathBuf>::new());
        assert_eq!(store.records().expect("reads").len(), 3);
    }
}
