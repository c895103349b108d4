//! The way out of a conflict.

use std::collections::BTreeSet;

use pubgrub::VersionSet;
use puck_package::{LinkName, PackageName, nearest};
use semver::VersionReq;

use crate::ask::Ask;
use crate::catalog::{Catalog, Package};
use crate::nothing::Nothing;
use crate::phrase::{list, newest};
use crate::provider::solve;
use crate::refusal::Refusal;
use crate::{CandidateDependency, Error, Request, offers};

/// How many of the request's requirements are tried in a looser form.
const MOST_TRIALS: usize = 8;

/// How many versions or functions a hint lists.
const MOST_OFFERS: usize = 4;

/// What to do, given the dependencies that nothing satisfies and the packages in dispute.
pub(crate) fn hints(
    request: &Request,
    catalog: &Catalog<'_>,
    dead: &[Ask],
    disputed: &BTreeSet<PackageName>,
) -> Result<Vec<String>, Error> {
    let mut hints = Vec::new();
    for ask in dead {
        hints.extend(ask.hint(catalog));
        hints.extend(ask.offered(&*catalog.package(&ask.dependency.name)?));
    }
    hints.extend(loosened(request, catalog, disputed)?);
    hints.extend(later(request, catalog, disputed)?);
    let mut seen = BTreeSet::new();
    hints.retain(|hint| seen.insert(hint.clone()));
    Ok(hints)
}

impl Ask {
    fn hint(&self, catalog: &Catalog<'_>) -> Option<String> {
        let CandidateDependency {
            name,
            requirement,
            series,
        } = &self.dependency;
        match self.nothing.as_ref()? {
            Nothing::Unknown => {
                let names = catalog.known_names();
                if names.contains(name) {
                    return Some(format!(
                        "the registry lists `{name}`, but its index has no version of it: try again, \
                         or tell whoever runs the registry"
                    ));
                }
                let known = names.iter().map(PackageName::as_str);
                Some(match nearest(name.as_str(), known) {
                    Some(near) => format!("there is a package named `{near}`"),
                    None => format!(
                        "check the name `{name}`, and that the registry it is in is the one asked"
                    ),
                })
            }
            Nothing::Refused(refused) => refused
                .iter()
                .any(|(refusal, _)| *refusal == Refusal::Yanked)
                .then(|| {
                    format!(
                        "a yanked version of {name} is only used by a lockfile that already names it"
                    )
                }),
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

    /// Who does offer the functions that what would do lacks, or what it offers instead.
    fn offered(&self, package: &Package) -> Vec<String> {
        let name = &package.name;
        let hint = |link: &LinkName| {
            let offering = package.offering(link);
            let newest_first = package.positions().rev();
            let found: Vec<_> = newest_first
                .filter(|(i, candidate)| candidate.exports.is_some() && offering.contains(i))
                .map(|(_, candidate)| &candidate.version)
                .collect();
            let function = link.function();
            if !found.is_empty() {
                let verb = if found.len() == 1 { "offers" } else { "offer" };
                let found = newest(&found, MOST_OFFERS);
                return Some(format!("{name} {found} {verb} this `{function}`"));
            }
            let lacking = self.lacking.iter().rev();
            let (version, signature) = lacking
                .map(|i| package.candidate(*i))
                .find_map(|c| Some((&c.version, offers::same_name([c], link).next()?)))?;
            Some(format!(
                "in {name} {version}, `{function}` is `{signature}`; \
                 whoever calls it has to be built against that"
            ))
        };
        let missing = self.missing(package);
        missing
            .into_iter()
            .take(MOST_OFFERS)
            .filter_map(hint)
            .collect()
    }
}

/// Whether all would be possible with versions that were published too late.
fn later(
    request: &Request,
    catalog: &Catalog<'_>,
    disputed: &BTreeSet<PackageName>,
) -> Result<Option<String>, Error> {
    let Some(before) = &request.before else {
        return Ok(None);
    };
    let trial = request.clone().before(None);
    let Ok(resolution) = solve(&trial, catalog)? else {
        return Ok(None);
    };
    let mut late = Vec::new();
    for chosen in &resolution.packages {
        let package = catalog.package(&chosen.name)?;
        let is_late = package.candidates.iter().any(|candidate| {
            candidate.version == chosen.version
                && matches!(
                    Refusal::of(request, &chosen.name, candidate),
                    Some(Refusal::Late(_))
                )
        });
        if is_late {
            late.push((
                !disputed.contains(&chosen.name),
                format!("{} {}", chosen.name, chosen.version),
            ));
        }
    }
    // What the explanation speaks of comes first.
    late.sort();
    let mut late: Vec<String> = late.into_iter().map(|(_, text)| text).collect();
    if late.len() > MOST_OFFERS {
        let more = late.len() - (MOST_OFFERS - 1);
        late.truncate(MOST_OFFERS - 1);
        late.push(format!("{more} more"));
    }
    Ok(Some(format!(
        "without {} all requirements could be met, with {}",
        before.origin,
        list(late, "and")
    )))
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
