//! What the store holds of a package, and of a project.

use std::path::Path;

use puck_package::{EnvironmentDocument, PackageName};

use crate::installed::State;
use crate::{Error, InstalledPackage, Result, Store, environment, files};

impl Store {
    /// The installed versions of a package, in no particular order. A folder that is damaged, is
    /// being made, or is the work of a newer puck is passed over.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn installed_packages(&self, name: &PackageName) -> Result<Vec<InstalledPackage>> {
        let entries = match fs_err::read_dir(self.packages_directory()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let prefix = format!("{name}-");
        let mut found = Vec::new();
        for entry in entries {
            let file_name = entry?.file_name();
            // `linalg-` also begins the folders of a package `linalg-extra`.
            let Some(directory) = file_name.to_str().filter(|d| d.starts_with(&prefix)) else {
                continue;
            };
            match self.state(directory) {
                Ok(State::Whole(package)) if package.document.name == *name => {
                    found.push(*package);
                }
                // What a newer puck installed is not there for this one.
                Ok(_) | Err(Error::Newer { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The packages in the environment that a project's `.puck` leads to, as far as they are there.
    ///
    /// # Errors
    /// If the store cannot be read; [`Error::NotALink`].
    pub fn active_packages(&self, project: &Path) -> Result<Vec<InstalledPackage>> {
        let Some(target) = self.active(project)? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for package in environment::packages(&target)? {
            match self.installed_package(&package.sha256, &package.name, &package.version) {
                Ok(installed) => found.extend(installed),
                Err(Error::Newer { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// What each environment says of itself. One that is damaged or the work of a newer puck is
    /// passed over.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn environment_documents(&self) -> Result<Vec<EnvironmentDocument>> {
        let mut found = Vec::new();
        for directory in files::entries(&self.environments_directory())? {
            found.extend(environment::document(&directory)?);
        }
        Ok(found)
    }
}
