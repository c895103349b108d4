//! Workspaces: projects below a folder that share its lockfile and its environment.
//!
//! The folder's manifest lists them: `[workspace] members = ["a", "crates/*"]`. It may be a package
//! itself, or none. What is locked and installed is always the whole: a project without code of its
//! own that depends on all members by path. So members are packages like others that are built from
//! folders, and depend on one another by path.
//!
//! A command works on the member that it is called in. A project below the folder that is no member
//! is refused, rather than locked by itself in a place where nobody looks; an empty `[workspace]` in
//! its manifest makes it a workspace of its own.

mod error;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use puck_package::lockfile::PackageSource;
use puck_package::{
    BuildSection, Dependency, Lockfile, Manifest, PackageId, PackageName, manifest,
};
use semver::VersionReq;

pub use error::WorkspaceError;

use crate::local::{normalized, relative};
use crate::{Error, Project};

/// The workspace that has the project in `directory` as a member; `None` if the project stands for
/// itself.
pub(crate) fn root_of(project: &Manifest, directory: &Path) -> Result<Option<Arc<Project>>, Error> {
    if project.workspace.is_some() {
        return Ok(None);
    }
    for root in directory.ancestors().skip(1) {
        // A crate has a workspace of Cargo's.
        if !root.join(manifest::FILE).is_file() {
            continue;
        }
        let workspace = Project::open(root)?;
        if workspace.manifest().workspace.is_none() {
            continue;
        }
        if folders(root, workspace.manifest())?.contains_key(directory) {
            return Ok(Some(Arc::new(workspace)));
        }
        return Err(Error::Workspace(WorkspaceError::NotAMember {
            project: directory.to_owned(),
            root: root.to_owned(),
            relative: relative(root, directory),
        }));
    }
    Ok(None)
}

/// The folders of the members, with what the manifest calls them.
fn folders(root: &Path, manifest: &Manifest) -> Result<BTreeMap<PathBuf, String>, Error> {
    let mut folders = BTreeMap::new();
    let mut by_name = BTreeMap::new();
    let path = || manifest.path.clone();
    for member in manifest.workspace.iter().flat_map(|w| &w.members) {
        if !member.contains(['*', '?', '[']) {
            let directory = normalized(&root.join(member));
            if by_name.insert(directory.clone(), member.clone()).is_some() {
                let (manifest, member) = (path(), member.clone());
                return Err(WorkspaceError::Twice { manifest, member }.into());
            }
            if !is_project(&directory) {
                let (manifest, member) = (path(), member.clone());
                return Err(WorkspaceError::NoManifest { manifest, member }.into());
            }
            folders.insert(directory, member.clone());
            continue;
        }
        let wrong = |reason: String| WorkspaceError::Pattern {
            manifest: path(),
            member: member.clone(),
            reason,
        };
        let escaped = glob::Pattern::escape(&root.to_string_lossy());
        let found = glob::glob(&format!("{escaped}/{member}"))
            .map_err(|error| wrong(error.msg.to_owned()))?;
        for directory in found {
            let directory = directory.map_err(|error| wrong(error.to_string()))?;
            // Other folders, and files, may be beside the members.
            if is_project(&directory) && directory != root {
                let name = relative(root, &directory);
                folders.entry(normalized(&directory)).or_insert(name);
            }
        }
    }
    Ok(folders)
}

fn is_project(directory: &Path) -> bool {
    let files = [manifest::FILE, "Cargo.toml"];
    files.iter().any(|file| directory.join(file).is_file())
}

/// What is locked and installed as one: a project, or a workspace.
pub(crate) struct Whole {
    /// The project that the lockfile is for. Of a workspace, one that depends on all members.
    pub(crate) project: Project,
    /// The packages of a workspace, of which its folder itself may be one.
    pub(crate) members: Vec<Project>,
}

impl Whole {
    /// The whole that `project` is, or is a member of; `project` itself as it is given.
    pub(crate) fn of(project: &Project) -> Result<Self, Error> {
        let root = match project.workspace() {
            Some(root) => Project::open(root.directory())?,
            None => project.clone(),
        };
        if root.manifest().workspace.is_none() {
            return Ok(Self {
                project: root,
                members: Vec::new(),
            });
        }
        let members = members(&root, project)?;
        let mut manifest = root.manifest().clone();
        if manifest.package.take().is_some() {
            manifest.build = BuildSection::default();
            manifest.functions.clear();
            manifest.dependencies.clear();
        }
        for member in &members {
            let requirement = VersionReq::STAR;
            let dependency = Dependency {
                requirement,
                registry: None,
                path: Some(relative(root.directory(), member.directory()).into()),
            };
            let name = member.package()?.name.clone();
            manifest.dependencies.insert(name, dependency);
        }
        Ok(Self {
            project: root.with_manifest(manifest),
            members,
        })
    }

    /// Whether it is a workspace.
    pub(crate) fn is_workspace(&self) -> bool {
        !self.members.is_empty()
    }

