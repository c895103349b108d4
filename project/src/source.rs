//! Where the resolver learns which versions there are.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::{PackageDependency, PackageName};
use puck_registry::Registry;
use puck_resolver::{Candidate, CandidateDependency, Source, SourceError};
use puck_store::Store;

use crate::local::LocalPackages;

/// Folders first, then the registry, then, offline, what the store holds.
pub(crate) struct Versions<'a> {
    pub(crate) local: &'a LocalPackages,
    pub(crate) registry: Option<&'a Registry>,
    /// Whether packages in the store count although the registry does not list them.
    pub(crate) stored: Option<&'a Store>,
}

impl Source for Versions<'_> {
    fn candidates(&mut self, name: &PackageName) -> Result<Vec<Candidate>, SourceError> {
        if let Some(candidate) = self.local.candidate(name)? {
            return Ok(vec![candidate]);
        }
        let mut candidates = BTreeMap::new();
        if let Some(store) = self.stored {
            for package in store.installed_packages(name)? {
                let document = package.document;
                let candidate = Candidate {
                    version: document.version.clone(),
                    dependencies: dependencies(&document.dependencies),
                    yanked: false,
                };
                candidates.insert(document.version, candidate);
            }
        }
        // What a registry says counts more: it knows what was yanked.
        if let Some(registry) = self.registry {
            for line in registry.versions(name)? {
                let candidate = Candidate {
                    version: line.version.clone(),
                    dependencies: dependencies(&line.dependencies),
                    yanked: line.yanked,
                };
                candidates.insert(line.version, candidate);
            }
        }
        Ok(candidates.into_values().collect())
    }

    fn known_names(&mut self) -> Vec<PackageName> {
        let mut names: BTreeSet<_> = self.local.names().cloned().collect();
        // Only for a hint: a registry that cannot be listed has failed more loudly before.
        if let Some(listed) = self.registry.and_then(|registry| registry.names().ok()) {
            names.extend(listed);
        }
        names.into_iter().collect()
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
