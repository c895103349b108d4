//! `puck install`: from a lockfile to the environment that `.puck` leads to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use puck_package::lockfile::{PackageId, PackageSource};
use puck_package::{Digest, LockedPackage, Lockfile, PackageDocument};
use puck_resolver::Update;
use puck_store::{Environment, EnvironmentPackage, EnvironmentRequest, InstalledPackage};

use crate::audit::expect_allowed;
use crate::download::{self, Downloads};
use crate::local::LocalPackages;
use crate::lock::{Locked, plan};
use crate::parallel::{Permits, in_parallel};
use crate::{Error, Machine, Mode, Progress, Project, Registries, build};

/// How to install.
#[derive(Clone, Debug)]
pub struct InstallOptions {
    /// What is forbidden.
    pub mode: Mode,
    /// Which locked versions to give up.
    pub update: Update,
    /// Whether a project that is a package is built and installed with its dependencies.
    pub with_itself: bool,
    /// How many threads may work at once; at least 1.
    pub jobs: usize,
}

/// What was installed.
#[derive(Debug)]
pub struct Installed {
    /// The environment that `.puck` leads to now.
    pub environment: Environment,
    /// The lockfile it was made from.
    pub locked: Locked,
    /// Whether `.puck` led elsewhere before.
    pub activated: bool,
}

/// Installs what `project` needs, and the project itself if it is a package and `options` say so.
///
/// # Errors
/// If the lockfile cannot be brought up to date or must not be, a package cannot be fetched,
/// built, unpacked or linked, or packages do not fit together. `.puck` and the lockfile are then as
/// they were.
pub fn install(
    machine: &Machine,
    project: &Project,
    options: &InstallOptions,
    progress: &dyn Progress,
) -> Result<Installed, Error> {
    let (project, _hold) = project.hold()?;
    let local = LocalPackages::of(&project)?;
    let (mode, update) = (&options.mode, options.update.clone());
    let locked = plan(machine, &project, &local, mode, update)?;
    install_planned(machine, &project, &local, locked, options, progress)
}

/// As [`install`], for a project that is held already and a lockfile that may be still to be written.
pub(crate) fn install_planned(
    machine: &Machine,
    project: &Project,
    local: &LocalPackages,
    locked: Locked,
    options: &InstallOptions,
    progress: &dyn Progress,
) -> Result<Installed, Error> {
    let jobs = options.jobs;
    // Until `.puck` leads to them, nobody can see that the packages are needed.
    let _keep = machine.store().keep()?;
    let registries = machine.registries(Some(project))?.within(&options.mode);
    let mut packages = install_locked(
        machine,
        &registries,
        &locked.lockfile,
        local,
        jobs,
        progress,
    )?;
    let direct: BTreeSet<_> = locked.lockfile.dependencies.iter().cloned().collect();
    let itself = match &project.manifest().package {
        Some(package) if options.with_itself => {
            let documents = documents(&locked.lockfile.dependencies, &packages);
            let packed = build::pack_with(project, &documents, options.jobs, progress)?;
            let installed = install_packed(machine, &packed)?;
            let id = PackageId {
                name: package.name.clone(),
                version: package.version.clone(),
            };
            packages.insert(id.clone(), installed);
            Some(id)
        }
        _ => None,
    };
    let documents = packages.values().map(|installed| &installed.document);
    expect_allowed(project, documents)?;
    let packages = packages.iter().map(|(id, installed)| EnvironmentPackage {
        installed,
        direct: direct.contains(id) || itself.as_ref() == Some(id),
    });
    let request = EnvironmentRequest {
        packages: packages.collect(),
    };
    let environment = machine.store().environment(&request)?;
    locked.write(project)?;
    let before = machine.store().active(project.directory())?;
    let activated = before.as_deref() != Some(environment.path.as_path());
    // Also where nothing changes: the store may not know the project yet.
    machine
        .store()
        .activate(project.directory(), &environment)?;
    Ok(Installed {
        environment,
        locked,
        activated,
    })
}

/// The documents of a package's direct dependencies.
fn documents(
    dependencies: &[PackageId],
    packages: &BTreeMap<PackageId, InstalledPackage>,
) -> Vec<PackageDocument> {
    dependencies
        .iter()
        .filter_map(|id| Some(packages.get(id)?.document.clone()))
        .collect()
}

