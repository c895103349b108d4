//! Registries as small tables.
//!
//! ```text
//! linalg 1.2.0: vecmath ^1.1 @v1; stats ^0.3
//! vecmath 1.1.0
//! vecmath 1.2.0 yanked
//! ```

use std::collections::BTreeMap;

use puck_package::PackageName;
use puck_resolver::{
    Candidate, CandidateDependency, Error, Request, Resolution, Source, SourceError, resolve,
};
use semver::{Version, VersionReq};

/// A registry in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry(pub(crate) BTreeMap<PackageName, Vec<Candidate>>);

impl Registry {
    pub(crate) fn new(table: &str) -> Self {
        let mut registry = Self::default();
        for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (head, dependencies) = line.split_once(':').unwrap_or((line, ""));
            let mut head = head.split_whitespace();
            let name: PackageName = head.next().unwrap().parse().unwrap();
            let mut candidate = Candidate::new(head.next().unwrap().parse().unwrap());
            candidate.yanked = head.next() == Some("yanked");
            candidate.dependencies = dependencies
                .split(';')
                .filter(|d| !d.trim().is_empty())
                .map(dependency)
                .collect();
            registry.0.entry(name).or_default().push(candidate);
        }
        registry
    }

    pub(crate) fn resolve(&self, request: &Request) -> Result<Resolution, Error> {
        resolve(request, &mut self.clone())
    }
}

fn dependency(text: &str) -> CandidateDependency {
    let (text, series) = match text.split_once('@') {
        Some((text, series)) => (text, Some(series.trim().parse().unwrap())),
        None => (text, None),
    };
    let (name, requirement) = requirement(text);
    CandidateDependency {
        name,
        requirement,
        series,
    }
}

fn requirement(text: &str) -> (PackageName, VersionReq) {
    let (name, requirement) = text.trim().split_once(' ').unwrap_or((text.trim(), "*"));
    (name.parse().unwrap(), requirement.parse().unwrap())
}

/// A request for "linalg ^1; stats *".
pub(crate) fn request(requirements: &str) -> Request {
    Request::new(requirements.split(';').map(requirement))
}

/// "linalg 1.2.0; vecmath 1.1.0" as names with versions.
pub(crate) fn versions(text: &str) -> Vec<(PackageName, Version)> {
    text.split(';')
        .map(|one| {
            let (name, version) = one.trim().split_once(' ').unwrap();
            (name.parse().unwrap(), version.parse().unwrap())
        })
        .collect()
}

/// What was chosen, as "linalg 1.2.0; vecmath 1.1.0".
pub(crate) fn chosen(resolution: &Resolution) -> String {
    let packages = &resolution.packages;
    packages
        .iter()
        .map(|p| format!("{} {}", p.name, p.version))
        .collect::<Vec<_>>()
        .join("; ")
}

impl Source for Registry {
    fn candidates(&mut self, name: &PackageName) -> Result<Vec<Candidate>, SourceError> {
        if name.as_str() == "broken" {
            return Err("the disk is on fire".into());
        }
        Ok(self.0.get(name).cloned().unwrap_or_default())
    }

    fn known_names(&mut self) -> Vec<PackageName> {
        self.0.keys().cloned().collect()
    }
}
