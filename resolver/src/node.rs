//! What `PubGrub` takes for a package.

use std::fmt;
use std::rc::Rc;

use puck_package::{PackageName, Series};
use semver::VersionReq;

/// A package in `PubGrub`'s sense: it gets at most one version.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Node {
    /// What the request is for; its one version is 0.
    Root,
    /// One series of a package. Its versions are positions in the package's candidates.
    Series(Rc<PackageName>, Series),
    /// Which series serves a requirement that several could serve, or none. Its versions are
    /// positions in the package's list of series; each depends on that series.
    ///
    /// All who have the same requirement share the choice. That loses no solution: what serves
    /// one of them serves the others.
    Choice(Rc<PackageName>, Rc<VersionReq>),
}

impl Node {
    /// The package that it is about.
    pub(crate) fn name(&self) -> Option<&Rc<PackageName>> {
        match self {
            Self::Root => None,
            Self::Series(name, _) | Self::Choice(name, _) => Some(name),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the request"),
            Self::Series(name, series) => write!(f, "{name} {series}"),
            Self::Choice(name, requirement) => write!(f, "{name} {requirement}"),
        }
    }
}
