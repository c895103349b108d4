//! Whether a lockfile still does for the manifests it was made from.

use std::collections::BTreeMap;

use puck_package::lockfile::{PackageId, PackageSource};
use puck_package::{Dependency, Lockfile, PackageName};

use super::patches;
use crate::local::LocalPackages;
use crate::{Error, Project};

/// Why `lockfile` does not do for `project`; `None` if it does.
pub(super) fn difference(
    project: &Project,
    local: &LocalPackages,
    lockfile: &Lockfile,
) -> Result<Option<String>, Error> {
    let dependencies = &project.manifest().dependencies;
    for id in &lockfile.dependencies {
        if !dependencies.contains_key(&id.name) {
            return Ok(Some(format!(
                "`{}` is locked, but the manifest does not need it",
                id.name
            )));
        }
    }
    if let Some(reason) = patches::difference(project, lockfile) {
        return Ok(Some(reason));
    }
    let unmet = |who: &str, dependencies: &_, locked: &_| {
        let taken = Taken { project, local };
        taken.unmet(who, dependencies, locked, lockfile)
    };
    if let Some(reason) = unmet("the manifest", dependencies, &lockfile.dependencies) {
        return Ok(Some(reason));
    }
    for locked in &lockfile.packages {
        let path = match &locked.source {
            PackageSource::Path(path) => Some(path),
            PackageSource::Registry(_) => None,
        };
        let found = local.get(&locked.name);
        if path != found.map(|found| &found.path) {
            return Ok(Some(format!(
                "`{}` comes from somewhere else now",
                locked.name
            )));
        }
        let Some(found) = found else { continue };
        let package = found.project.package()?;
        if package.version != locked.version {
            let (name, now) = (&locked.name, &package.version);
            return Ok(Some(format!(
                "{name} {} is locked, but its folder has {now}",
                locked.version
            )));
        }
        let theirs = &found.project.manifest().dependencies;
        let mut needed = locked.dependencies.iter();
        if let Some(id) = needed.find(|id| !theirs.contains_key(&id.name)) {
            let (who, name) = (&locked.name, &id.name);
            return Ok(Some(format!(
                "`{name}` is locked for `{who}`, whose manifest does not need it"
            )));
        }
        let who = format!("`{}`", locked.name);
        if let Some(reason) = unmet(&who, theirs, &locked.dependencies) {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

/// Where packages are taken from now.
struct Taken<'a> {
    project: &'a Project,
    local: &'a LocalPackages,
}

impl Taken<'_> {
    /// What `who` needs by its manifest and does not have among `locked`.
    fn unmet(
        &self,
        who: &str,
        dependencies: &BTreeMap<PackageName, Dependency>,
        locked: &[PackageId],
        lockfile: &Lockfile,
    ) -> Option<String> {
        dependencies.iter().find_map(|(name, dependency)| {
            let requirement = &dependency.requirement;
            let mut found = locked.iter().filter(|id| id.name == *name);
            match (found.next(), found.next()) {
                (None, _) => Some(format!("{who} needs `{name}`, which is not locked")),
                (Some(_), Some(_)) => Some(format!("`{name}` is locked twice for {who}")),
                // A pre-release that a path has, or that was locked by name, is what it is.
                (Some(id), None) if !requirement.matches(&id.version) => Some(format!(
                    "{who} needs `{name} {requirement}`, but {} is locked",
                    id.version
                )),
                (Some(id), None) => {
                    let source = &lockfile.package(id)?.source;
                    self.moved(name, dependency, source)
                        .then(|| format!("`{name}` comes from somewhere else now"))
                }
            }
        })
    }

    /// Whether a dependency that is locked from `source` is taken from elsewhere. A folder is taken
    /// wherever its package is needed; so is a patch, which was compared already.
    fn moved(&self, name: &PackageName, dependency: &Dependency, source: &PackageSource) -> bool {
        let by_path = self.local.get(name).is_some();
        match source {
            PackageSource::Path(_) => !by_path,
            PackageSource::Registry(locked) => {
                let patched = self.project.manifest().patches.contains_key(name);
                let named = dependency.registry.as_ref().filter(|_| !patched);
                by_path || named.is_some_and(|named| named != locked)
            }
        }
    }
}
