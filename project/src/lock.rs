//! `puck lock`: from a manifest to a lockfile that agrees with it.
//!
//! A lockfile that satisfies the manifest is left as it is, and nothing is asked of any registry.
//! Otherwise everything is resolved again, keeping what is locked wherever it still fits.

use std::collections::BTreeSet;

use puck_package::lockfile::{PackageId, PackageSource};
use puck_package::{LockedPackage, Lockfile, PackageName, PackageSection, Series};
use puck_registry::Registry;
use puck_resolver::{Request, Resolution, Update, resolve};

use crate::local::LocalPackages;
use crate::source::Versions;
use crate::{Error, Machine, Mode, Project, files};

mod agreement;
mod changes;

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
    if let Update::Packages(names) = &update {
        expect_locked(names, before.as_ref())?;
    }
    let reason = match &before {
        None if project.manifest().dependencies.is_empty() => None,
        None => Some("there is no Puck.lock".to_owned()),
        Some(lockfile) => agreement::difference(project, local, lockfile)?,
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
    expect_registry(project, registry.as_ref())?;
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
    expect_nothing_of_itself(project, &lockfile)?;
    let written = lockfile != before || project.lockfile()?.is_none();
    if let (true, Some(flag)) = (written, mode.locked) {
        let reason = "newer versions were asked for".to_owned();
        return Err(Error::WouldChange { flag, reason });
    }
    Ok(Locked {
        changes: changes(&before, &lockfile),
        lockfile,
        written,
    })
}

fn expect_locked(names: &BTreeSet<PackageName>, lockfile: Option<&Lockfile>) -> Result<(), Error> {
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

/// A dependency that names a registry is never taken from another one.
fn expect_registry(project: &Project, registry: Option<&Registry>) -> Result<(), Error> {
    let found = registry.map_or(crate::machine::DEFAULT_REGISTRY, Registry::name);
    for (name, dependency) in &project.manifest().dependencies {
        if let Some(wanted) = dependency
            .registry
            .as_ref()
            .filter(|wanted| *wanted != found)
        {
            return Err(Error::NamedRegistry {
                name: name.clone(),
                wanted: wanted.clone(),
                found: found.to_owned(),
            });
        }
    }
    Ok(())
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
            dependencies: resolved.dependencies,
        });
    }
    Ok(Lockfile::new(resolution.direct, packages))
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
