//! Where candidates come from.

use std::error::Error;

use puck_package::{PackageName, Series};
use semver::{Version, VersionReq};

/// Whatever kept a source from answering.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// Knows the versions of packages: a registry, a set of paths, several of them together.
pub trait Source {
    /// All versions of `name`, in any order; none if there is no such package.
    ///
    /// Asked at most once a name and resolution.
    ///
    /// # Errors
    /// If it cannot be known, say because a file cannot be read. The resolution ends with it.
    fn candidates(&mut self, name: &PackageName) -> Result<Vec<Candidate>, SourceError>;

    /// The names of all packages, for "did you mean". Asked only when a package is unknown.
    fn known_names(&mut self) -> Vec<PackageName> {
        Vec::new()
    }
}

/// A version that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The version.
    pub version: Version,
    /// What it depends on.
    pub dependencies: Vec<CandidateDependency>,
    /// Whether it was withdrawn: it is chosen only if the request is locked to it.
    pub yanked: bool,
}

/// A dependency of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateDependency {
    /// The package depended on.
    pub name: PackageName,
    /// Which versions of it.
    pub requirement: VersionReq,
    /// The series that the candidate was compiled against: nothing outside it will do. `None`
    /// for what is not compiled yet.
    pub series: Option<Series>,
}

impl Candidate {
    /// A candidate without dependencies, not yanked.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            dependencies: Vec::new(),
            yanked: false,
        }
    }
}
