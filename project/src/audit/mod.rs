//! `puck audit`: what packages may touch, by the functions of the system that they call.
//!
//! A package is compiled code: what it reaches beyond its own memory, it reaches by its undefined
//! symbols, which were looked up when it was built and are listed in its description. Linking
//! refuses an object that uses others. What this cannot see is said in `docs/audit.md`.

mod policy;
mod symbols;

use std::collections::{BTreeMap, BTreeSet};

use puck_package::{Capability, LockedPackage, PackageDocument, PackageId, nearest};
use puck_resolver::Update;

pub use policy::Denied;
pub(crate) use policy::{denied_by, expect_allowed};
use symbols::capability;

use crate::download::Downloads;
use crate::local::LocalPackages;
use crate::{Error, Inspected, Machine, Mode, PackageSpec, Progress, Project};

/// What the packages of a project may touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// By name, then version.
    pub packages: Vec<AuditedPackage>,
    /// What is built here and was not yet, so that nothing is known of it.
    pub not_built: Vec<PackageId>,
}

/// What a package may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedPackage {
    /// The package.
    pub id: PackageId,
    /// Whether the project itself depends on it, or is it, or it was asked for by name alone.
    pub direct: bool,
    /// The system's functions that it calls, by what they reach.
    pub uses: Uses,
    /// What of that the project's `[policy]` denies.
    pub denied: BTreeSet<Capability>,
}

/// Symbols, by what they reach.
pub type Uses = BTreeMap<Capability, BTreeSet<String>>;

/// What the package that `document` describes calls of the system and of its host.
#[must_use]
pub fn uses(document: &PackageDocument) -> Uses {
    let mut uses = Uses::new();
    let mut add = |capability, symbol: &str| {
        let symbols: &mut BTreeSet<String> = uses.entry(capability).or_default();
        symbols.insert(symbol.to_owned());
    };
    for import in &document.system_imports {
        add(capability(import), &import.symbol);
    }
    for import in &document.host_imports {
        add(Capability::Host, &import.symbol);
    }
    uses
}

impl Audit {
    /// What all packages together may touch.
    #[must_use]
    pub fn all(&self) -> Uses {
        let mut all = Uses::new();
        for (capability, symbols) in self.packages.iter().flat_map(|package| &package.uses) {
            all.entry(*capability)
                .or_default()
                .extend(symbols.iter().cloned());
        }
        all
    }
}

/// What the packages that `project` is locked to may touch, and the project itself if it is a
/// package that was installed. With `specs`, those packages alone; one that is not among them is
/// looked for in the default registry.
///
/// # Errors
/// If no lockfile agrees with the manifest and must not be made; if an archive cannot be fetched or
/// read; if there is no such package.
pub fn audit(
    machine: &Machine,
    project: Option<&Project>,
    specs: &[PackageSpec],
    mode: &Mode,
    progress: &dyn Progress,
) -> Result<Audit, Error> {
    let mut audit = match project {
        Some(project) => of_project(machine, project, mode, progress)?,
        None => Audit::default(),
    };
    if specs.is_empty() {
        return Ok(audit);
    }
    let denied = project.map(denied_by);
    let registries = machine.registries(project)?.within(mode);
    let mut packages = Vec::new();
    for spec in specs {
        let meant = |id: &PackageId| {
            let requirement = spec.requirement.as_ref();
            id.name == spec.name && requirement.is_none_or(|r| r.matches(&id.version))
        };
        let before = packages.len();
        packages.extend(audit.packages.iter().filter(|p| meant(&p.id)).cloned());
        if packages.len() > before || audit.not_built.iter().any(meant) {
            continue;
        }
        let document = match Inspected::find(machine, &registries, spec) {
            Ok(found) => found.document,
            // A name of the project is nearer than one of the registry.
            Err(Error::UnknownPackage {
                name,
                registry,
                near,
            }) => {
                let names = audit
                    .packages
                    .iter()
                    .map(|package| package.id.name.as_str());
                let here = nearest(name.as_str(), names).map(str::to_owned);
                return Err(Error::UnknownPackage {
                    name,
                    registry,
                    near: here.or(near),
                });
            }
            Err(error) => return Err(error),
        };
        packages.push(audited(
            &document,
            true,
            &denied.clone().unwrap_or_default(),
        ));
    }
    packages.sort_by(|a, b| a.id.cmp(&b.id));
    packages.dedup();
    let named = |id: &PackageId| specs.iter().any(|spec| spec.name == id.name);
    audit.not_built.retain(named);
    audit.packages = packages;
    Ok(audit)
}

