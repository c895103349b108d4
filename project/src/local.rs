//! Packages that are built from folders: `{ path = "../local" }`, and theirs in turn.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use puck_package::{Dependency, PackageName, Patch};
use puck_resolver::{Candidate, CandidateDependency};

use crate::{Error, Project};

/// The packages that a project is built with from folders, by name.
#[derive(Debug, Default)]
pub(crate) struct LocalPackages {
    packages: BTreeMap<PackageName, LocalPackage>,
    /// The folders that packages are taken from whatever else is said of them: `[patch]`.
    patched: BTreeMap<PackageName, PathBuf>,
}

/// A package in a folder.
#[derive(Debug)]
pub(crate) struct LocalPackage {
    pub(crate) project: Project,
    /// The folder as the lockfile names it: relative to the project that is locked.
    pub(crate) path: String,
}

impl LocalPackages {
    /// Reads the manifests of all packages that `project` reaches by path, or patches by one.
    pub(crate) fn of(project: &Project) -> Result<Self, Error> {
        Self::with(project, &[])
    }

    /// As [`LocalPackages::of`], taking the packages of `known` as they are given.
    pub(crate) fn with(project: &Project, known: &[Project]) -> Result<Self, Error> {
        let mut found = Self {
            patched: patched(project),
            ..Self::default()
        };
        let mut open = found.open_paths(project)?;
        let patched = found.patched.iter();
        open.extend(patched.map(|(name, path)| (name.clone(), path.clone())));
        while let Some((name, directory)) = open.pop() {
            if let Some(first) = found.packages.get(&name) {
                let first = first.project.directory().to_owned();
                if first == directory {
                    continue;
                }
                let second = directory;
                return Err(Error::TwoPaths {
                    name,
                    first,
                    second,
                });
            }
            let known = known.iter().find(|known| known.directory() == directory);
            let local = match known.cloned().map_or_else(|| Project::open(&directory), Ok) {
                Err(Error::NoProject(_)) => {
                    return Err(Error::NoLocalPackage { name, directory });
                }
                opened => opened?,
            };
            let actual = &local.package()?.name;
            if *actual != name {
                return Err(Error::OtherName {
                    expected: name,
                    found: actual.clone(),
                    manifest: local.manifest().path.clone(),
                });
            }
            open.extend(found.open_paths(&local)?);
            let path = relative(project.directory(), &directory);
            let project = local;
            found.packages.insert(name, LocalPackage { project, path });
        }
        Ok(found)
    }

    /// The paths that `project` names and that were not read yet.
    fn open_paths(&self, project: &Project) -> Result<Vec<(PackageName, PathBuf)>, Error> {
        let mut open = Vec::new();
        for (name, dependency) in &project.manifest().dependencies {
            let Some(path) = &dependency.path else {
                continue;
            };
            let directory = match self.patched.get(name) {
                Some(patched) => patched.clone(),
                None => normalized(&project.directory().join(path)),
            };
            match self.packages.get(name) {
                None => open.push((name.clone(), directory)),
                Some(known) if known.project.directory() == directory => {}
                Some(known) => {
                    return Err(Error::TwoPaths {
                        name: name.clone(),
                        first: known.project.directory().to_owned(),
                        second: directory,
                    });
                }
            }
        }
        Ok(open)
    }

    pub(crate) fn get(&self, name: &PackageName) -> Option<&LocalPackage> {
        self.packages.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &PackageName> {
        self.packages.keys()
    }

    /// `project` and all of these, each with what it is called in sentences.
    pub(crate) fn with_names<'a>(
        &'a self,
        project: &'a Project,
    ) -> impl Iterator<Item = (String, &'a Project)> {
        let itself = match &project.manifest().package {
            Some(package) => format!("{} {}", package.name, package.version),
            None => "your project".to_owned(),
        };
        let local = self.packages.iter().map(|(name, local)| {
            let who = format!("{name} in {}", local.project.directory().display());
            (who, &local.project)
        });
        std::iter::once((itself, project)).chain(local)
    }

    /// The one version that there is of a package in a folder.
    pub(crate) fn candidate(&self, name: &PackageName) -> Result<Option<Candidate>, Error> {
        let Some(local) = self.get(name) else {
            return Ok(None);
        };
        let package = local.project.package()?;
        let mut candidate = Candidate::new(package.version.clone());
        candidate.dependencies = dependencies(&local.project.manifest().dependencies);
        let patched = self.patched.contains_key(name);
        let by = if patched { ", by [patch]" } else { "" };
        candidate.note = Some(format!("from {}{by}", local.path));
        Ok(Some(candidate))
    }
}

/// The folders of the patches of `project`.
fn patched(project: &Project) -> BTreeMap<PackageName, PathBuf> {
    let patches = project.manifest().patches.iter();
    let paths = patches.filter_map(|(name, patch)| match patch {
        Patch::Path(path) => {
            let directory = normalized(&project.directory().join(path));
            Some((name.clone(), directory))
        }
        Patch::Registry { .. } => None,
    });
    paths.collect()
}

fn dependencies(sections: &BTreeMap<PackageName, Dependency>) -> Vec<CandidateDependency> {
    sections
        .iter()
        .map(|(name, dependency)| CandidateDependency {
            name: name.clone(),
            requirement: dependency.requirement.clone(),
            series: None,
        })
        .collect()
}

/// The path without `.` and `..`, by its text alone.
pub(crate) fn normalized(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if result.file_name().is_some() => drop(result.pop()),
            component => result.push(component),
        }
    }
    result
}

/// `to` as seen from the folder `from`; both are absolute.
pub(crate) fn relative(from: &Path, to: &Path) -> String {
    let common = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = from
        .components()
        .skip(common)
        .map(|_| std::path::Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(common)).collect();
    match path.to_string_lossy() {
        text if text.is_empty() => ".".to_owned(),
        text => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, expected) in [
            ("/a/b/../c", "/a/c"),
            ("/a/./b/", "/a/b"),
            ("/../a", "/../a"),
            ("/a/b/../../c", "/c"),
        ] {
            assert_eq!(normalized(Path::new(path)), Path::new(expected), "{path}");
        }
        for (from, to, expected) in [
            ("/a/b", "/a/c", "../c"),
            ("/a/b", "/a/b/c", "c"),
            ("/a/b/c", "/a", "../.."),
            ("/a", "/a", "."),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), expected);
        }
    }
}