/// The documents of what `project` depends on, installed; for a build of the project.
pub(crate) fn dependencies(
    machine: &Machine,
    project: &Project,
    mode: &Mode,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<Vec<PackageDocument>, Error> {
    let (project, _hold) = project.hold()?;
    let local = LocalPackages::of(&project)?;
    let locked = plan(machine, &project, &local, mode, Update::Nothing)?;
    let _keep = machine.store().keep()?;
    let registries = machine.registries(Some(&project))?.within(mode);
    let packages = install_locked(
        machine,
        &registries,
        &locked.lockfile,
        &local,
        jobs,
        progress,
    )?;
    locked.write(&project)?;
    machine.store().remember(project.directory())?;
    Ok(documents(&locked.lockfile.dependencies, &packages))
}

/// Every package of a lockfile, in the store.
fn install_locked(
    machine: &Machine,
    registries: &Registries<'_>,
    lockfile: &Lockfile,
    local: &LocalPackages,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<BTreeMap<PackageId, InstalledPackage>, Error> {
    let registered: Vec<_> = lockfile
        .packages
        .iter()
        .filter_map(|p| Some((p, p.sha256?)))
        .collect();
    let downloads = Downloads::new(machine.store(), registries, progress, registered.len());
    let permits = Permits::new(jobs);
    let threads = threads(machine, registries, &registered, jobs);
    let mut installed = in_parallel(threads, registered, |(package, sha256)| {
        let installed = install_registered(machine, &downloads, &permits, package, &sha256)?;
        downloads.done();
        Ok((package.id(), installed))
    })?;
    // What is built comes after what it is built against.
    for package in callees_first(lockfile) {
        let Some(local) = local.get(&package.name) else {
            continue;
        };
        if matches!(package.source, PackageSource::Path(_)) {
            let documents = documents(&package.dependencies, &installed);
            let packed = build::pack_with(&local.project, &documents, jobs, progress)?;
            installed.insert(package.id(), install_packed(machine, &packed)?);
        }
    }
    Ok(installed)
}

fn install_packed(machine: &Machine, packed: &build::Packed) -> Result<InstalledPackage, Error> {
    let store = machine.store();
    let PackageDocument { name, version, .. } = &packed.built.document;
    if let Some(whole) = store.installed_package(&packed.sha256, name, version)? {
        return Ok(whole);
    }
    let mut archive = fs_err::File::open(&packed.path)?;
    store.add_archive(&mut archive, &packed.sha256, packed.size)?;
    Ok(store.install_package(&packed.sha256, name, version)?)
}

/// How many threads install: as many as may work, and more where most of them wait for a network.
fn threads(
    machine: &Machine,
    registries: &Registries<'_>,
    registered: &[(&LockedPackage, Digest)],
    jobs: usize,
) -> usize {
    let remote = |package: &LockedPackage| match &package.source {
        PackageSource::Registry(name) => registries.is_remote(name),
        PackageSource::Path(_) => false,
    };
    let missing = |(package, sha256): &&(&LockedPackage, Digest)| {
        let (name, version) = (&package.name, &package.version);
        let found = machine.store().installed_package(sha256, name, version);
        !matches!(found, Ok(Some(_)))
    };
    match registered.iter().find(missing) {
        Some((package, _)) if remote(package) => jobs.max(download::AT_ONCE),
        _ => jobs,
    }
}

/// Installs a package that a registry has; its archive is fetched if the store lacks it or holds a
/// damaged one.
fn install_registered(
    machine: &Machine,
    downloads: &Downloads<'_>,
    permits: &Permits,
    package: &LockedPackage,
    sha256: &Digest,
) -> Result<InstalledPackage, Error> {
    let (store, progress) = (machine.store(), downloads.progress);
    let (name, version) = (&package.name, &package.version);
    match permits.with(|| store.install_package(sha256, name, version)) {
        Ok(installed) => return Ok(installed),
        Err(puck_store::Error::MissingArchive { .. }) => {}
        Err(damaged @ puck_store::Error::Damaged { .. }) => progress.warning(&damaged.to_string()),
        Err(error) => return Err(error.into()),
    }
    downloads.fetch(package, sha256)?;
    progress.step(&format!("Installing {name} {version}"));
    let installed = permits.with(|| store.install_package(sha256, name, version));
    if matches!(installed, Err(puck_store::Error::Archive { .. })) {
        // It is what the registry vouches for, byte by byte, and of no use to anybody.
        store.remove_archive(sha256)?;
    }
    Ok(installed?)
}

/// The packages of a lockfile, each after those it depends on.
fn callees_first(lockfile: &Lockfile) -> Vec<&LockedPackage> {
    let mut order: Vec<&LockedPackage> = Vec::new();
    let mut placed = BTreeSet::new();
    let mut left: VecDeque<_> = lockfile.packages.iter().collect();
    let mut passed_over = 0;
    while let Some(package) = left.pop_front() {
        if package.dependencies.iter().all(|id| placed.contains(id)) {
            placed.insert(package.id());
            order.push(package);
            passed_over = 0;
        } else {
            left.push_back(package);
            passed_over += 1;
        }
        // What is left depends on itself: building it says so.
        if passed_over > left.len() {
            order.extend(left);
            break;
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_building() {
        let text = |name: &str, needs: &str| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"path+x\"\n\
                 dependencies = [{needs}]\n"
            )
        };
        let text = [
            "version = 1\n",
            &text("a", "\"b 1.0.0\", \"c 1.0.0\""),
            &text("b", "\"c 1.0.0\""),
            &text("c", ""),
        ]
        .concat();
        let lockfile = Lockfile::parse(&text, "Puck.lock").unwrap();
        let order: Vec<_> = callees_first(&lockfile)
            .iter()
            .map(|p| p.name.to_string())
            .collect();
        assert_eq!(order, ["c", "b", "a"]);

        let circle = Lockfile::parse(
            &text.replace("dependencies = []", "dependencies = [\"a 1.0.0\"]"),
            "x",
        );
        assert_eq!(callees_first(&circle.unwrap()).len(), 3);
    }
}
