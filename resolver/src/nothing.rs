//! Why there is no candidate that will do.

use semver::{Prerelease, Version};

use crate::Candidate;
use crate::catalog::{Demand, Package};
use crate::phrase::list;

/// Why no candidate satisfies a demand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nothing {
    /// There is no such package.
    Unknown,
    /// Only yanked versions match: these.
    Yanked(Vec<Version>),
    /// Only pre-releases are where the requirement looks: these.
    PreRelease(Vec<Version>),
    /// Only versions of another series match: these.
    OtherSeries(Vec<Version>),
    /// None matches.
    Unmatched,
}

impl Nothing {
    /// Why nothing satisfies `demand`, given that nothing does.
    pub(crate) fn why(package: &Package, demand: Demand<'_>) -> Self {
        if package.candidates.is_empty() {
            return Self::Unknown;
        }
        let find = |accept: &dyn Fn(&Candidate) -> bool| -> Option<Vec<Version>> {
            let found: Vec<_> = package
                .candidates
                .iter()
                .rev()
                .filter(|c| accept(c))
                .map(|c| c.version.clone())
                .collect();
            (!found.is_empty()).then_some(found)
        };
        let in_series = |c: &Candidate| {
            demand
                .series
                .is_none_or(|series| series.contains(&c.version))
        };
        let matches = |c: &Candidate| demand.requirement.matches(&c.version);
        let released = |c: &Candidate| {
            let mut version = c.version.clone();
            version.pre = Prerelease::EMPTY;
            !c.version.pre.is_empty() && demand.requirement.matches(&version)
        };
        find(&|c| in_series(c) && matches(c))
            .map(Self::Yanked)
            .or_else(|| find(&|c| matches(c) && !c.yanked).map(Self::OtherSeries))
            .or_else(|| find(&|c| in_series(c) && released(c) && !c.yanked).map(Self::PreRelease))
            .unwrap_or(Self::Unmatched)
    }

    /// The rest of "… requires `x ^1`, ".
    pub(crate) fn clause(&self, demand: Demand<'_>) -> String {
        match self {
            Self::Unknown => "a package that does not exist".to_owned(),
            Self::Yanked(versions) if versions.len() == 1 => {
                format!("but {} is yanked", list(versions, "and"))
            }
            Self::Yanked(versions) => format!("but {} are yanked", list(versions, "and")),
            Self::PreRelease(_) => "which only a pre-release could match".to_owned(),
            Self::OtherSeries(_) => match demand.series {
                Some(series) => format!("which no version in series {series} matches"),
                None => "which no version matches".to_owned(),
            },
            Self::Unmatched => "which no version matches".to_owned(),
        }
    }
}
