//! The answer: what was chosen, and what needs what.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use puck_package::{PackageId, PackageName, Series};
use semver::Version;

use crate::catalog::{Catalog, Demand};
use crate::{Error, Request, Requirement};

/// A version that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The package.
    pub name: PackageName,
    /// The version chosen.
    pub version: Version,
    /// Which of the chosen versions serve its dependencies; sorted.
    pub dependencies: Vec<PackageId>,
}

/// One version for every package and series that the request reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// What was chosen, sorted by name and version.
    pub packages: Vec<Resolved>,
    /// What serves the request's own requirements, in their order.
    pub direct: Vec<PackageId>,
}

impl Resolution {
    /// The version chosen of a series of a package.
    #[must_use]
    pub fn get(&self, name: &PackageName, series: Series) -> Option<&Resolved> {
        self.packages
            .iter()
            .find(|package| package.name == *name && series.contains(&package.version))
    }

    /// Walks from the request to all that it needs. What nothing needs is left out; where several
    /// chosen series would do, the newest serves, or the oldest if that is the request's strategy.
    pub(crate) fn new(
        request: &Request,
        catalog: &Catalog<'_>,
        chosen: &HashMap<Rc<PackageName>, Vec<u32>>,
    ) -> Result<Self, Error> {
        let serving = |demand: Demand<'_>| -> Result<Option<(PackageId, u32)>, Error> {
            let package = catalog.package(demand.name)?;
            let chosen = chosen.get(demand.name).map_or(&[][..], Vec::as_slice);
            let mut matching = package.matching(request, demand);
            if !request.lowest(demand.name) {
                matching.reverse();
            }
            let found = matching.into_iter().find(|i| chosen.contains(i));
            Ok(found.map(|position| {
                let version = package.candidate(position).version.clone();
                let name = demand.name.clone();
                (PackageId { name, version }, position)
            }))
        };

        let mut packages = BTreeMap::new();
        let mut open = Vec::new();
        let mut direct = Vec::new();
        for demand in request.requirements.iter().map(Requirement::demand) {
            if let Some((id, position)) = serving(demand)? {
                direct.push(id.clone());
                open.push((id, position));
            }
        }
        while let Some((id, position)) = open.pop() {
            if packages.contains_key(&id) {
                continue;
            }
            let package = catalog.package(&id.name)?;
            let mut dependencies = Vec::new();
            for demand in package.candidate(position).demands() {
                if let Some((id, position)) = serving(demand)? {
                    dependencies.push(id.clone());
                    open.push((id, position));
                }
            }
            dependencies.sort();
            dependencies.dedup();
            packages.insert(id, dependencies);
        }
        let packages = packages
            .into_iter()
            .map(|(PackageId { name, version }, dependencies)| Resolved {
                name,
                version,
                dependencies,
            })
            .collect();
        Ok(Self { packages, direct })
    }
}
