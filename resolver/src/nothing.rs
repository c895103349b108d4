//! Why there is no candidate that will do.

use semver::{Prerelease, Version};

use crate::catalog::{Demand, Package};
use crate::phrase::list;
use crate::refusal::Refusal;
use crate::{Candidate, Request};

/// Why no candidate satisfies a demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// There is no such package.
    Unknown,
    /// What matches is refused, newest first, or else lacks functions.
    Refused(Vec<(Refusal, Version)>),
    /// Only pre-releases are where the requirement looks: these.
    PreRelease(Vec<Version>),
    /// Only versions of another series match: these.
    OtherSeries(Vec<Version>),
    /// None matches.
    Unmatched,
}

impl Nothing {
    /// Why nothing satisfies `demand`, given that nothing does.
    pub(crate) fn why(package: &Package, request: &Request, demand: Demand<'_>) -> Self {
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
        let allowed = |c: &Candidate| package.allowed(request, c);
        let released = |c: &Candidate| {
            let mut version = c.version.clone();
            version.pre = Prerelease::EMPTY;
            !c.version.pre.is_empty() && demand.requirement.matches(&version)
        };
        if find(&|c| demand.meets(&c.version)).is_some() {
            let refused = package.candidates.iter().rev();
            let refused = refused
                .filter(|c| demand.meets(&c.version))
                .filter_map(|c| Some((Refusal::of(request, &package.name, c)?, c.version.clone())));
            return Self::Refused(refused.collect());
        }
        find(&|c| demand.requirement.matches(&c.version) && allowed(c))
            .map(Self::OtherSeries)
            .or_else(|| find(&|c| in_series(c) && released(c) && allowed(c)).map(Self::PreRelease))
            .unwrap_or(Self::Unmatched)
    }

    /// The rest of "… requires `x ^1`", with `but` or `and` before what contradicts it; empty if
    /// all that matches lacks functions.
    pub(crate) fn clause(&self, request: &Request, demand: Demand<'_>, but: &str) -> String {
        match self {
            Self::Unknown => ", a package that does not exist".to_owned(),
            Self::Refused(refused) if refused.is_empty() => String::new(),
            Self::Refused(refused) => {
                let mut groups: Vec<(&Refusal, Vec<&Version>)> = Vec::new();
                for (refusal, version) in refused {
                    match groups.iter_mut().find(|(known, _)| known.like(refusal)) {
                        Some((_, versions)) => versions.push(version),
                        None => groups.push((refusal, vec![version])),
                    }
                }
                let clauses = groups
                    .iter()
                    .map(|(refusal, versions)| refusal.clause(request, versions));
                format!(", {but} {}", list(clauses, "and"))
            }
            Self::PreRelease(_) => ", which only a pre-release could match".to_owned(),
            Self::OtherSeries(_) => match demand.series {
                Some(series) => format!(", which no version in series {series} matches"),
                None => ", which no version matches".to_owned(),
            },
            Self::Unmatched => ", which no version matches".to_owned(),
        }
    }
}
