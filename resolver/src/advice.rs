//! The way out of a conflict.

use std::collections::BTreeSet;

use puck_package::{PackageName, nearest};
use semver::VersionReq;

use crate::catalog::Catalog;
use crate::nothing::Nothing;
use crate::phrase::list;
use crate::provider::solve;
use crate::{CandidateDependency, Error, Request};

/// How many of the request's requirements are tried in a looser form.
const MOST_TRIALS: usize = 8;

/// A dependency that nothing satisfies.
pub(crate) struct Dead {
    /// Whether the request itself has it, so that whoever asks can change it.
    pub(crate) of_root: bool,
    pub(crate) dependency: CandidateDependency,
    pub(crate) nothing: Nothing,
}

/// What to do, given the dependencies that nothing satisfies and the packages in dispute.
pub(crate) fn hints(
    request: &Request,
    catalog: &Catalog<'_>,
    dead: &[Dead],
    disputed: &BTreeSet<PackageName>,
) -> Result<Vec<String>, Error> {
    let mut hints = Vec::new();
    for dead in dead {
        hints.extend(dead.hint(catalog));
    }
    hints.extend(loosened(request, catalog, disputed)?);
    let mut seen = BTreeSet::new();
    hints.retain(|hint| seen.insert(hint.clone()));
    Ok(hints)
}

impl Dead {
    fn hint(&self, catalog: &Catalog<'_>) -> Option<String> {
        let CandidateDependency {
            name,
            requirement,
            series,
        } = &self.dependency;
        match &self.nothing {
            Nothing::Unknown => {
                let known = catalog.known_names().iter().map(PackageName::as_str);
                Some(match nearest(name.as_str(), known) {
                    Some(near) => format!("there is a package named `{near}`"),
                    None => format!(
                        "check the name `{name}`, and that the registry it is in is the one asked"
                    ),
                })
            }
            Nothing::Yanked(_) => Some(format!(
                "a yanked version of {name} is only used by a lockfile that already names it"
            )),
            Nothing::PreRelease(versions) if self.of_root => versions.first().map(|version| {
                format!("to accept the pre-release, name it: `{name} = \"{version}\"`")
            }),
            Nothing::PreRelease(versions) => Some(format!(
                "a pre-release is only used where it is named; there is {name} {}",
                list(versions, "and")
            )),
            Nothing::OtherSeries(versions) => series.map(|series| {
                format!(
                    "what was compiled against {name} {series} cannot use {}; \
                     a release of it built with `{name} {requirement}` is needed",
                    list(versions, "or")
                )
            }),
            Nothing::Unmatched => None,
        }
    }
}

/// Which single requirement of the request, written otherwise, would make all of it possible.
fn loosened(
    request: &Request,
    catalog: &Catalog<'_>,
    disputed: &BTreeSet<PackageName>,
) -> Result<Vec<String>, Error> {
    let mut hints = Vec::new();
    let in_dispute = request
        .requirements
        .iter()
        .enumerate()
        .filter(|(_, requirement)| disputed.contains(&requirement.name));
    for (index, original) in in_dispute.take(MOST_TRIALS) {
        let mut trial = request.clone();
        for requirement in looser(catalog, original)? {
            trial.requirements[index].requirement = requirement;
            if let Ok(resolution) = solve(&trial, catalog)?
                && let Some(serving) = resolution.direct.get(index)
                && !original.requirement.matches(&serving.version)
            {
                hints.push(format!(
                    "with `{} = \"{}\"` in place of `{}` all requirements could be met",
                    original.name, serving.version, original.requirement
                ));
                break;
            }
        }
    }
    Ok(hints)
}

/// Looser forms of a requirement: first any version of the newest series that it matches, then any.
fn looser(catalog: &Catalog<'_>, original: &crate::Requirement) -> Result<Vec<VersionReq>, Error> {
    let package = catalog.package(&original.name)?;
    let newest_matching = package
        .positions()
        .rev()
        .find(|(_, candidate)| original.requirement.matches(&candidate.version));
    let mut looser = Vec::new();
    if let Some((position, _)) = newest_matching {
        looser.push(package.series_of(position).requirement());
    }
    looser.push(VersionReq::STAR);
    Ok(looser)
}
