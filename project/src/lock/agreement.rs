//! Whether a lockfile still does for the manifests it was made from.

use std::collections::BTreeMap;

use puck_package::lockfile::{PackageId, PackageSource};
use puck_package::{Dependency, Lockfile, PackageName};

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
    if let Some(reason) = unmet(
        "the manifest",
        dependencies,
        &lockfile.dependencies,
        lockfile,
    ) {
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
        if let Some(reason) = unmet(
            &format!("`{}`", locked.name),
            theirs,
            &locked.dependencies,
            lockfile,
        ) {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

/// What `who` needs by its manifest and does not have among `locked`.
fn unmet(
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
                let locked = lockfile.package(id)?;
                let moved = match &locked.source {
                    PackageSource::Path(_) => dependency.path.is_none(),
                    PackageSource::Registry(locked) => {
                        let named = dependency.registry.as_ref();
                        dependency.path.is_some() || named.is_some_and(|named| named != locked)
                    }
                };
                moved.then(|| format!("`{name}` comes from somewhere else now"))
            }
        }
    })
}
