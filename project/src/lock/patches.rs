//! The patches that a lockfile was made with.
//!
//! What a patch replaced looks in a lockfile like what comes from there anyway. So the lockfile says
//! which patches were in force: one that is new, other or gone is noticed without asking anybody.

use std::collections::BTreeMap;

use puck_package::{Lockfile, PackageName, Patch};
use semver::VersionReq;

use crate::Project;

/// A patch as the lockfile has it: `path+../linalg`, `registry+team ^1.3`, `^1.3`.
fn text(patch: &Patch) -> String {
    match patch {
        Patch::Path(path) => format!("path+{}", path.display()),
        Patch::Registry {
            registry: None,
            requirement,
        } => requirement.to_string(),
        Patch::Registry {
            registry: Some(registry),
            requirement,
        } if *requirement == VersionReq::STAR => format!("registry+{registry}"),
        Patch::Registry {
            registry: Some(registry),
            requirement,
        } => format!("registry+{registry} {requirement}"),
    }
}

fn replaces(lockfile: &Lockfile, name: &PackageName) -> bool {
    lockfile
        .packages
        .iter()
        .any(|package| package.name == *name)
}

/// The patches of `project` that replace something in `lockfile`.
pub(super) fn used(project: &Project, lockfile: &Lockfile) -> BTreeMap<PackageName, String> {
    let patches = project.manifest().patches.iter();
    patches
        .filter(|(name, _)| replaces(lockfile, name))
        .map(|(name, patch)| (name.clone(), text(patch)))
        .collect()
}

/// The patches of `project` that replace nothing.
pub(super) fn unused(project: &Project, lockfile: &Lockfile) -> Vec<PackageName> {
    let names = project.manifest().patches.keys();
    names
        .filter(|name| !replaces(lockfile, name))
        .cloned()
        .collect()
}

/// Why the patches of `project` are not those that `lockfile` was made with.
pub(super) fn difference(project: &Project, lockfile: &Lockfile) -> Option<String> {
    let now = used(project, lockfile);
    let names = now.keys().chain(lockfile.patches.keys());
    let mut changed = names.filter(|name| now.get(name) != lockfile.patches.get(name));
    let name = changed.next()?;
    Some(match (lockfile.patches.get(name), now.get(name)) {
        (None, _) => format!("`{name}` is patched now"),
        (Some(_), None) => format!("`{name}` is no longer patched"),
        (Some(_), Some(_)) => format!("`{name}` is patched otherwise now"),
    })
}
