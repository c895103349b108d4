//! What is asked for: requirements, the versions of the last time, what may be updated.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
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

/// Which of the versions that would do is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// The newest of each package.
    #[default]
    Highest,
    /// The oldest of each package: whether the lower bounds of all requirements are true.
    Lowest,
    /// The oldest of what the request itself requires, the newest of all else: whether the lower
    /// bounds of the request's own requirements are true.
    LowestDirect,
}

/// A time after which nothing may have been published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// What was published later is passed over, unless it is locked.
    pub time: Timestamp,
    /// Who says so, as in "published after … allows": "`--before 7d`".
    pub origin: String,
}

/// Which locked versions are given up for newer ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Update {
    /// None: every locked version that is still allowed stays.
    #[default]
    Nothing,
    /// Those of the named packages; the others stay where they can.
    Packages(BTreeSet<PackageName>),
    /// That of one series of a package, for exactly this version of it, which may be yanked; all
    /// else stays where it can.
    Precise(PackageName, Version),
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
    pub locked: BTreeMap<PackageName, BTreeSet<Version>>,
    /// Which of those are given up.
    pub update: Update,
    /// Which version is taken of what is not locked.
    pub strategy: Strategy,
    /// How new a version may be that is not locked.
    pub before: Option<Before>,
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
            locked: BTreeMap::new(),
            update: Update::Nothing,
            strategy: Strategy::Highest,
            before: None,
        }
    }

    /// The same request, preferring the versions `locked`.
    #[must_use]
    pub fn locked(mut self, locked: impl IntoIterator<Item = (PackageName, Version)>) -> Self {
        self.locked = BTreeMap::new();
        for (name, version) in locked {
            self.locked.entry(name).or_default().insert(version);
        }
        self
    }

    /// The same request, giving up the locked versions that `update` says.
    #[must_use]
    pub fn update(mut self, update: Update) -> Self {
        self.update = update;
        self
    }

    /// The same request, taking what `strategy` says of the versions that would do.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// The same request, passing over what was published later.
    #[must_use]
    pub fn before(mut self, before: Option<Before>) -> Self {
        self.before = before;
        self
    }

    /// Whether `version` of `name` is locked, and to be kept if possible.
    pub(crate) fn keeps(&self, name: &PackageName, version: &Version) -> bool {
        let given_up = match &self.update {
            Update::Nothing => false,
            Update::Packages(names) => names.contains(name),
            Update::Precise(precise, _) => precise == name,
            Update::Everything => true,
        };
        let is_locked = |locked: &BTreeSet<Version>| locked.contains(version);
        !given_up && self.locked.get(name).is_some_and(is_locked)
    }

    /// The one version of `name` that is asked for.
    pub(crate) fn precise(&self, name: &PackageName) -> Option<&Version> {
        match &self.update {
            Update::Precise(precise, version) if precise == name => Some(version),
            _ => None,
        }
    }

    /// Whether the oldest version of `name` is taken rather than the newest.
    pub(crate) fn lowest(&self, name: &PackageName) -> bool {
        match self.strategy {
            Strategy::Highest => false,
            Strategy::Lowest => true,
            Strategy::LowestDirect => self.requirements.iter().any(|r| r.name == *name),
        }
    }
}
