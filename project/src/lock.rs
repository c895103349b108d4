//! `puck lock`: from a manifest to a lockfile that agrees with it.
//!
//! A lockfile that satisfies the manifest is left as it is, and nothing is asked of any registry.
//! Otherwise everything is resolved again, keeping what is locked wherever it still fits.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::lockfile::{PackageId, PackageSource};
use puck_package::{LockedPackage, Lockfile, PackageName, PackageSection, Series};
use puck_resolver::{Request, Resolution, Update, resolve};

use crate::local::LocalPackages;
use crate::machine::DEFAULT_REGISTRY;
use crate::source::Versions;
use crate::{Choice, Error, Machine, Mode, Project, files};

mod agreement;
mod changes;
mod patches;

pub use changes::Change;
use changes::changes;

/// A project's lockfile, and how it came to be so.
#[derive(Clone, Debug)]
pub struct Locked {
    /// As it is now.
    pub lockfile: Lockfile,
    /// What is different from before; empty if nothing was written.
    pub changes: Vec<Change>,
    /// Whether the file was written.
    pub written: bool,
    /// The patches that replace nothing.
    pub unused_patches: Vec<PackageName>,
    /// What is locked though it was withdrawn, and why that was, if somebody said so; as far as
    /// registries were asked.
    pub withdrawn: Vec<(PackageId, Option<String>)>,
}

impl Locked {
    /// Writes the lockfile of what was planned, if it is not there already.
    pub(crate) fn write(&self, project: &Project) -> Result<(), Error> {
        if self.written {
            let path = project.lockfile_path();
            files::replace(&path, self.lockfile.to_toml().as_bytes())?;
        }
        Ok(())
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
    let (project, _hold) = project.hold()?;
    let local = LocalPackages::of(&project)?;
    let locked = plan(machine, &project, &local, mode, update)?;
    locked.write(&project)?;
    Ok(locked)
}

/// As [`lock`], for a project that is held already, but the file is left to be
/// [written](Locked::write) when what else has to be done has succeeded.
pub(crate) fn plan(
    machine: &Machine,
    project: &Project,
    local: &LocalPackages,
    mode: &Mode,
    update: Update,
) -> Result<Locked, Error> {
    let before = project.lockfile()?;
    match &update {
        Update::Packages(names) => expect_locked(names, before.as_ref())?,
        Update::Precise(name, _) => expect_locked([name], before.as_ref())?,
        Update::Nothing | Update::Everything => {}
    }
    let reason = match &before {
        None if project.manifest().dependencies.is_empty() => None,
        None => Some("there is no Puck.lock".to_owned()),
        Some(lockfile) => agreement::difference(project, local, lockfile)?,
    };
    if update == Update::Nothing && reason.is_none() {
        let lockfile = before.unwrap_or_default();
        return Ok(Locked {
            changes: Vec::new(),
            written: false,
            unused_patches: patches::unused(project, &lockfile),
            withdrawn: Vec::new(),
            lockfile,
        });
    }
    if let (Some(flag), Some(reason)) = (mode.locked, reason) {
        return Err(Error::WouldChange { flag, reason });
    }

    let before = before.unwrap_or_default();
    let registries = machine.registries(Some(project))?.within(mode);
    let kept = kept_sources(&before, &update);
    let mut versions = Versions::of(project, local, &registries, machine.store(), &kept)?;
    let resolution = resolve_project(project, &mut versions, mode, &before, update)?;
    versions.check_bindings(&resolution)?;
    let mut lockfile = lockfile_of(machine, local, &versions, &before, resolution)?;
    lockfile.patches = patches::used(project, &lockfile);
    expect_nothing_of_itself(project, &lockfile)?;
    let written = lockfile != before || project.lockfile()?.is_none();
    if let (true, Some(flag)) = (written, mode.locked) {
        let reason = "newer versions were asked for".to_owned();
        return Err(Error::WouldChange { flag, reason });
    }
    Ok(Locked {
        changes: changes(&before, &lockfile),
        written,
        unused_patches: patches::unused(project, &lockfile),
        withdrawn: withdrawn(&versions, &lockfile),
        lockfile,
    })
}

fn withdrawn(versions: &Versions<'_>, lockfile: &Lockfile) -> Vec<(PackageId, Option<String>)> {
    let registered = lockfile.packages.iter().filter(|p| p.sha256.is_some());
    let ids = registered.map(LockedPackage::id);
    ids.filter_map(|id| Some((id.clone(), versions.withdrawn(&id)?.clone())))
        .collect()
}

fn expect_locked<'n>(
    names: impl IntoIterator<Item = &'n PackageName>,
    lockfile: Option<&Lockfile>,
) -> Result<(), Error> {
    let known: Vec<_> = lockfile
        .iter()
        .flat_map(|l| &l.packages)
        .map(|p| p.name.as_str())
        .collect();
    let unknown = |name: &&PackageName| !known.contains(&name.as_str());
    match names.into_iter().find(unknown) {
        None => Ok(()),
        Some(name) => Err(Error::NotLocked {
            name: name.clone(),
            near: puck_package::nearest(name.as_str(), known).map(str::to_owned),
        }),
    }
}

