//! What is different between two lockfiles.

use std::collections::BTreeMap;

use puck_package::lockfile::{PackageId, PackageSource};
use puck_package::{Lockfile, PackageName};
use semver::Version;

/// A difference between two lockfiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A package that was not there.
    Added(PackageId),
    /// A package that is there no more.
    Removed(PackageId),
    /// Another version of a package, of which there was and is one.
    Changed {
        /// Its name.
        name: PackageName,
        /// The version before.
        from: Version,
        /// The version now.
        to: Version,
    },
    /// The same version, from elsewhere.
    Moved {
        /// The package.
        id: PackageId,
        /// Where it came from before.
        from: PackageSource,
        /// Where it comes from now.
        to: PackageSource,
    },
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Added(id) => write!(f, "+ {id}"),
            Self::Removed(id) => write!(f, "- {id}"),
            Self::Changed { name, from, to } => write!(f, "~ {name} {from} -> {to}"),
            Self::Moved { id, from, to } => write!(f, "~ {id}: {from} -> {to}"),
        }
    }
}

/// What is different in `after`; sorted by name.
pub(super) fn changes(before: &Lockfile, after: &Lockfile) -> Vec<Change> {
    let moved = after.packages.iter().filter_map(|package| {
        let from = before.package(&package.id())?.source.clone();
        let to = package.source.clone();
        let id = package.id();
        (from != to).then_some(Change::Moved { id, from, to })
    });
    let mut changes = changed_versions(before, after);
    changes.extend(moved);
    changes.sort_by(|a, b| a.name().cmp(b.name()));
    changes
}

impl Change {
    fn name(&self) -> &PackageName {
        match self {
            Self::Added(id) | Self::Removed(id) | Self::Moved { id, .. } => &id.name,
            Self::Changed { name, .. } => name,
        }
    }
}

fn changed_versions(before: &Lockfile, after: &Lockfile) -> Vec<Change> {
    let versions = |lockfile: &Lockfile| {
        let mut by_name: BTreeMap<PackageName, Vec<Version>> = BTreeMap::new();
        for package in &lockfile.packages {
            by_name
                .entry(package.name.clone())
                .or_default()
                .push(package.version.clone());
        }
        by_name
    };
    let (before, after) = (versions(before), versions(after));
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let mut changes = Vec::new();
    for name in names {
        let old = before.get(name).map_or(&[][..], Vec::as_slice);
        let new = after.get(name).map_or(&[][..], Vec::as_slice);
        if let ([from], [to]) = (old, new) {
            if from != to {
                let (from, to) = (from.clone(), to.clone());
                changes.push(Change::Changed {
                    name: name.clone(),
                    from,
                    to,
                });
            }
            continue;
        }
        let id = |version: &Version| PackageId {
            name: name.clone(),
            version: version.clone(),
        };
        changes.extend(
            old.iter()
                .filter(|v| !new.contains(v))
                .map(id)
                .map(Change::Removed),
        );
        changes.extend(
            new.iter()
                .filter(|v| !old.contains(v))
                .map(id)
                .map(Change::Added),
        );
    }
    changes
}

#[cfg(test)]
mod tests {
    use puck_package::LockedPackage;
    use puck_package::lockfile::PackageSource;

    use super::*;

    fn lockfile(packages: &[&str]) -> Lockfile {
        let packages = packages.iter().map(|text| {
            let id: PackageId = text.parse().unwrap();
            LockedPackage {
                name: id.name,
                version: id.version,
                source: PackageSource::Path("x".to_owned()),
                sha256: None,
                dependencies: Vec::new(),
            }
        });
        Lockfile::new(Vec::new(), packages.collect())
    }

    #[test]
    fn the_same_version_from_elsewhere() {
        let before = lockfile(&["a 1.0.0", "b 1.0.0"]);
        let mut after = lockfile(&["a 1.1.0", "b 1.0.0", "c 1.0.0"]);
        after.packages[1].source = PackageSource::Registry("team".to_owned());
        let found: Vec<_> = changes(&before, &after)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "~ a 1.0.0 -> 1.1.0",
                "~ b 1.0.0: path+x -> registry+team",
                "+ c 1.0.0"
            ]
        );
    }

    #[test]
    fn changes_in_words() {
        for (before, after, expected) in [
            (&["a 1.0.0"][..], &["a 1.0.0"][..], &[][..]),
            (&[], &["a 1.0.0"], &["+ a 1.0.0"]),
            (
                &["a 1.0.0"],
                &["a 1.1.0", "b 1.0.0"],
                &["~ a 1.0.0 -> 1.1.0", "+ b 1.0.0"],
            ),
            (&["a 1.0.0", "a 2.0.0"], &["a 2.0.0"], &["- a 1.0.0"]),
            (&["a 1.0.0"], &["a 1.0.0", "a 2.0.0"], &["+ a 2.0.0"]),
        ] {
            let found: Vec<_> = changes(&lockfile(before), &lockfile(after))
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(found, expected);
        }
    }
}
