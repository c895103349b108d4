//! Exactly one version, as was asked for: that there is one, and that it was used.

use puck_package::{PackageName, nearest};

use crate::catalog::Catalog;
use crate::phrase::{list, newest};
use crate::{Error, Request, Resolution, Update};

/// The most versions that are listed.
const MOST: usize = 8;

/// # Errors
/// If there is no such version.
pub(crate) fn expect_known(request: &Request, catalog: &Catalog<'_>) -> Result<(), Error> {
    let Update::Precise(name, version) = &request.update else {
        return Ok(());
    };
    let package = catalog.package(name)?;
    if package.candidates.iter().any(|c| c.version == *version) {
        return Ok(());
    }
    let newest_first: Vec<_> = package
        .candidates
        .iter()
        .rev()
        .map(|c| &c.version)
        .collect();
    let hint = if newest_first.is_empty() {
        let known = catalog.known_names().iter().map(PackageName::as_str);
        nearest(name.as_str(), known).map(|near| format!("there is a package named `{near}`"))
    } else {
        Some(format!(
            "versions of {name}: {}",
            newest(&newest_first, MOST)
        ))
    };
    Err(Error::NoSuchVersion {
        name: name.clone(),
        version: version.clone(),
        hint,
    })
}

/// # Errors
/// If nothing in `resolution` uses the version.
pub(crate) fn expect_used(
    request: &Request,
    catalog: &Catalog<'_>,
    resolution: &Resolution,
) -> Result<(), Error> {
    let Update::Precise(name, version) = &request.update else {
        return Ok(());
    };
    let mut used = resolution.packages.iter().filter(|p| p.name == *name);
    if used.any(|package| package.version == *version) {
        return Ok(());
    }
    let mut asks = Vec::new();
    for requirement in request.requirements.iter().filter(|r| r.name == *name) {
        let (who, requirement) = (&request.subject, &requirement.requirement);
        asks.push(format!("{who} requires `{name} {requirement}`"));
    }
    for chosen in &resolution.packages {
        let package = catalog.package(&chosen.name)?;
        let candidate = package
            .candidates
            .iter()
            .find(|c| c.version == chosen.version);
        let dependencies = candidate.into_iter().flat_map(|c| &c.dependencies);
        for dependency in dependencies.filter(|dependency| dependency.name == *name) {
            let (who, by, requirement) = (&chosen.name, &chosen.version, &dependency.requirement);
            let series = dependency
                .series
                .filter(|series| !series.contains(version) && requirement.matches(version))
                .map(|series| format!(" (compiled against series {series})"))
                .unwrap_or_default();
            asks.push(format!(
                "{who} {by} depends on `{name} {requirement}`{series}"
            ));
        }
    }
    let hint = (!asks.is_empty()).then(|| list(asks, "and"));
    Err(Error::Unneeded {
        name: name.clone(),
        version: version.clone(),
        hint,
    })
}
