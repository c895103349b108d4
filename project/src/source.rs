//! Where the resolver learns which versions there are.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::index::{Export, IndexImport, IndexLine};
use puck_package::lockfile::PackageSource;
use puck_package::{Digest, PackageDependency, PackageDocument, PackageId, PackageName, Patch};
use puck_resolver::{Candidate, CandidateDependency, Resolution, Source, SourceError};
use puck_store::Store;
use semver::Version;

use crate::local::LocalPackages;
use crate::registries::{Bindings, Claimant};
use crate::{Error, Handle, Project, Registries};

/// Folders first, then the registry that a name belongs to, then, offline, what the store holds.
pub(crate) struct Versions<'a> {
    local: &'a LocalPackages,
    registries: &'a Registries<'a>,
    store: &'a Store,
    /// Which registry each name belongs to, as far as that is known yet.
    bindings: Bindings,
    /// What is taken in place of what registries have.
    patches: &'a BTreeMap<PackageName, Patch>,
    /// What registries said the digests of archives are.
    published: BTreeMap<PackageName, BTreeMap<Version, Digest>>,
    /// The versions that were withdrawn, as far as that was seen, and why.
    withdrawn: BTreeMap<PackageId, Option<String>>,
    /// A patch that matches nothing.
    unmatched: Option<Error>,
}

impl<'a> Versions<'a> {
    /// The versions that `project` may choose from. A name that no manifest binds to a registry
    /// stays with the one that it is locked from in `kept`, or else belongs to the default one.
    pub(crate) fn of(
        project: &'a Project,
        local: &'a LocalPackages,
        registries: &'a Registries<'a>,
        store: &'a Store,
        kept: &BTreeMap<&PackageName, &PackageSource>,
    ) -> Result<Self, Error> {
        let mut bindings = Bindings::default();
        let patches = &project.manifest().patches;
        for (name, patch) in patches {
            if let Patch::Registry {
                registry: Some(registry),
                ..
            } = patch
            {
                let who = format!("the patch in {}", project.manifest().path.display());
                expect_known(registries, name, registry, &who)?;
                bindings.claim(name, registry, Claimant::Manifest(who));
            }
        }
        for (who, project) in local.with_names(project) {
            for (name, dependency) in &project.manifest().dependencies {
                let patched = patched_from(patches, name).is_some();
                if dependency.path.is_some() || local.get(name).is_some() || patched {
                    continue;
                }
                let registry = match (&dependency.registry, kept.get(name)) {
                    (Some(named), _) => named.clone(),
                    (None, Some(PackageSource::Registry(locked))) => locked.clone(),
                    (None, _) => registries.default_name()?,
                };
                expect_known(registries, name, &registry, &who)?;
                bindings.claim(name, &registry, Claimant::Manifest(who.clone()));
            }
        }
        let locked = kept.iter().filter_map(|(name, source)| match source {
            PackageSource::Registry(registry) => Some(((*name).clone(), registry.clone())),
            PackageSource::Path(_) => None,
        });
        registries.prefetch(bindings.all().into_iter().chain(locked).collect())?;
        Ok(Self {
            local,
            registries,
            store,
            bindings,
            patches,
            published: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            unmatched: None,
        })
    }

    /// The registry that `name` belongs to.
    pub(crate) fn registry(&self, name: &PackageName) -> Option<&str> {
        self.bindings.registry(name)
    }

    /// The digest that the registry has for a version.
    pub(crate) fn digest(&self, id: &PackageId) -> Option<&Digest> {
        self.published.get(&id.name)?.get(&id.version)
    }

    /// Whether a version was withdrawn, and the reason if one was given.
    pub(crate) fn withdrawn(&self, id: &PackageId) -> Option<&Option<String>> {
        self.withdrawn.get(id)
    }

    /// Why a package that is needed has no versions, if a patch has left none: the resolver, which
    /// knows nothing of patches, can but say that there is no such package.
    pub(crate) fn unmatched_patch(&mut self) -> Option<Error> {
        self.unmatched.take()
    }

    /// Whether all that was chosen takes each name from the same registry.
    pub(crate) fn check_bindings(&self, resolution: &Resolution) -> Result<(), Error> {
        let chosen: BTreeSet<_> = resolution
            .packages
            .iter()
            .map(|package| (&package.name, &package.version))
            .collect();
        for package in &resolution.packages {
            if self.local.get(&package.name).is_none() {
                let is_chosen = |id: &PackageId| chosen.contains(&(&id.name, &id.version));
                self.bindings.check(&package.name, is_chosen)?;
            }
        }
        Ok(())
    }

