//! `puck publish`: build, pack, and hand the archive to a registry.

use puck_registry::{Published, Registry};

use crate::build::{Packed, pack};
use crate::{Error, Machine, Mode, Progress, Project};

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
    progress.step(&format!("Building {} {}", package.name, package.version));
    let packed = pack(machine, project, mode, jobs, progress)?;
    let (published, registry) = if dry_run {
        match machine.registry()? {
            Some(registry) => (registry.check(&packed.path)?, registry.name().to_owned()),
            // Nothing is written, so the default registry is not made for this: an empty one
            // elsewhere gives the same answer.
            None => {
                let empty = tempfile::tempdir()?;
                let name = crate::machine::DEFAULT_REGISTRY;
                let registry = Registry::create(empty.path(), name)?;
                (registry.check(&packed.path)?, name.to_owned())
            }
        }
    } else {
        let registry = machine.registry_to_write()?;
        (registry.publish(&packed.path)?, registry.name().to_owned())
    };
    Ok(Publication {
        packed,
        published,
        registry,
    })
}
