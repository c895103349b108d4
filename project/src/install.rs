//! `puck install`: from a lockfile to the environment that `.puck` leads to.

mod against;
mod packages;

use std::collections::BTreeSet;

use puck_package::LockedPackage;
use puck_package::lockfile::PackageId;
use puck_resolver::Update;
use puck_store::{Batch, Environment, EnvironmentPackage, EnvironmentRequest, WantedPackage};

use crate::audit::{denied_by, expect_allowed};
use crate::compile::Compiler;
use crate::linking::Linking;
use crate::local::LocalPackages;
use crate::lock::{Locked, plan};
use crate::workspace::{self, Whole};
use crate::{Error, LinkOptions, Machine, Mode, Progress, Project, build};
pub(crate) use against::Dependencies;
use packages::Packages;

/// How to install.
#[derive(Clone, Debug)]
pub struct InstallOptions {
    /// What is forbidden.
    pub mode: Mode,
    /// Which locked versions to give up.
    pub update: Update,
    /// Whether a project that is a package is built and installed with its dependencies.
    pub with_itself: bool,
    /// How the environment is linked.
    pub link: LinkOptions,
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
    /// How many packages were compiled on this machine for it.
    pub compiled: usize,
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
    let store = machine.store();
    let linking = Linking::of(store, project, &options.link, progress)?;
    // Until `.puck` leads to them, nobody can see that the packages are needed.
    let _keep = store.keep()?;
    let compiler = Compiler::new(store, options.jobs, progress);
    let planned = Planned {
        project,
        local,
        locked: &locked,
        linking: &linking,
    };
    let environment = match planned.current(machine, options)? {
        Some(environment) => environment,
        None => {
            let batch = store.batch();
            let made = planned.make(machine, &batch, &compiler, options, progress);
            // What was made until an error is of use to whoever tries again.
            let finished = batch.finish();
            let environment = made?;
            finished?;
            environment
        }
    };
    locked.write(project)?;
    let before = store.active(project.directory())?;
    let activated = before.as_deref() != Some(environment.path.as_path());
    // Also where nothing changes: the store may not know the project yet.
    store.activate(project.directory(), &environment)?;
    Ok(Installed {
        environment,
        locked,
        activated,
        compiled: compiler.compiled(),
    })
}

/// What is to be installed.
struct Planned<'a> {
    project: &'a Project,
    local: &'a LocalPackages,
    locked: &'a Locked,
    linking: &'a Linking,
}

impl Planned<'_> {
    /// The environment that the project has, if that is seen to be the right one without a look at
    /// what its packages are: they all come from registries, and nothing about them is to be judged.
    fn current(
        &self,
        machine: &Machine,
        options: &InstallOptions,
    ) -> Result<Option<Environment>, Error> {
        let Self {
            project,
            locked,
            linking,
            ..
        } = *self;
        let manifest = project.manifest();
        let built = options.with_itself && manifest.package.is_some();
        if built || !denied_by(project).is_empty() {
            return Ok(None);
        }
        let direct: BTreeSet<_> = locked.lockfile.dependencies.iter().collect();
        let wanted = |package: &LockedPackage| {
            Some(WantedPackage {
                name: package.name.clone(),
                version: package.version.clone(),
                sha256: package.sha256?,
                direct: direct.contains(&package.id()),
            })
        };
        let wanted: Option<Vec<_>> = locked.lockfile.packages.iter().map(wanted).collect();
        match wanted {
            Some(wanted) => Ok(machine.store().current_environment(
                project.directory(),
                &wanted,
                &linking.wanted(),
            )?),
            None => Ok(None),
        }
    }

    /// The environment of everything that is locked, and of the project itself; in the batch.
    fn make(
        &self,
        machine: &Machine,
        batch: &Batch<'_>,
        compiler: &Compiler<'_>,
        options: &InstallOptions,
        progress: &dyn Progress,
    ) -> Result<Environment, Error> {
        let Self {
            project,
            local,
            locked,
            linking,
        } = *self;
        let packages = Packages {
            store: machine.store(),
            batch,
            registries: &machine.registries(Some(project))?.within(&options.mode),
            jobs: options.jobs,
            progress,
        };
        let members = workspace::members_in(project, &locked.lockfile);
        let mut installed = if options.with_itself || members.is_empty() {
            packages.install_locked(&locked.lockfile, local)?
        } else {
            let others = workspace::without(&locked.lockfile, &members);
            packages.install_locked(&others, local)?
        };
        let mut direct: BTreeSet<_> = locked.lockfile.dependencies.iter().cloned().collect();
        let theirs = members.iter().filter_map(|id| locked.lockfile.package(id));
        direct.extend(theirs.flat_map(|member| member.dependencies.iter().cloned()));
        let itself = match &project.manifest().package {
            Some(package) if options.with_itself => {
                let direct = &locked.lockfile.dependencies;
                let against = packages.against(project, direct, &locked.lockfile, &installed)?;
                let packed =
                    build::pack_with(project, against.installed(), options.jobs, progress)?;
                let id = PackageId {
                    name: package.name.clone(),
                    version: package.version.clone(),
                };
                installed.insert(id.clone(), packages.install_packed(&packed)?);
                Some(id)
            }
            _ => None,
        };
        let documents: Vec<_> = installed.values().map(|i| &i.document).collect();
        expect_allowed(project, documents.iter().copied())?;
        let own = project.manifest().package.iter().map(|own| &own.name);
        let own = own.chain(members.iter().map(|id| &id.name));
        let left_out = own.filter(|name| documents.iter().all(|there| there.name != **name));
        let link = linking.link(&documents, &left_out.collect(), compiler)?;
        let listed = installed.iter().map(|(id, installed)| EnvironmentPackage {
            installed,
            direct: direct.contains(id) || itself.as_ref() == Some(id),
        });
        Ok(batch.environment(&EnvironmentRequest {
            packages: listed.collect(),
            link,
        })?)
    }
}

/// What `project` depends on, installed; for a build of the project.
pub(crate) fn dependencies(
    machine: &Machine,
    project: &Project,
    mode: &Mode,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<Dependencies, Error> {
    let (project, _hold) = project.hold_itself()?;
    let whole = Whole::of(&project)?;
    let local = LocalPackages::with(&whole.project, &whole.members)?;
    let locked = plan(machine, &whole.project, &local, mode, Update::Nothing)?;
    let direct = whole.direct(&project, &locked.lockfile);
    let needed = workspace::needed(&locked.lockfile, &direct);
    let keep = machine.store().keep()?;
    let batch = machine.store().batch();
    let packages = Packages {
        store: machine.store(),
        batch: &batch,
        registries: &machine.registries(Some(&project))?.within(mode),
        jobs,
        progress,
    };
    let against = packages
        .install_locked(&needed, &local)
        .and_then(|installed| packages.against(&project, &direct, &needed, &installed));
    let finished = batch.finish();
    let against = against?;
    finished?;
    locked.write(&project)?;
    if !locked.lockfile.packages.is_empty() {
        machine.store().remember(project.locked_directory())?;
    }
    Ok(against.kept(keep))
}
