//! `puck outdated`: which locked packages have newer versions.

use puck_package::lockfile::PackageSource;
use puck_package::{IndexLine, LockedPackage, Lockfile, PackageId, Series};
use puck_resolver::Update;
use semver::Version;

use crate::local::LocalPackages;
use crate::lock::plan;
use crate::{Error, Machine, Mode, Project};

/// A locked package that is not what would be locked today, or that was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    /// The package, as it is locked.
    pub id: PackageId,
    /// The registry that it is locked from.
    pub registry: String,
    /// What `puck update` would lock; `None` if it would not need the package any more, or finds no
    /// versions that agree.
    pub compatible: Option<Version>,
    /// The newest version that there is; a pre-release only where there is nothing else.
    pub newest: Option<Version>,
    /// Whether the locked version was withdrawn.
    pub yanked: bool,
    /// Why, if whoever did that said so.
    pub yank_reason: Option<String>,
    /// Whether the project itself depends on it.
    pub direct: bool,
}

/// The packages of `project` for which there is something newer, or that were withdrawn. Packages
/// that are built from folders are what they are. Nothing is written.
///
/// # Errors
/// If there is no lockfile that agrees with the manifest and none may be made; if a registry cannot
/// be asked; if no versions agree.
pub fn outdated(machine: &Machine, project: &Project, mode: &Mode) -> Result<Vec<Outdated>, Error> {
    let (project, _hold) = project.hold()?;
    let local = LocalPackages::of(&project)?;
    let now = plan(machine, &project, &local, mode, Update::Nothing)?.lockfile;
    // What would be, were everything chosen anew: the mode says nothing about that.
    let free = Mode {
        locked: None,
        ..mode.clone()
    };
    let then = |update| match plan(machine, &project, &local, &free, update) {
        Ok(then) => Ok(Some(then.lockfile)),
        Err(Error::Resolve(_) | Error::OfflineConflict { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    let all = then(Update::Everything)?;
    let registries = machine.registries(Some(&project))?.within(mode);
    let mut found = Vec::new();
    for package in &now.packages {
        let PackageSource::Registry(registry) = &package.source else {
            continue;
        };
        let lines = match registries.get(registry)? {
            Some(handle) => handle.versions(&package.name)?,
            None => Vec::new(),
        };
        // What is locked may be all there is, and withdrawn since; then the others have no choice
        // together with it, but may have one by themselves.
        let alone = match &all {
            Some(_) => None,
            None => then(Update::Packages([package.name.clone()].into()))?,
        };
        let compatible = all.as_ref().or(alone.as_ref());
        let line = lines.iter().find(|line| line.version == package.version);
        let entry = Outdated {
            id: package.id(),
            registry: registry.clone(),
            compatible: compatible.and_then(|then| successor(package, then)),
            newest: newest(&lines),
            yanked: line.is_some_and(|line| line.yanked),
            yank_reason: line.and_then(|line| line.yank_reason.clone()),
            direct: now.is_direct(package),
        };
        let is_newest = entry
            .newest
            .as_ref()
            .is_none_or(|newest| *newest <= package.version);
        let same = entry.compatible.as_ref() == Some(&package.version);
        let is_same = compatible.is_none() || same;
        if !(is_newest && is_same) || entry.yanked {
            found.push(entry);
        }
    }
    Ok(found)
}

/// The version that stands for `package` in another lockfile: that of its series, or else the newest.
fn successor(package: &LockedPackage, then: &Lockfile) -> Option<Version> {
    let series = Series::of(&package.version);
    then.packages
        .iter()
        .filter(|other| other.name == package.name)
        .max_by_key(|other| (Series::of(&other.version) == series, &other.version))
        .map(|other| other.version.clone())
}

fn newest(lines: &[IndexLine]) -> Option<Version> {
    lines
        .iter()
        .filter(|line| !line.yanked)
        .map(|line| &line.version)
        .max_by_key(|version| (version.pre.is_empty(), *version))
        .cloned()
}
