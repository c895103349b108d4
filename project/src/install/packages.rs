//! The packages of a lockfile, in the store: those that are there, and those that are fetched or built.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use puck_package::lockfile::{PackageId, PackageSource};
use puck_package::{Digest, LockedPackage, Lockfile, PackageDocument};
use puck_store::{Batch, InstalledPackage, Store};

use crate::download::{self, Downloads};
use crate::local::LocalPackages;
use crate::parallel::{Permits, in_parallel};
use crate::{Error, Progress, Registries, build};

/// What packages are installed with.
pub(super) struct Packages<'a> {
    pub(super) store: &'a Store,
    /// What is installed is in its place when the batch is finished.
    pub(super) batch: &'a Batch<'a>,
    pub(super) registries: &'a Registries<'a>,
    /// How many threads may work at once.
    pub(super) jobs: usize,
    pub(super) progress: &'a dyn Progress,
}

impl Packages<'_> {
    /// Every package of a lockfile.
    pub(super) fn install_locked(
        &self,
        lockfile: &Lockfile,
        local: &LocalPackages,
    ) -> Result<BTreeMap<PackageId, InstalledPackage>, Error> {
        let registered = lockfile.packages.iter();
        let registered: Vec<_> = registered.filter_map(|p| Some((p, p.sha256?))).collect();
        let downloads =
            Downloads::new(self.store, self.registries, self.progress, registered.len())
                .in_batch(self.batch);
        let found = in_parallel(self.jobs, registered, |(package, sha256)| {
            let (name, version) = (&package.name, &package.version);
            let found = self.store.installed_package(&sha256, name, version)?;
            Ok((package.id(), (package, sha256, found)))
        })?;
        let mut installed = BTreeMap::new();
        let mut missing = Vec::new();
        for (id, (package, sha256, found)) in found {
            match found {
                Some(found) => {
                    installed.insert(id, found);
                    downloads.done();
                }
                None => missing.push((package, sha256)),
            }
        }
        let permits = Permits::new(self.jobs);
        let threads = self.threads(&missing);
        installed.extend(in_parallel(threads, missing, |(package, sha256)| {
            let installed = self.install_registered(&downloads, &permits, package, &sha256)?;
            downloads.done();
            Ok((package.id(), installed))
        })?);
        // What is built comes after what it is built against.
        for package in callees_first(lockfile) {
            let Some(local) = local.get(&package.name) else {
                continue;
            };
            if matches!(package.source, PackageSource::Path(_)) {
                let against =
                    self.against(&local.project, &package.dependencies, lockfile, &installed)?;
                let packed = build::pack_with(
                    &local.project,
                    against.installed(),
                    self.jobs,
                    self.progress,
                )?;
                installed.insert(package.id(), self.install_packed(&packed)?);
            }
        }
        Ok(installed)
    }

    /// What was built.
    pub(super) fn install_packed(&self, packed: &build::Packed) -> Result<InstalledPackage, Error> {
        let PackageDocument { name, version, .. } = &packed.built.document;
        let installed = self
            .store
            .installed_package(&packed.sha256, name, version)?;
        if let Some(installed) = installed {
            return Ok(installed);
        }
        let mut archive = fs_err::File::open(&packed.path)?;
        self.batch
            .add_archive(&mut archive, &packed.sha256, packed.size)?;
        Ok(self.batch.install_package(&packed.sha256, name, version)?)
    }

    /// How many threads install what is missing: as many as may work, and more where they wait for a
    /// network.
    fn threads(&self, missing: &[(&LockedPackage, Digest)]) -> usize {
        let remote = |(package, _): &(&LockedPackage, Digest)| match &package.source {
            PackageSource::Registry(name) => self.registries.is_remote(name),
            PackageSource::Path(_) => false,
        };
        if missing.iter().any(remote) {
            self.jobs.max(download::AT_ONCE)
        } else {
            self.jobs
        }
    }

    /// Installs a package that a registry has; its archive is fetched if the store lacks it or holds
    /// a damaged one.
    fn install_registered(
        &self,
        downloads: &Downloads<'_>,
        permits: &Permits,
        package: &LockedPackage,
        sha256: &Digest,
    ) -> Result<InstalledPackage, Error> {
        let (name, version) = (&package.name, &package.version);
        let install = || permits.with(|| self.batch.install_package(sha256, name, version));
        match install() {
            Ok(installed) => return Ok(installed),
            Err(puck_store::Error::MissingArchive { .. }) => {}
            Err(damaged @ puck_store::Error::Damaged { .. }) => {
                self.progress.warning(&damaged.to_string());
            }
            Err(error) => return Err(error.into()),
        }
        downloads.fetch(package, sha256)?;
        self.progress.step(&format!("Installing {name} {version}"));
        let installed = install();
        if matches!(installed, Err(puck_store::Error::Archive { .. })) {
            // It is what the registry vouches for, byte by byte, and of no use to anybody.
            self.batch.remove_archive(sha256)?;
        }
        Ok(installed?)
    }
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
