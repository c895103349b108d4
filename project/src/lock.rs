//! `puck lock`: from a manifest to a lockfile that agrees with it.
//!
//! A lockfile that satisfies the manifest is left as it is, and nothing is asked of any registry.
//! Otherwise everything is resolved again, keeping what is locked wherever it still fits.

use std::collections::BTreeMap;

use puck_package::lockfile::{PackageId, PackageSource};
use puck_package::{Dependency, LockedPackage, Lockfile, PackageName};
use puck_registry::Registry;
use puck_resolver::{Request, Resolution, Update, resolve};
use semver::Version;

use crate::local::LocalPackages;
use crate::source::Versions;
use crate::{Error, Machine, Mode, Project, files};

/// A project's lockfile, and how it came to be so.
#[derive(Clone, Debug)]
pub struct Locked {
    /// As it is now.
    pub lockfile: Lockfile,
    /// What is different from before; empty if nothing was written.
    pub changes: Vec<Change>,
    /// Whether the file was written.
    pub written: bool,
}

/// A difference between two lockfiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A package that was not there.
    Added(PackageId),
    /// A package that is there no more.
    Removed(PackageId),
    /// Another version of a package, of which there was and is one.
    Changed {
        /// Its name.
        name: PackageName,
        /// The version before.
        from: Version,
        /// The version now.
        to: Version,
    },
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Added(id) => write!(f, "+ {id}"),
            Self::Removed(id) => write!(f, "- {id}"),
            Self::Changed { name, from, to } => write!(f, "~ {name} {from} -> {to}"),
        }
    }
}

/// Brings the lockfile of `project` up to date.
///
/// # Errors
/// If the lockfile or a manifest is not valid, no versions agree, or, where the mode forbids it,
/// the lockfile would change.
pub fn lock(
    machine: &Machine,
    project: &Project,
    mode: &Mode,
    update: Update,
) -> Result<Locked, Error> {
    let local = LocalPackages::of(project)?;
    lock_with(machine, project, &local, mode, update)
}

pub(crate) fn lock_with(
    machine: &Machine,
    project: &Project,
    local: &LocalPackages,
    mode: &Mode,
    update: Update,
) -> Result<Locked, Error> {
    let before = project.lockfile()?;
    if let Update::Packages(names) = &update {
        expect_locked(names, before.as_ref())?;
    }
    let reason = match &before {
        None if project.manifest().dependencies.is_empty() => None,
        None => Some("there is no Puck.lock".to_owned()),
        Some(lockfile) => difference(project, local, lockfile)?,
    };
    if update == Update::Nothing && reason.is_none() {
        return Ok(Locked {
            lockfile: before.unwrap_or_default(),
            changes: Vec::new(),
            written: false,
        });
    }
    if let (Some(flag), Some(reason)) = (mode.locked, reason) {
        return Err(Error::WouldChange { flag, reason });
    }

    let before = before.unwrap_or_default();
    let registry = machine.registry()?;
    let resolution = resolve_project(
        machine,
        project,
        local,
        registry.as_ref(),
        mode,
        &before,
        update,
    )?;
    let lockfile = lockfile_of(machine, local, registry.as_ref(), &before, resolution)?;
    let written = lockfile != before || project.lockfile()?.is_none();
    if written {
        if let Some(flag) = mode.locked {
            let reason = "newer versions were asked for".to_owned();
            return Err(Error::WouldChange { flag, reason });
        }
        files::replace(&project.lockfile_path(), lockfile.to_toml().as_bytes())?;
    }
    Ok(Locked {
        changes: changes(&before, &lockfile),
        lockfile,
        written,
    })
}

fn expect_locked(
    names: &std::collections::BTreeSet<PackageName>,
    lockfile: Option<&Lockfile>,
) -> Result<(), Error> {
    let known: Vec<_> = lockfile
        .iter()
        .flat_map(|l| &l.packages)
        .map(|p| p.name.as_str())
        .collect();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Error::NotLocked {
            name: name.clone(),
            near: puck_package::nearest(name.as_str(), known).map(str::to_owned),
        }),
    }
}

fn resolve_project(
    machine: &Machine,
    project: &Project,
    local: &LocalPackages,
    registry: Option<&Registry>,
    mode: &Mode,
    before: &Lockfile,
    update: Update,
) -> Result<Resolution, Error> {
    let requirements = project
        .manifest()
        .dependencies
        .iter()
        .map(|(name, dependency)| (name.clone(), dependency.requirement.clone()));
    let locked = before
        .packages
        .iter()
        .map(|p| (p.name.clone(), p.version.clone()));
    let mut request = Request::new(requirements).locked(locked).update(update);
    if let Some(package) = &project.manifest().package {
        request.subject = format!("{} {}", package.name, package.version);
    }
    let stored = mode.offline.is_some().then(|| machine.store());
    let mut versions = Versions {
        local,
        registry,
        stored,
    };
    resolve(&request, &mut versions).map_err(|error| match mode.offline {
        Some(flag) if matches!(error, puck_resolver::Error::Conflict(_)) => {
            Error::OfflineConflict { flag, error }
        }
        _ => Error::Resolve(error),
    })
}

