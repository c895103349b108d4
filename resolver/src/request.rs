//! What is asked for: requirements, the versions of the last time, what may be updated.

use std::collections::BTreeSet;

use puck_package::PackageName;
use semver::{Version, VersionReq};

/// A package and the versions of it that will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The package.
    pub name: PackageName,
    /// Which versions.
    pub requirement: VersionReq,
}

/// Which locked versions are given up for newer ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Update {
    /// None: every locked version that is still allowed stays.
    #[default]
    Nothing,
    /// Those of the named packages; the others stay where they can.
    Packages(BTreeSet<PackageName>),
    /// All: as if there were no lock.
    Everything,
}

/// What [`resolve`](crate::resolve) is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks, as the subject of a sentence: "your project".
    pub subject: String,
    /// What it requires directly.
    pub requirements: Vec<Requirement>,
    /// The versions chosen the last time: preferred where still allowed, yanked or not.
    pub locked: BTreeSet<(PackageName, Version)>,
    /// Which of those are given up.
    pub update: Update,
}

impl Request {
    /// A request of "your project" with no lock.
    pub fn new(requirements: impl IntoIterator<Item = (PackageName, VersionReq)>) -> Self {
        let requirements = requirements
            .into_iter()
            .map(|(name, requirement)| Requirement { name, requirement })
            .collect();
        Self {
            subject: "your project".to_owned(),
            requirements,
            locked: BTreeSet::new(),
            update: Update::Nothing,
        }
    }

    /// The same request, preferring the versions `locked`.
    #[must_use]
    pub fn locked(mut self, locked: impl IntoIterator<Item = (PackageName, Version)>) -> Self {
        self.locked = locked.into_iter().collect();
        self
    }

    /// The same request, giving up the locked versions that `update` says.
    #[must_use]
    pub fn update(mut self, update: Update) -> Self {
        self.update = update;
        self
    }

    /// Whether `version` of `name` is locked, and to be kept if possible.
    pub(crate) fn keeps(&self, name: &PackageName, version: &Version) -> bool {
        let given_up = match &self.update {
            Update::Nothing => false,
            Update::Packages(names) => names.contains(name),
            Update::Everything => true,
        };
        !given_up
            && !self.locked.is_empty()
            && self.locked.contains(&(name.clone(), version.clone()))
    }
}
