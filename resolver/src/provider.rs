//! What `PubGrub` asks while it solves.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::rc::Rc;

use pubgrub::{
    Dependencies, DependencyConstraints, DependencyProvider, DerivationTree,
    PackageResolutionStatistics, PubGrubError, SelectedDependencies, VersionSet,
};
use puck_package::{PackageName, Series};

use crate::catalog::{Catalog, Demand};
use crate::node::Node;
use crate::positions::Positions;
use crate::{Error, Request, Requirement, Resolution};

/// Why a request cannot be met.
pub(crate) type Tree = DerivationTree<Node, Positions, String>;

/// Resolves `request`; the inner error is the proof that it cannot be done.
pub(crate) fn solve(
    request: &Request,
    catalog: &Catalog<'_>,
) -> Result<Result<Resolution, Tree>, Error> {
    let provider = Provider {
        request,
        catalog,
        order: RefCell::default(),
    };
    match pubgrub::resolve(&provider, Node::Root, 0u32) {
        Ok(solution) => Ok(Ok(Resolution::new(request, catalog, &chosen(&solution))?)),
        Err(PubGrubError::NoSolution(tree)) => Ok(Err(tree)),
        Err(
            PubGrubError::ErrorRetrievingDependencies { source, .. }
            | PubGrubError::ErrorChoosingVersion { source, .. }
            | PubGrubError::ErrorInShouldCancel(source),
        ) => Err(source),
    }
}

/// The positions chosen of each package.
fn chosen(solution: &SelectedDependencies<Node, u32>) -> HashMap<Rc<PackageName>, Vec<u32>> {
    let mut chosen: HashMap<_, Vec<u32>> = HashMap::new();
    for (node, &position) in solution.iter() {
        if let Node::Series(name, _) = node {
            chosen.entry(Rc::clone(name)).or_default().push(position);
        }
    }
    chosen
}

struct Provider<'a, 's> {
    request: &'a Request,
    catalog: &'a Catalog<'s>,
    /// When each node was first heard of: nodes are decided in that order, so that what is
    /// required directly gets its newest version before what it depends on.
    order: RefCell<HashMap<Node, usize>>,
}

impl Provider<'_, '_> {
    /// The newest of `positions`, or the oldest if that is the request's strategy, unless there is
    /// one that the lock would keep.
    fn prefer(
        &self,
        name: &PackageName,
        positions: impl DoubleEndedIterator<Item = u32> + Clone,
    ) -> Result<Option<u32>, Error> {
        let package = self.catalog.package(name)?;
        let keeps = |position: &u32| {
            let version = &package.candidate(*position).version;
            self.request.keeps(name, version)
        };
        Ok(if self.request.lowest(name) {
            let mut oldest_first = positions;
            let kept = oldest_first.clone().find(keeps);
            kept.or_else(|| oldest_first.next())
        } else {
            let mut newest_first = positions.rev();
            let kept = newest_first.clone().find(keeps);
            kept.or_else(|| newest_first.next())
        })
    }

    /// The series within `range` of the version that is preferred.
    fn choose_series(
        &self,
        name: &PackageName,
        demand: Demand<'_>,
        range: &Positions,
    ) -> Result<Option<u32>, Error> {
        let package = self.catalog.package(name)?;
        let place = |series: Series| package.series.iter().position(|one| *one == series);
        let place =
            |position| place(package.series_of(position)).and_then(|i| u32::try_from(i).ok());
        let matching: Vec<u32> = package
            .matching(self.request, demand)
            .into_iter()
            .filter(|&position| place(position).is_some_and(|place| range.contains(&place)))
            .collect();
        Ok(self.prefer(name, matching.into_iter())?.and_then(place))
    }

    fn add(
        &self,
        of: (&Node, u32),
        demand: Demand<'_>,
        all: &mut Vec<(Node, Positions)>,
    ) -> Result<(), Dissolved> {
        let (node, set) = self.catalog.node(self.request, demand)?;
        if node == *of.0 {
            // `PubGrub` knows no package that depends on itself.
            return if set.contains(&of.1) {
                Ok(())
            } else {
                Err(Dissolved::Itself)
            };
        }
        let mut order = self.order.borrow_mut();
        let next = order.len();
        order.entry(node.clone()).or_insert(next);
        all.push((node, set));
        Ok(())
    }
}

/// Why there is no list of dependencies.
enum Dissolved {
    Itself,
    Failed(Error),
}

impl From<Error> for Dissolved {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl DependencyProvider for Provider<'_, '_> {
    type P = Node;
    type V = u32;
    type VS = Positions;
    type Priority = (u32, bool, Reverse<usize>);
    type M = String;
    type Err = Error;

    /// First what caused conflicts, then what has no alternative, then what was heard of first.
    fn prioritize(
        &self,
        node: &Node,
        range: &Positions,
        conflicts: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let order = self.order.borrow().get(node).copied().unwrap_or(0);
        (
            conflicts.conflict_count(),
            range.is_singleton(),
            Reverse(order),
        )
    }

    fn choose_version(&self, node: &Node, range: &Positions) -> Result<Option<u32>, Error> {
        match node {
            Node::Root => Ok(range.contains(&0).then_some(0)),
            Node::Series(name, series) => {
                let package = self.catalog.package(name)?;
                let allowed: Vec<u32> = package
                    .positions()
                    .filter(|(position, candidate)| {
                        range.contains(position)
                            && series.contains(&candidate.version)
                            && package.allowed(self.request, candidate)
                    })
                    .map(|(position, _)| position)
                    .collect();
                self.prefer(name, allowed.into_iter())
            }
            Node::Choice(name, requirement) => self.choose_series(
                name,
                Demand {
                    name,
                    requirement,
                    series: None,
                    imports: &[],
                },
                range,
            ),
        }
    }

    fn get_dependencies(
        &self,
        node: &Node,
        position: &u32,
    ) -> Result<Dependencies<Node, Positions, String>, Error> {
        let mut all = Vec::new();
        let mut add = |demand| self.add((node, *position), demand, &mut all);
        let added = match node {
            Node::Root => self
                .request
                .requirements
                .iter()
                .map(Requirement::demand)
                .try_for_each(add),
            Node::Series(name, _) => {
                let package = self.catalog.package(name)?;
                package.candidate(*position).demands().try_for_each(add)
            }
            Node::Choice(name, requirement) => {
                let series = self
                    .catalog
                    .package(name)?
                    .series
                    .get(*position as usize)
                    .copied();
                add(Demand {
                    name,
                    requirement,
                    series,
                    imports: &[],
                })
            }
        };
        match added {
            Ok(()) => Ok(Dependencies::Available(DependencyConstraints::from_iter(
                all,
            ))),
            Err(Dissolved::Itself) => Ok(Dependencies::Unavailable(
                "depends on another version of itself".to_owned(),
            )),
            Err(Dissolved::Failed(error)) => Err(error),
        }
    }
}
