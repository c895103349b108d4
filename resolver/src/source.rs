//! Where candidates come from.

use std::error::Error;

use jiff::Timestamp;
use puck_package::index::{Export, IndexImport};
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
    /// The functions that it offers. `None` where that is not known, as before a package is
    /// built: whatever is called of it is then taken to be there.
    pub exports: Option<Vec<Export>>,
    /// The functions of its dependencies that it calls: whatever is chosen for a dependency must
    /// offer those of its series.
    pub imports: Vec<IndexImport>,
    /// Whether it was withdrawn: it is chosen only if the request is locked to it.
    pub yanked: bool,
    /// When it was published. What has no date passes every [`Before`](crate::Before).
    pub published: Option<Timestamp>,
    /// Why it cannot be used at all, in a few words: "no code for this machine".
    pub unusable: Option<String>,
    /// What to say of it wherever versions are listed: "from ../linalg".
    pub note: Option<String>,
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
    /// A candidate without dependencies, of which nothing else is known.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            dependencies: Vec::new(),
            exports: None,
            imports: Vec::new(),
            yanked: false,
            published: None,
            unusable: None,
            note: None,
        }
    }
}
