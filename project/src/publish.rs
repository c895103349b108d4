//! `puck publish`: build, pack, and hand the archive to a registry.

use puck_package::lockfile::PackageSource;
use puck_package::{IndexLine, Series};
use puck_registry::Registry;

use crate::account::expect_online;
use crate::build::{Packed, pack};
use crate::vendor::expect_lasting;
use crate::{Error, Handle, Machine, Mode, Progress, Project, Published, Registries};

/// What was published, or would be.
#[derive(Debug)]
pub struct Publication {
    /// The archive that was made.
    pub packed: Packed,
    /// What the registry made of it.
    pub published: Published,
    /// The registry's name.
    pub registry: String,
}

/// Builds the package that `project` is and publishes it; with `dry_run` everything is checked and
/// nothing is written to the registry.
///
/// # Errors
/// If the package cannot be built, depends on a folder alone, or is refused by the registry.
pub fn publish(
    machine: &Machine,
    project: &Project,
    mode: &Mode,
    jobs: usize,
    dry_run: bool,
    progress: &dyn Progress,
) -> Result<Publication, Error> {
    let package = project.package()?;
    for (name, dependency) in &project.manifest().dependencies {
        if dependency.path.is_some() && dependency.requirement == semver::VersionReq::STAR {
            return Err(Error::PathOnly {
                name: name.clone(),
                manifest: project.manifest().path.clone(),
            });
        }
    }
    let registries = machine.registries(Some(project))?.within(mode);
    expect_online(&registries, registries.default_place(), "publishing")?;
    expect_lasting(registries.default_place())?;
    progress.step(&format!("Building {} {}", package.name, package.version));
    let packed = pack(machine, project, mode, jobs, progress)?;
    if let Some(name) = &registries.default_place().name {
        expect_own_registry(project, name)?;
    }
    let handle = if dry_run {
        registries.default()?
    } else {
        Some(registries.to_write()?)
    };
    let (published, registry) = match handle {
        Some(handle) => {
            let registry = handle.name()?;
            expect_own_registry(project, &registry)?;
            warn_of_unpublished(project, &registries, (&registry, &handle), progress)?;
            (handle.publish(&packed.path, dry_run)?, registry)
        }
        // Nothing is written, so the built-in registry is not made for this: an empty one elsewhere
        // gives the same answer.
        None => {
            let empty = tempfile::tempdir()?;
            let name = crate::machine::DEFAULT_REGISTRY;
            let registry = Registry::create(empty.path(), name)?;
            let handle = Handle::directory(None, registry);
            warn_of_unpublished(project, &registries, (name, &handle), progress)?;
            (handle.publish(&packed.path, true)?, name.to_owned())
        }
    };
    Ok(Publication {
        packed,
        published,
        registry,
    })
}

/// A dependency without a registry's name is looked for, by whoever uses the published package, in
/// the package's own registry: so it must have come from there.
fn expect_own_registry(project: &Project, registry: &str) -> Result<(), Error> {
    let lockfile = project.lockfile()?.unwrap_or_default();
    for id in &project.dependencies(&lockfile)? {
        let dependency = project.manifest().dependencies.get(&id.name);
        let unnamed = dependency.is_some_and(|d| d.registry.is_none() && d.path.is_none());
        let source = lockfile.package(id).map(|package| &package.source);
        if let (true, Some(PackageSource::Registry(from))) = (unnamed, source)
            && from != registry
        {
            return Err(Error::OtherRegistry {
                name: id.name.clone(),
                from: from.clone(),
                registry: registry.to_owned(),
            });
        }
    }
    Ok(())
}

/// Says which dependencies came from folders here and are not where whoever uses the published package
/// will look for them.
fn warn_of_unpublished(
    project: &Project,
    registries: &Registries<'_>,
    (own, handle): (&str, &Handle),
    progress: &dyn Progress,
) -> Result<(), Error> {
    let package = project.package()?;
    let lockfile = project.lockfile()?.unwrap_or_default();
    for id in &project.dependencies(&lockfile)? {
        let source = lockfile.package(id).map(|package| &package.source);
        let Some(dependency) = project.manifest().dependencies.get(&id.name) else {
            continue;
        };
        if !matches!(source, Some(PackageSource::Path(_))) {
            continue;
        }
        let named = dependency.registry.as_deref().unwrap_or(own);
        let lines = if named == own {
            handle.versions(&id.name)
        } else {
            let other = registries.get(named);
            other.and_then(|other| other.map_or(Ok(Vec::new()), |other| other.versions(&id.name)))
        };
        // A registry that cannot be asked is no reason not to publish.
        let Ok(lines) = lines else { continue };
        let fits = |line: &IndexLine| {
            dependency.requirement.matches(&line.version)
                && Series::of(&line.version) == Series::of(&id.version)
                && !line.yanked
        };
        if !lines.iter().any(fits) {
            progress.warning(&format!(
                "{} needs {} {}, which the registry `{named}` does not have; nobody can install it \
                 until that is published",
                package.name, id.name, dependency.requirement
            ));
        }
    }
    Ok(())
}
