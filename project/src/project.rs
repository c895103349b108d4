//! A project: a folder with a manifest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use puck_package::{Lockfile, Manifest, PackageSection, lockfile, manifest};
use puck_store::Store;

use crate::hold::{Hold, Stamp};
use crate::{Error, WorkspaceError, files, workspace};

/// A folder with a `Puck.toml`, or with a `Cargo.toml` that has `[package.metadata.puck]`.
#[derive(Clone, Debug)]
pub struct Project {
    directory: PathBuf,
    manifest: Manifest,
    /// The workspace that it is a member of, as its folder has it.
    workspace: Option<Arc<Self>>,
    /// Of the manifest's file, from just before it was read; `None` if it was not read from one.
    pub(crate) stamp: Option<Stamp>,
}

impl Project {
    /// The project that `start` is in: the nearest folder, from `start` upward, with a manifest.
    ///
    /// # Errors
    /// [`Error::NoProject`] if there is none; if the manifest is not valid; if the project is below a
    /// workspace that does not list it.
    pub fn find(start: &Path) -> Result<Self, Error> {
        let start = std::path::absolute(start)?;
        for directory in start.ancestors() {
            if let Some(mut project) = Self::in_directory(directory)? {
                project.workspace = workspace::root_of(&project.manifest, directory)?;
                return Ok(project);
            }
        }
        Err(Error::NoProject(start))
    }

    /// The project in `directory` itself, whatever workspace it may be a member of.
    ///
    /// # Errors
    /// [`Error::NoProject`] if there is none; if the manifest is not valid.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let directory = std::path::absolute(directory)?;
        Self::in_directory(&directory)?.ok_or(Error::NoProject(directory))
    }

    /// The user's own project, below the store, made on first use.
    ///
    /// # Errors
    /// If it cannot be made, or its manifest is not valid.
    pub fn user(store: &Store) -> Result<Self, Error> {
        let directory = store.user_directory();
        let path = directory.join(manifest::FILE);
        if !path.exists() {
            fs_err::create_dir_all(&directory)?;
            let _hold = Hold::wait(&directory)?;
            if !path.exists() {
                let text = "# What `puck install NAME` installed.\n\n[dependencies]\n";
                files::replace(&path, text.as_bytes())?;
            }
        }
        Self::open(&directory)
    }

    fn in_directory(directory: &Path) -> Result<Option<Self>, Error> {
        let path = directory.join(manifest::FILE);
        let (stamp, manifest) = if path.is_file() {
            (Stamp::of(&path), Manifest::read(&path)?)
        } else {
            let path = directory.join("Cargo.toml");
            if !path.is_file() {
                return Ok(None);
            }
            let stamp = Stamp::of(&path);
            match crate_manifest(&path)? {
                Some(manifest) => (stamp, manifest),
                None => return Ok(None),
            }
        };
        Ok(Some(Self {
            directory: directory.to_owned(),
            manifest,
            workspace: None,
            stamp,
        }))
    }

    /// The same folder with another manifest.
    pub(crate) fn with_manifest(&self, manifest: Manifest) -> Self {
        Self {
            directory: self.directory.clone(),
            manifest,
            workspace: self.workspace.clone(),
            stamp: None,
        }
    }

    /// The same project as a member of a workspace.
    pub(crate) fn in_workspace(mut self, workspace: Option<Arc<Self>>) -> Self {
        self.workspace = workspace;
        self
    }

    /// The workspace that it is a member of, if it was found as one.
    pub(crate) fn workspace(&self) -> Option<&Arc<Self>> {
        self.workspace.as_ref()
    }

    /// The manifest that says where registries are: its own, or that of its workspace.
    pub(crate) fn root_manifest(&self) -> &Manifest {
        &self.workspace.as_deref().unwrap_or(self).manifest
    }

    /// Where the lockfile and `.puck` are: its own folder, or that of its workspace.
    #[must_use]
    pub fn locked_directory(&self) -> &Path {
        &self.workspace.as_deref().unwrap_or(self).directory
    }

    /// The folder, as an absolute path.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What is built here.
    ///
    /// # Errors
    /// [`Error::NoPackage`] if the project only consumes packages.
    pub fn package(&self) -> Result<&PackageSection, Error> {
        let missing = || match self.manifest.workspace {
            Some(_) => WorkspaceError::NoneChosen(self.manifest.path.clone()).into(),
            None => Error::NoPackage(self.manifest.path.clone()),
        };
        self.manifest.package.as_ref().ok_or_else(missing)
    }

    /// Where the lockfile is, or would be.
    #[must_use]
    pub fn lockfile_path(&self) -> PathBuf {
        self.locked_directory().join(lockfile::FILE)
    }

    /// The lockfile, if there is one.
    ///
    /// # Errors
    /// If it is not valid.
    pub fn lockfile(&self) -> Result<Option<Lockfile>, Error> {
        Ok(Lockfile::read(&self.lockfile_path())?)
    }

    /// Where builds put what they make.
    #[must_use]
    pub fn target_directory(&self) -> PathBuf {
        self.directory.join("target").join("puck")
    }
}

/// The manifest in a `Cargo.toml`; `None` if it has no `[package.metadata.puck]`.
fn crate_manifest(path: &Path) -> Result<Option<Manifest>, Error> {
    // Cargo is asked only about crates that are function packages: asking takes a while, and a
    // folder above a project may hold any crate.
    let text = manifest::read_text(path)?;
    let document = text.parse::<toml_edit::DocumentMut>();
    let is_package = document.is_ok_and(|document| {
        let keys = ["package", "metadata", "puck"];
        keys.iter()
            .try_fold(document.as_item(), |item, key| item.get(key))
            .is_some()
    });
    if !is_package {
        return Ok(None);
    }
    #[cfg(feature = "compiler")]
    return Ok(Some(puck_compiler::cargo_manifest(path)?));
    #[cfg(not(feature = "compiler"))]
    return Err(Error::NoCompiler(format!("reading {}", path.display())));
}