fn of_project(
    machine: &Machine,
    project: &Project,
    mode: &Mode,
    progress: &dyn Progress,
) -> Result<Audit, Error> {
    let (project, _hold) = project.hold()?;
    let local = LocalPackages::of(&project)?;
    let lockfile = crate::lock::plan(machine, &project, &local, mode, Update::Nothing)?.lockfile;
    let registries = machine.registries(Some(&project))?.within(mode);
    let count = lockfile.packages.len();
    let downloads = Downloads::new(machine.store(), &registries, progress, count);
    let denied = &denied_by(&project);
    let built = built(machine, &project)?;
    let mut audit = Audit::default();
    for package in &lockfile.packages {
        match document(machine, &downloads, package, &built)? {
            Some(document) => {
                let direct = lockfile.is_direct(package);
                audit.packages.push(audited(&document, direct, denied));
            }
            None => audit.not_built.push(package.id()),
        }
    }
    if let Some(package) = &project.manifest().package {
        let id = PackageId {
            name: package.name.clone(),
            version: package.version.clone(),
        };
        match built.get(&id) {
            Some(document) => audit.packages.push(audited(document, true, denied)),
            None => audit.not_built.push(id),
        }
    }
    audit.packages.sort_by(|a, b| a.id.cmp(&b.id));
    audit.not_built.sort();
    Ok(audit)
}

fn audited(
    document: &PackageDocument,
    direct: bool,
    denied: &BTreeSet<Capability>,
) -> AuditedPackage {
    let uses = uses(document);
    AuditedPackage {
        id: PackageId {
            name: document.name.clone(),
            version: document.version.clone(),
        },
        direct,
        denied: policy::denied(&uses, denied).collect(),
        uses,
    }
}

/// The descriptions of what the project's environment holds.
fn built(
    machine: &Machine,
    project: &Project,
) -> Result<BTreeMap<PackageId, PackageDocument>, Error> {
    let mut found = BTreeMap::new();
    for package in machine.store().active_packages(project.directory())? {
        let document = package.document;
        let id = PackageId {
            name: document.name.clone(),
            version: document.version.clone(),
        };
        found.insert(id, document);
    }
    Ok(found)
}

/// The description of a locked package; `None` if it is built here and was not yet.
fn document(
    machine: &Machine,
    downloads: &Downloads<'_>,
    package: &LockedPackage,
    built: &BTreeMap<PackageId, PackageDocument>,
) -> Result<Option<PackageDocument>, Error> {
    let store = machine.store();
    let Some(sha256) = package.sha256 else {
        return Ok(built.get(&package.id()).cloned());
    };
    if let Some(installed) = store.installed_package(&sha256, &package.name, &package.version)? {
        return Ok(Some(installed.document));
    }
    let archive = match store.archive(&sha256) {
        Ok(Some(archive)) => Some(archive),
        Ok(None) | Err(puck_store::Error::Damaged { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let archive = match archive {
        Some(archive) => archive,
        None => {
            downloads.fetch(package, &sha256)?;
            let fetched = store.archive(&sha256)?;
            fetched.ok_or_else(|| Error::Vanished(package.id()))?
        }
    };
    Ok(Some(Inspected::read(&archive)?.document))
}
