//! What a package is built against: its dependencies, installed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use puck_package::lockfile::PackageId;
use puck_package::{Lockfile, PackageDocument, STRUCTS};
use puck_store::{EnvironmentPackage, EnvironmentRequest, InstalledPackage, Keep};

use super::packages::Packages;
use crate::build::Against;
use crate::{Error, Project, workspace};

/// What a package is built against.
#[derive(Debug)]
pub(crate) struct Dependencies {
    documents: Vec<PackageDocument>,
    environment: Option<PathBuf>,
    /// No project's `.puck` leads to the environment.
    _keep: Option<Keep>,
}

impl Dependencies {
    /// The same, for the build.
    pub(crate) fn installed(&self) -> Against<'_> {
        Against {
            documents: &self.documents,
            environment: self.environment.as_deref(),
        }
    }

    /// The same, which nobody removes from the store meanwhile.
    pub(super) fn kept(self, keep: Keep) -> Self {
        Self {
            _keep: Some(keep),
            ..self
        }
    }
}

impl Packages<'_> {
    /// What `project`, which depends on `direct`, is built against, of what is `installed`. Where a
    /// source may be of Python, an environment is made: its front end calls functions of dependencies
    /// while it compiles. It also has those headers of dependencies that cannot be made of their
    /// descriptions.
    pub(super) fn against(
        &self,
        project: &Project,
        direct: &[PackageId],
        lockfile: &Lockfile,
        installed: &BTreeMap<PackageId, InstalledPackage>,
    ) -> Result<Dependencies, Error> {
        let documents = direct.iter().filter_map(|id| installed.get(id));
        let documents: Vec<_> = documents.map(|i| i.document.clone()).collect();
        let has_structs = |document: &PackageDocument| document.files.contains_key(STRUCTS);
        let needs_environment = !direct.is_empty()
            && (project.manifest().build.may_have_python() || documents.iter().any(has_structs));
        let environment = match needs_environment {
            true => Some(self.environment(direct, lockfile, installed)?),
            false => None,
        };
        Ok(Dependencies {
            documents,
            environment,
            _keep: None,
        })
    }

    /// The environment of `direct` and all that they need, in its place.
    fn environment(
        &self,
        direct: &[PackageId],
        lockfile: &Lockfile,
        installed: &BTreeMap<PackageId, InstalledPackage>,
    ) -> Result<PathBuf, Error> {
        let needed = workspace::needed(lockfile, direct);
        let packages = needed.packages.iter().filter_map(|package| {
            let id = package.id();
            Some(EnvironmentPackage {
                installed: installed.get(&id)?,
                direct: direct.contains(&id),
            })
        });
        let environment = self.batch.environment(&EnvironmentRequest {
            packages: packages.collect(),
            ..EnvironmentRequest::default()
        })?;
        self.batch.flush()?;
        Ok(environment.path)
    }
}
