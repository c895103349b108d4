//! Self-contained copies of environments, for machines without Puck.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use puck_package::Digest;

use crate::{Error, Result, Store, files};

impl Store {
    /// Copies the environment in the folder `environment` to `directory`, with files in place of
    /// links. The copy is an ordinary folder: it may be changed, moved and removed.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] if something is at `directory` already; nothing is there after any error.
    pub fn export(&self, environment: &Path, directory: &Path) -> Result<()> {
        let directory = std::path::absolute(directory)?;
        let (Some(parent), Some(name)) = (directory.parent(), directory.file_name()) else {
            return Err(Error::NotEmpty(directory));
        };
        fs::create_dir_all(parent)?;
        check_empty(&directory)?;
        let path = Digest::of(directory.as_os_str().as_encoded_bytes());
        // The place in the store is not used, only its lock: a rename needs the same file system.
        let _lock = self.stage(&format!("export-{path}"))?;
        let mut beside = std::ffi::OsString::from(".puck-export-");
        beside.push(name);
        let beside = parent.join(beside);
        files::remove(&beside)?;

        let result = copy_tree(environment, &beside, &mut BTreeMap::new()).and_then(|()| {
            check_empty(&directory)?;
            fs::rename(&beside, &directory)?;
            files::sync_parent(&directory)
        });
        if result.is_err() {
            drop(files::remove(&beside));
        }
        result
    }
}

fn check_empty(directory: &Path) -> Result<()> {
    let empty = match fs::symlink_metadata(directory) {
        Ok(found) => found.is_dir() && fs::read_dir(directory)?.next().is_none(),
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        Err(error) => return Err(error.into()),
    };
    if empty {
        Ok(())
    } else {
        Err(Error::NotEmpty(directory.to_owned()))
    }
}

/// Copies a tree, following links. Links to one file become names of one copy.
fn copy_tree(from: &Path, to: &Path, copied: &mut BTreeMap<PathBuf, PathBuf>) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let source = fs::canonicalize(entry.path())?;
        let target = to.join(entry.file_name());
        if fs::metadata(&source)?.is_dir() {
            copy_tree(&source, &target, copied)?;
        } else if let Some(first) = copied.get(&source) {
            fs::hard_link(first, &target)?;
        } else {
            fs::copy(&source, &target)?;
            fs::set_permissions(&target, Permissions::from_mode(0o644))?;
            fs::File::open(&target)?.sync_all()?;
            copied.insert(source, target);
        }
    }
    Ok(())
}