    /// What serves the dependencies of `project`, which is a member or the whole.
    pub(crate) fn direct(&self, project: &Project, lockfile: &Lockfile) -> Vec<PackageId> {
        let package = project.manifest().package.as_ref();
        let locked = package.filter(|_| self.is_workspace()).and_then(|package| {
            let mut locked = lockfile.packages.iter();
            locked.find(|p| p.name == package.name && p.version == package.version)
        });
        match locked {
            Some(locked) => locked.dependencies.clone(),
            None => lockfile.dependencies.clone(),
        }
    }
}

/// The packages of the workspace `root`, `known` among them as it is given.
fn members(root: &Project, known: &Project) -> Result<Vec<Project>, Error> {
    let path = &root.manifest().path;
    let mut members = Vec::new();
    if root.manifest().package.is_some() {
        members.push((".".to_owned(), root.clone()));
    }
    for (directory, member) in folders(root.directory(), root.manifest())? {
        let project = if directory == known.directory() {
            known.clone()
        } else {
            match Project::open(&directory) {
                Err(Error::NoProject(_)) => {
                    let manifest = path.clone();
                    return Err(WorkspaceError::NoManifest { manifest, member }.into());
                }
                opened => opened?,
            }
        };
        let manifest = path.clone();
        if project.manifest().workspace.is_some() {
            return Err(WorkspaceError::Nested { manifest, member }.into());
        }
        if project.manifest().package.is_none() {
            return Err(WorkspaceError::NoPackage { manifest, member }.into());
        }
        if let Some(section) = &project.manifest().environment {
            let (at, line) = (project.manifest().path.clone(), section.line);
            return Err(WorkspaceError::MembersEnvironment {
                at,
                line,
                root: manifest,
            }
            .into());
        }
        members.push((member, project));
    }
    let mut names: BTreeMap<&PackageName, &str> = BTreeMap::new();
    for (member, project) in &members {
        let name = &project.package()?.name;
        if let Some(first) = names.insert(name, member) {
            return Err(Error::Workspace(WorkspaceError::SameName {
                manifest: path.clone(),
                name: name.clone(),
                first: first.to_owned(),
                second: member.clone(),
            }));
        }
    }
    Ok(members.into_iter().map(|(_, project)| project).collect())
}

impl Project {
    /// What `lockfile`, that of this project or of its workspace, has for the project's dependencies.
    /// A workspace that is no package depends on its members.
    ///
    /// # Errors
    /// If the workspace is not valid.
    pub fn dependencies(&self, lockfile: &Lockfile) -> Result<Vec<PackageId>, Error> {
        Ok(Whole::of(self)?.direct(self, lockfile))
    }

    /// The package `name` of the workspace that this project is or belongs to, or this project
    /// itself if that is its name.
    ///
    /// # Errors
    /// [`WorkspaceError::UnknownMember`] if there is none; if the workspace is not valid.
    pub fn member(&self, name: &PackageName) -> Result<Self, Error> {
        let whole = Whole::of(self)?;
        let alone = [self.clone()];
        let all = if whole.is_workspace() {
            &whole.members[..]
        } else {
            &alone[..]
        };
        let is_it = |p: &&Self| {
            p.manifest()
                .package
                .as_ref()
                .is_some_and(|p| p.name == *name)
        };
        let found = all.iter().find(is_it).cloned().ok_or_else(|| {
            let packages = all.iter().flat_map(|p| &p.manifest().package);
            WorkspaceError::UnknownMember {
                name: name.clone(),
                root: whole.project.directory().to_owned(),
                members: packages.map(|package| package.name.to_string()).collect(),
            }
        })?;
        let is_root = found.directory() == whole.project.directory();
        let workspace = match self.workspace() {
            Some(workspace) => Arc::clone(workspace),
            None => Arc::new(self.clone()),
        };
        Ok(found.in_workspace((!is_root).then_some(workspace)))
    }
}

/// The part of `lockfile` that `direct` needs.
pub(crate) fn needed(lockfile: &Lockfile, direct: &[PackageId]) -> Lockfile {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&PackageId> = direct.iter().collect();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let package = lockfile.package(id);
            open.extend(package.into_iter().flat_map(|p| &p.dependencies));
        }
    }
    let packages = lockfile.packages.iter();
    let packages = packages.filter(|package| seen.contains(&package.id()));
    Lockfile::new(direct.to_vec(), packages.cloned().collect())
}

/// The members of the workspace that `whole` stands for, as they are locked; none if it is no
/// workspace.
pub(crate) fn members_in(whole: &Project, lockfile: &Lockfile) -> Vec<PackageId> {
    if whole.manifest().workspace.is_none() {
        return Vec::new();
    }
    let by_path = |id: &&PackageId| {
        let package = lockfile.package(id);
        package.is_some_and(|package| matches!(package.source, PackageSource::Path(_)))
    };
    lockfile
        .dependencies
        .iter()
        .filter(by_path)
        .cloned()
        .collect()
}

/// `lockfile` without the packages `left_out`.
pub(crate) fn without(lockfile: &Lockfile, left_out: &[PackageId]) -> Lockfile {
    let keep = |id: &PackageId| !left_out.contains(id);
    let direct = lockfile.dependencies.iter().filter(|id| keep(id));
    let packages = lockfile
        .packages
        .iter()
        .filter(|package| keep(&package.id()));
    Lockfile::new(direct.cloned().collect(), packages.cloned().collect())
}
