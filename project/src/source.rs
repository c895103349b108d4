//! Where the resolver learns which versions there are.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::index::{Export, IndexImport, IndexLine};
use puck_package::{PackageDependency, PackageDocument, PackageName};
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
                candidates.insert(document.version.clone(), of_document(document));
            }
        }
        // What a registry says counts more: it knows what was yanked.
        if let Some(registry) = self.registry {
            for line in registry.versions(name)? {
                candidates.insert(line.version.clone(), of_line(line));
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
    let exports = document.functions.into_iter().map(|function| Export {
        name: function.name,
        abi: function.abi,
        signature: function.signature,
    });
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
