//! `puck fetch`: the archives of a lockfile into the store, so that installing needs no network.

use puck_package::PackageId;
use puck_resolver::Update;

use crate::download::{self, Downloads};
use crate::local::LocalPackages;
use crate::lock::{Locked, plan};
use crate::parallel::in_parallel;
use crate::{Error, Machine, Mode, Progress, Project};

/// What was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The lockfile.
    pub locked: Locked,
    /// What was not in the store before, sorted.
    pub fetched: Vec<PackageId>,
    /// How many archives the lockfile names.
    pub all: usize,
}

/// Fetches every archive that `project` is locked to and that the store lacks, or holds damaged.
/// Packages that are built from folders have none.
///
/// # Errors
/// If the lockfile cannot be brought up to date or must not be; if an archive cannot be fetched.
pub fn fetch(
    machine: &Machine,
    project: &Project,
    mode: &Mode,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<Fetched, Error> {
    let (project, _hold) = project.hold()?;
    let local = LocalPackages::of(&project)?;
    let locked = plan(machine, &project, &local, mode, Update::Nothing)?;
    let store = machine.store();
    let _keep = store.keep()?;
    let fetched = fetch_locked(machine, &project, &locked, mode, jobs, progress)?;
    locked.write(&project)?;
    // What was fetched for later must still be there then.
    store.remember(project.directory())?;
    Ok(Fetched {
        all: locked
            .lockfile
            .packages
            .iter()
            .filter(|p| p.sha256.is_some())
            .count(),
        locked,
        fetched,
    })
}

/// As [`fetch`], for a project that is held already and a lockfile that may still be to be written.
pub(crate) fn fetch_locked(
    machine: &Machine,
    project: &Project,
    locked: &Locked,
    mode: &Mode,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<Vec<PackageId>, Error> {
    let registries = machine.registries(Some(project))?.within(mode);
    let packages = locked.lockfile.packages.iter();
    let registered: Vec<_> = packages.filter_map(|p| Some((p, p.sha256?))).collect();
    let downloads = Downloads::new(machine.store(), &registries, progress, registered.len());
    let threads = jobs.max(download::AT_ONCE);
    let fetched = in_parallel(threads, registered, |(package, sha256)| {
        let here = match machine.store().archive(&sha256) {
            Ok(found) => found.is_some(),
            Err(damaged @ puck_store::Error::Damaged { .. }) => {
                progress.warning(&damaged.to_string());
                false
            }
            Err(error) => return Err(error.into()),
        };
        if !here {
            downloads.fetch(package, &sha256)?;
        }
        downloads.done();
        Ok((package.id(), here))
    })?;
    let missing = fetched.into_iter().filter(|(_, here)| !here);
    Ok(missing.map(|(id, _)| id).collect())
}