/// The lockfile of a resolution, with the digests that registry, store or old lockfile know.
fn lockfile_of(
    machine: &Machine,
    local: &LocalPackages,
    registry: Option<&Registry>,
    before: &Lockfile,
    resolution: Resolution,
) -> Result<Lockfile, Error> {
    let id = |id: puck_resolver::PackageId| PackageId {
        name: id.name,
        version: id.version,
    };
    let mut packages = Vec::new();
    for resolved in resolution.packages {
        let (source, sha256) = match local.get(&resolved.name) {
            Some(package) => (PackageSource::Path(package.path.clone()), None),
            None => {
                let this = PackageId {
                    name: resolved.name.clone(),
                    version: resolved.version.clone(),
                };
                registered(machine, registry, before, &this)?
            }
        };
        packages.push(LockedPackage {
            name: resolved.name,
            version: resolved.version,
            source,
            sha256,
            dependencies: resolved.dependencies.into_iter().map(id).collect(),
        });
    }
    Ok(Lockfile::new(
        resolution.direct.into_iter().map(id).collect(),
        packages,
    ))
}

/// The registry that has a package, and the digest of its archive there.
fn registered(
    machine: &Machine,
    registry: Option<&Registry>,
    before: &Lockfile,
    id: &PackageId,
) -> Result<(PackageSource, Option<puck_package::Digest>), Error> {
    let kept = before.package(id).filter(|p| p.sha256.is_some());
    if let Some(registry) = registry {
        let lines = registry.versions(&id.name)?;
        if let Some(line) = lines.iter().find(|line| line.version == id.version) {
            // A version never changes. If it did, the one that was locked is the one that was
            // meant, and installing says what happened.
            if let Some(kept) = kept.filter(|kept| kept.sha256 != Some(line.sha256)) {
                return Err(Error::ChangedArchive {
                    id: Box::new(id.clone()),
                    locked: kept.sha256.unwrap_or(line.sha256),
                    found: line.sha256,
                });
            }
            return Ok((
                PackageSource::Registry(registry.name().to_owned()),
                Some(line.sha256),
            ));
        }
    }
    if let Some(kept) = kept {
        return Ok((kept.source.clone(), kept.sha256));
    }
    let stored = machine.store().installed_packages(&id.name)?;
    let name = registry.map_or(crate::machine::DEFAULT_REGISTRY, Registry::name);
    match stored
        .iter()
        .find(|package| package.document.version == id.version)
    {
        Some(package) => Ok((
            PackageSource::Registry(name.to_owned()),
            Some(*package.sha256()),
        )),
        None => Err(Error::Vanished(id.clone())),
    }
}

/// Why `lockfile` does not do for `project`; `None` if it does.
fn difference(
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
                let by_path = matches!(locked.source, PackageSource::Path(_));
                (by_path != dependency.path.is_some())
                    .then(|| format!("`{name}` comes from somewhere else now"))
            }
        }
    })
}

/// What is different in `after`; sorted by name.
fn changes(before: &Lockfile, after: &Lockfile) -> Vec<Change> {
    let versions = |lockfile: &Lockfile| {
        let mut by_name: BTreeMap<PackageName, Vec<Version>> = BTreeMap::new();
        for package in &lockfile.packages {
            by_name
                .entry(package.name.clone())
                .or_default()
                .push(package.version.clone());
        }
        by_name
    };
    let (before, after) = (versions(before), versions(after));
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let mut changes = Vec::new();
    for name in names {
        let old = before.get(name).map_or(&[][..], Vec::as_slice);
        let new = after.get(name).map_or(&[][..], Vec::as_slice);
        if let ([from], [to]) = (old, new) {
            if from != to {
                let (from, to) = (from.clone(), to.clone());
                changes.push(Change::Changed {
                    name: name.clone(),
                    from,
                    to,
                });
            }
            continue;
        }
        let id = |version: &Version| PackageId {
            name: name.clone(),
            version: version.clone(),
        };
        changes.extend(
            old.iter()
                .filter(|v| !new.contains(v))
                .map(id)
                .map(Change::Removed),
        );
        changes.extend(
            new.iter()
                .filter(|v| !old.contains(v))
                .map(id)
                .map(Change::Added),
        );
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lockfile(packages: &[&str]) -> Lockfile {
        let packages = packages.iter().map(|text| {
            let id: PackageId = text.parse().unwrap();
            LockedPackage {
                name: id.name,
                version: id.version,
                source: PackageSource::Path("x".to_owned()),
                sha256: None,
                dependencies: Vec::new(),
            }
        });
        Lockfile::new(Vec::new(), packages.collect())
    }

    #[test]
    fn changes_in_words() {
        for (before, after, expected) in [
            (&["a 1.0.0"][..], &["a 1.0.0"][..], &[][..]),
            (&[], &["a 1.0.0"], &["+ a 1.0.0"]),
            (
                &["a 1.0.0"],
                &["a 1.1.0", "b 1.0.0"],
                &["~ a 1.0.0 -> 1.1.0", "+ b 1.0.0"],
            ),
            (&["a 1.0.0", "a 2.0.0"], &["a 2.0.0"], &["- a 1.0.0"]),
            (&["a 1.0.0"], &["a 1.0.0", "a 2.0.0"], &["+ a 2.0.0"]),
        ] {
            let found: Vec<_> = changes(&lockfile(before), &lockfile(after))
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(found, expected);
        }
    }
}