/// A package cannot be loaded beside another version of its own series, which has its library's
/// name, and none that is built here can be built before itself.
fn expect_nothing_of_itself(project: &Project, lockfile: &Lockfile) -> Result<(), Error> {
    let itself = |package: PackageId, dependency: PackageId| Error::DependsOnItself {
        series: Series::of(&package.version),
        package: Box::new(package),
        dependency: Box::new(dependency),
    };
    if let Some(PackageSection { name, version, .. }) = &project.manifest().package {
        let same = |locked: &&LockedPackage| {
            locked.name == *name && Series::of(&locked.version) == Series::of(version)
        };
        if let Some(locked) = lockfile.packages.iter().find(same) {
            let (name, version) = (name.clone(), version.clone());
            return Err(itself(PackageId { name, version }, locked.id()));
        }
    }
    let mut built = lockfile.packages.iter().filter(|p| p.sha256.is_none());
    match built.find(|package| reaches_itself(lockfile, package)) {
        None => Ok(()),
        Some(package) => Err(itself(package.id(), package.id())),
    }
}

fn reaches_itself(lockfile: &Lockfile, package: &LockedPackage) -> bool {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&PackageId> = package.dependencies.iter().collect();
    while let Some(id) = open.pop() {
        if *id == package.id() {
            return true;
        }
        if seen.insert(id) {
            let dependencies = lockfile.package(id).map(|found| &found.dependencies);
            open.extend(dependencies.into_iter().flatten());
        }
    }
    false
}

/// Where packages are locked from, but for those that are given up.
fn kept_sources<'a>(
    before: &'a Lockfile,
    update: &Update,
) -> BTreeMap<&'a PackageName, &'a PackageSource> {
    let given_up = |name: &PackageName| match update {
        Update::Packages(names) => names.contains(name),
        Update::Precise(precise, _) => precise == name,
        Update::Everything => true,
        Update::Nothing => false,
    };
    let packages = before.packages.iter();
    packages
        .filter(|package| !given_up(&package.name))
        .map(|package| (&package.name, &package.source))
        .collect()
}

fn resolve_project(
    project: &Project,
    versions: &mut Versions<'_>,
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
    let Choice { strategy, before } = mode.choice.clone();
    let mut request = Request::new(requirements)
        .locked(locked)
        .update(update)
        .strategy(strategy)
        .before(before);
    match &project.manifest().package {
        Some(package) => request.subject = format!("{} {}", package.name, package.version),
        None if project.manifest().workspace.is_some() => {
            request.subject = "your workspace".to_owned();
        }
        None => {}
    }
    let resolved = resolve(&request, versions);
    if let (Err(puck_resolver::Error::Conflict(_)), Some(unmatched)) =
        (&resolved, versions.unmatched_patch())
    {
        return Err(unmatched);
    }
    resolved.map_err(|error| match &mode.offline {
        Some(origin) if matches!(error, puck_resolver::Error::Conflict(_)) => {
            let origin = Box::new(origin.clone());
            Error::OfflineConflict { origin, error }
        }
        _ => Error::Resolve(error),
    })
}

/// The lockfile of a resolution, with the digests that registry, store or old lockfile know.
fn lockfile_of(
    machine: &Machine,
    local: &LocalPackages,
    versions: &Versions<'_>,
    before: &Lockfile,
    resolution: Resolution,
) -> Result<Lockfile, Error> {
    let mut packages = Vec::new();
    for resolved in resolution.packages {
        let (source, sha256) = match local.get(&resolved.name) {
            Some(package) => (PackageSource::Path(package.path.clone()), None),
            None => {
                let this = PackageId {
                    name: resolved.name.clone(),
                    version: resolved.version.clone(),
                };
                registered(machine, versions, before, &this)?
            }
        };
        packages.push(LockedPackage {
            name: resolved.name,
            version: resolved.version,
            source,
            sha256,
            dependencies: resolved.dependencies,
        });
    }
    Ok(Lockfile::new(resolution.direct, packages))
}

/// The registry that has a package, and the digest of its archive there.
fn registered(
    machine: &Machine,
    versions: &Versions<'_>,
    before: &Lockfile,
    id: &PackageId,
) -> Result<(PackageSource, Option<puck_package::Digest>), Error> {
    let registry = versions.registry(&id.name).unwrap_or(DEFAULT_REGISTRY);
    let source = PackageSource::Registry(registry.to_owned());
    let kept = before.package(id).filter(|kept| kept.source == source);
    let kept = kept.and_then(|kept| kept.sha256);
    if let Some(&found) = versions.digest(id) {
        // A version never changes. If it did, the one that was locked is the one that was meant,
        // and installing says what happened.
        return match kept {
            Some(locked) if locked != found => Err(Error::ChangedArchive {
                id: Box::new(id.clone()),
                locked,
                found,
            }),
            _ => Ok((source, Some(found))),
        };
    }
    if kept.is_some() {
        return Ok((source, kept));
    }
    let stored = machine.store().installed_packages(&id.name)?;
    match stored
        .iter()
        .find(|package| package.document.version == id.version)
    {
        Some(package) => Ok((source, Some(*package.sha256()))),
        None => Err(Error::Vanished(id.clone())),
    }
}