    fn find(&mut self, name: &PackageName) -> Result<Vec<Candidate>, Error> {
        if let Some(candidate) = self.local.candidate(name)? {
            return Ok(vec![candidate]);
        }
        let registry = match self.bindings.registry(name) {
            Some(registry) => registry.to_owned(),
            None => self.registries.default_name()?,
        };
        let handle = self.registries.get(&registry)?;
        let offline = self.registries.offline().is_some();
        let lines = match &handle {
            None => Vec::new(),
            Some(handle) if offline && handle.is_remote() => known_offline(handle, name)?,
            Some(handle) => handle.versions(name)?,
        };
        let mut candidates = BTreeMap::new();
        let remote = handle.is_some_and(|handle| handle.is_remote());
        // Where the index of a registry is known, it tells its packages from those of others.
        if offline && (!remote || lines.is_empty()) {
            for package in self.store.installed_packages(name)? {
                let document = package.document;
                self.claim(&registry, name, &document.version, &document.dependencies);
                candidates.insert(document.version.clone(), of_document(document));
            }
        }
        // What a registry says counts more: it knows what was yanked. The newest claims first.
        let mut digests = BTreeMap::new();
        for line in lines.into_iter().rev() {
            if offline && remote && !self.is_here(&line)? {
                continue;
            }
            self.claim(&registry, name, &line.version, &line.dependencies);
            digests.insert(line.version.clone(), line.sha256);
            if line.yanked {
                let (name, version) = (name.clone(), line.version.clone());
                let id = PackageId { name, version };
                self.withdrawn.insert(id, line.yank_reason.clone());
            }
            candidates.insert(line.version.clone(), of_line(line));
        }
        self.published.insert(name.clone(), digests);
        let mut candidates: Vec<_> = candidates.into_values().collect();
        if let Some(Patch::Registry { requirement, .. }) = self.patches.get(name) {
            let known = listed(&candidates);
            candidates.retain(|candidate| requirement.matches(&candidate.version));
            if candidates.is_empty() && !(offline && remote) {
                self.unmatched.get_or_insert_with(|| Error::UnmatchedPatch {
                    name: name.clone(),
                    requirement: requirement.clone(),
                    registry: registry.clone(),
                    known,
                });
            }
            for candidate in &mut candidates {
                candidate.note = Some(format!("from {registry}, by [patch]"));
            }
        }
        Ok(candidates)
    }

    /// Notes from where a version takes what it depends on: from the registry that it names, or its
    /// own.
    fn claim(
        &mut self,
        registry: &str,
        name: &PackageName,
        version: &Version,
        dependencies: &[PackageDependency],
    ) {
        for dependency in dependencies {
            if patched_from(self.patches, &dependency.name).is_some() {
                continue;
            }
            let registry = dependency.registry.as_deref().unwrap_or(registry);
            let id = PackageId {
                name: name.clone(),
                version: version.clone(),
            };
            self.bindings
                .claim(&dependency.name, registry, Claimant::Version(id));
        }
    }

    fn is_here(&self, line: &IndexLine) -> Result<bool, Error> {
        let installed = |line: &IndexLine| {
            self.store
                .installed_package(&line.sha256, &line.name, &line.version)
        };
        Ok(self.store.has_archive(&line.sha256, line.size) || installed(line)?.is_some())
    }
}

/// What there is, in words; the newest versions alone, where there are many.
fn listed(candidates: &[Candidate]) -> String {
    const SHOWN: usize = 5;
    let versions = candidates.iter().rev().take(SHOWN);
    let versions: Vec<_> = versions.map(|c| c.version.to_string()).collect();
    match candidates.len() {
        0 => "no such package".to_owned(),
        count if count > SHOWN => format!("{} and older ones", versions.join(", ")),
        _ => versions.join(", "),
    }
}

/// The registry that a patch binds `name` to, whatever others say.
fn patched_from<'p>(
    patches: &'p BTreeMap<PackageName, Patch>,
    name: &PackageName,
) -> Option<&'p String> {
    match patches.get(name)? {
        Patch::Path(_) => None,
        Patch::Registry { registry, .. } => registry.as_ref(),
    }
}

/// What is remembered of a registry that may not be asked.
fn known_offline(handle: &Handle, name: &PackageName) -> Result<Vec<IndexLine>, Error> {
    match handle.versions(name) {
        Err(Error::Offline { .. }) => Ok(Vec::new()),
        known => known,
    }
}

/// A registry that a manifest names must be there before anything is asked of any other.
fn expect_known(
    registries: &Registries<'_>,
    name: &PackageName,
    registry: &str,
    who: &str,
) -> Result<(), Error> {
    match registries.get(registry) {
        Ok(_) => Ok(()),
        Err(Error::UnknownRegistry { .. }) => Err(Error::NamedRegistry {
            name: name.clone(),
            registry: registry.to_owned(),
            by: who.to_owned(),
        }),
        Err(error) => Err(error),
    }
}

impl Source for Versions<'_> {
    fn candidates(&mut self, name: &PackageName) -> Result<Vec<Candidate>, SourceError> {
        Ok(self.find(name)?)
    }

    fn known_names(&mut self) -> Vec<PackageName> {
        let mut names: BTreeSet<_> = self.local.names().cloned().collect();
        // Only for a hint: a registry that cannot be listed has failed more loudly before.
        if let Ok(Some(registry)) = self.registries.default()
            && let Ok(listed) = registry.names()
        {
            names.extend(listed);
        }
        names.into_iter().collect()
    }
}

/// What a registry says of a version.
fn of_line(line: IndexLine) -> Candidate {
    Candidate {
        dependencies: dependencies(&line.dependencies),
        exports: Some(line.exports),
        imports: line.imports,
        yanked: line.yanked,
        published: line.time.parse().ok(),
        ..Candidate::new(line.version)
    }
}

/// What a package in the store says of itself.
fn of_document(document: PackageDocument) -> Candidate {
    let exports = document.functions.iter().map(Export::of);
    let imports = document.imports.into_iter().map(|import| IndexImport {
        package: import.package,
        link_name: import.link_name,
    });
    Candidate {
        dependencies: dependencies(&document.dependencies),
        exports: Some(exports.collect()),
        imports: imports.collect(),
        ..Candidate::new(document.version)
    }
}

fn dependencies(dependencies: &[PackageDependency]) -> Vec<CandidateDependency> {
    dependencies
        .iter()
        .map(|dependency| CandidateDependency {
            name: dependency.name.clone(),
            requirement: dependency.requirement.clone(),
            series: Some(dependency.series),
        })
        .collect()
}
