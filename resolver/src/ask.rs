//! A dependency on its way into words: who asks for what, and what is in the way.

use std::collections::BTreeSet;

use pubgrub::VersionSet;
use puck_package::LinkName;
use puck_package::index::IndexImport;

use crate::catalog::{Catalog, Demand, Package};
use crate::node::Node;
use crate::nothing::Nothing;
use crate::phrase::list;
use crate::positions::Positions;
use crate::{CandidateDependency, Error, Request, Requirement, offers};

/// The most functions that a sentence lists.
const MOST: usize = 3;

/// A dependency of the request, or of versions of one package.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// Whether the request itself has it, so that whoever asks can change it.
    pub(crate) of_root: bool,
    pub(crate) dependency: CandidateDependency,
    /// What all who have it call of it.
    imports: Vec<IndexImport>,
    /// What would do but for functions that it lacks: positions, oldest first.
    pub(crate) lacking: Vec<u32>,
    /// Why nothing at all would do, if so.
    pub(crate) nothing: Option<Nothing>,
}

impl Ask {
    pub(crate) fn demand(&self) -> Demand<'_> {
        Demand {
            name: &self.dependency.name,
            requirement: &self.dependency.requirement,
            series: self.dependency.series,
            imports: &self.imports,
        }
    }

    /// The functions that some of what would do lacks.
    pub(crate) fn missing(&self, package: &Package) -> BTreeSet<&LinkName> {
        let lacked = |link: &&LinkName| {
            let offering = package.offering(link);
            self.lacking.iter().any(|i| !offering.contains(i))
        };
        self.demand().links().filter(lacked).collect()
    }

    /// The dependencies by which the versions of `dependant` in `set` came to depend on `on`.
    pub(crate) fn all(
        request: &Request,
        catalog: &Catalog<'_>,
        (dependant, set): (&Node, &Positions),
        on: (&Node, &Positions),
    ) -> Result<Vec<Self>, Error> {
        let mut found: Vec<Self> = Vec::new();
        let mut add = |demand: Demand<'_>| -> Result<(), Error> {
            let (node, set) = catalog.node(request, demand)?;
            if (&node, &set) != on {
                return Ok(());
            }
            let dependency = CandidateDependency {
                name: demand.name.clone(),
                requirement: demand.requirement.clone(),
                series: demand.series,
            };
            let imports = demand.links().map(|link| IndexImport {
                package: demand.name.clone(),
                link_name: link.clone(),
            });
            match found.iter_mut().find(|ask| ask.dependency == dependency) {
                Some(known) => known.imports.extend(imports),
                None => found.push(Self {
                    of_root: *dependant == Node::Root,
                    imports: imports.collect(),
                    dependency,
                    lacking: Vec::new(),
                    nothing: None,
                }),
            }
            Ok(())
        };
        match dependant {
            Node::Root => {
                for requirement in &request.requirements {
                    add(Requirement::demand(requirement))?;
                }
            }
            Node::Series(name, _) => {
                let package = catalog.package(name)?;
                for (_, candidate) in package.positions().filter(|(i, _)| set.contains(i)) {
                    for demand in candidate.demands() {
                        add(demand)?;
                    }
                }
            }
            Node::Choice(..) => {}
        }
        for ask in &mut found {
            let package = catalog.package(&ask.dependency.name)?;
            let matching = package.matching(request, ask.demand());
            ask.nothing = matching
                .is_empty()
                .then(|| Nothing::why(&package, request, ask.demand()));
            let fitting = package.fitting(request, ask.demand());
            ask.lacking = fitting.filter(|i| !matching.contains(i)).collect();
            if ask.demand().links().next().is_none() {
                ask.lacking.clear();
            }
        }
        Ok(found)
    }
}

/// "`vecmath.v1.dot` as `fn(x: f64)`", for each of `links`.
pub(crate) fn functions<'a>(
    package: &Package,
    links: impl IntoIterator<Item = &'a LinkName>,
) -> String {
    let function = |link: &LinkName| {
        let short = format!(
            "{}.{}.{}",
            link.package_symbol(),
            link.series(),
            link.function()
        );
        match offers::signature(&package.candidates, link) {
            Some(signature) => format!("`{short}` as `{signature}`"),
            None => format!("`{link}`"),
        }
    };
    let mut all: Vec<String> = links.into_iter().map(function).collect();
    if all.len() > MOST {
        let more = all.len() - (MOST - 1);
        all.truncate(MOST - 1);
        all.push(format!("{more} more functions"));
    }
    list(all, "and")
}
