//! Removing what is damaged, and making it again: packages and environments from archives, archives
//! from the registries that lockfiles name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use puck_package::{Digest, EnvironmentDocument, EnvironmentPackage, LockedPackage};
use puck_store::{EnvironmentPackage as Requested, EnvironmentRequest, InstalledPackage};

use super::{Found, VerifyOptions, agreement};
use crate::compile::Compiler;
use crate::download::Downloads;
use crate::{Error, InstallOptions, Machine, Progress, Project, fetch, install, linking};

/// What could not be repaired, with what stands in the way.
pub(super) type Failures = BTreeMap<PathBuf, String>;

/// Repairs what was found, as far as that is possible.
pub(super) fn repair(
    machine: &Machine,
    options: &VerifyOptions<'_>,
    install_options: &InstallOptions,
    found: &Found,
    progress: &dyn Progress,
) -> Result<Failures, Error> {
    let store = machine.store();
    // What environments consist of is known from themselves, and so before they are removed.
    let documents = store.environment_documents()?;
    let mut waiting = || progress.step("Waiting for others to finish installing");
    let removed = store.remove_damaged(&found.problems, &mut waiting)?;

    let mut failures = Failures::new();
    let keep = store.keep()?;
    let locked = Locked::of(options.projects);
    for document in documents {
        let place = store.home().join("environments").join(document.key.hex());
        // Also what is missing since an earlier attempt.
        let affected = found.problems.iter().any(|problem| problem.path == place)
            || needs_any(machine, &document, &removed);
        if affected
            && let Err(failed) = rebuild(
                machine,
                &locked,
                &document,
                place,
                install_options.jobs,
                progress,
            )
        {
            failures.extend(failed);
        }
    }
    drop(keep);
    for project in options.projects {
        let mut archives = removed.clone();
        archives.retain(|path| locked.is_archive_of(path, project));
        let environment = !agreement::faults(store, project)?.is_empty();
        let mode = &install_options.mode;
        let repaired = if environment {
            install(machine, project, install_options, progress).map(drop)
        } else if !archives.is_empty() {
            fetch(machine, project, mode, install_options.jobs, progress).map(drop)
        } else {
            Ok(())
        };
        if let Err(error) = repaired {
            let error = with_hint(&error);
            failures.extend(archives.into_iter().map(|path| (path, error.clone())));
            failures.insert(project.directory().join(".puck"), error);
        }
    }
    Ok(failures)
}

/// Whether one of the packages or libraries of an environment was removed.
fn needs_any(machine: &Machine, document: &EnvironmentDocument, removed: &[PathBuf]) -> bool {
    let packages = machine.store().home().join("packages");
    let was_removed =
        |package: &EnvironmentPackage| removed.contains(&packages.join(&package.directory));
    let libraries = machine.store().home().join("libraries");
    let image = document.image.iter().flat_map(|i| i.libraries.values());
    let specialised = document.packages.iter().flat_map(|p| &p.specialised);
    let mut made = image.chain(specialised);
    document.packages.iter().any(was_removed)
        || made.any(|key| removed.contains(&libraries.join(key.hex())))
}

/// Installs those packages of the environment at `place` again that are missing, and makes the
/// environment again, if it is.
fn rebuild(
    machine: &Machine,
    locked: &Locked<'_>,
    document: &EnvironmentDocument,
    place: PathBuf,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<(), Failures> {
    let store = machine.store();
    let mut failures = Failures::new();
    let mut installed = Vec::new();
    for package in &document.packages {
        match reinstall(machine, locked, package, progress) {
            Ok(found) => installed.push((found, package.direct)),
            Err(error) => {
                let path = store.home().join("packages").join(&package.directory);
                let advice = format!(
                    "it could not be installed again ({}); run `puck install` in the project that \
                     needs it",
                    with_hint(&error)
                );
                failures.insert(path, advice.clone());
                failures.insert(place.clone(), advice);
            }
        }
    }
    if !failures.is_empty() {
        return Err(failures);
    }
    let documents: Vec<_> = installed.iter().map(|(i, _)| &i.document).collect();
    let compiler = Compiler::new(store, jobs, progress);
    let packages = installed.iter().map(|(installed, direct)| Requested {
        installed,
        direct: *direct,
    });
    let request = EnvironmentRequest {
        packages: packages.collect(),
        link: linking::as_before(document, &documents, &compiler),
    };
    match store.environment(&request) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failures::from([(place, error.to_string())])),
    }
}

/// The package, installed again if need be: from its archive, which is fetched again if need be.
fn reinstall(
    machine: &Machine,
    locked: &Locked<'_>,
    package: &EnvironmentPackage,
    progress: &dyn Progress,
) -> Result<InstalledPackage, Error> {
    let store = machine.store();
    let (sha256, name, version) = (&package.sha256, &package.name, &package.version);
    match store.install_package(sha256, name, version) {
        Err(
            error @ (puck_store::Error::MissingArchive { .. } | puck_store::Error::Damaged { .. }),
        ) => {
            let Some((project, locked)) = locked.0.get(sha256) else {
                return Err(error.into());
            };
            let registries = machine.registries(Some(project))?;
            Downloads::new(store, &registries, progress, 1).fetch(locked, sha256)?;
            Ok(store.install_package(sha256, name, version)?)
        }
        installed => Ok(installed?),
    }
}

fn with_hint(error: &Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

/// What projects are locked to, by archive.
struct Locked<'a>(BTreeMap<Digest, (&'a Project, LockedPackage)>);

impl<'a> Locked<'a> {
    fn of(projects: &'a [Project]) -> Self {
        let mut locked = BTreeMap::new();
        for project in projects {
            // What is wrong with a lockfile is said elsewhere.
            let Ok(Some(lockfile)) = project.lockfile() else {
                continue;
            };
            for package in lockfile.packages {
                if let Some(sha256) = package.sha256 {
                    locked.insert(sha256, (project, package));
                }
            }
        }
        Self(locked)
    }

    /// Whether `path` is the archive of something that `project` is locked to.
    fn is_archive_of(&self, path: &Path, project: &Project) -> bool {
        let sha256 = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok());
        let found = sha256.and_then(|sha256: Digest| self.0.get(&sha256));
        found.is_some_and(|(of, _)| of.directory() == project.directory())
    }
}
