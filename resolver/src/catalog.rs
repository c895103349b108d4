//! The candidates that a source offered, each name asked for once.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use pubgrub::VersionSet;
use puck_package::index::IndexImport;
use puck_package::{LinkName, PackageName, Series};
use semver::{Version, VersionReq};

use crate::node::Node;
use crate::offers::Offers;
use crate::positions::Positions;
use crate::refusal::Refusal;
use crate::{Candidate, CandidateDependency, Error, Request, Requirement, Source};

/// A source, with a memory.
pub(crate) struct Catalog<'a> {
    source: RefCell<&'a mut dyn Source>,
    packages: RefCell<HashMap<PackageName, Rc<Package>>>,
    known_names: OnceCell<Vec<PackageName>>,
}

/// All candidates of a package.
pub(crate) struct Package {
    pub(crate) name: Rc<PackageName>,
    /// Oldest first, none twice. The index is the candidate's position.
    pub(crate) candidates: Vec<Candidate>,
    /// The series that there are, oldest first. The index is the position in a choice.
    pub(crate) series: Vec<Series>,
    /// Who offers what; see [`Package::offering`].
    offering: RefCell<HashMap<LinkName, Rc<Positions>>>,
}

/// The part of a dependency that says what will do.
#[derive(Clone, Copy)]
pub(crate) struct Demand<'a> {
    pub(crate) name: &'a PackageName,
    pub(crate) requirement: &'a VersionReq,
    pub(crate) series: Option<Series>,
    /// What the dependant calls, of this dependency and of others.
    pub(crate) imports: &'a [IndexImport],
}

impl<'a> Demand<'a> {
    /// Whether `version` is one that was asked for.
    pub(crate) fn meets(self, version: &Version) -> bool {
        self.requirement.matches(version) && self.series.is_none_or(|one| one.contains(version))
    }

    /// The functions that the dependency must offer.
    pub(crate) fn links(self) -> impl Iterator<Item = &'a LinkName> + Clone {
        self.imports
            .iter()
            .filter(move |import| {
                Some(*import.link_name.series()) == self.series && import.package == *self.name
            })
            .map(|import| &import.link_name)
    }
}

impl Requirement {
    pub(crate) fn demand(&self) -> Demand<'_> {
        Demand {
            name: &self.name,
            requirement: &self.requirement,
            series: None,
            imports: &[],
        }
    }
}

impl Candidate {
    /// What each of the dependencies asks.
    pub(crate) fn demands(&self) -> impl Iterator<Item = Demand<'_>> {
        self.dependencies.iter().map(|dependency| {
            let CandidateDependency {
                name,
                requirement,
                series,
            } = dependency;
            Demand {
                name,
                requirement,
                series: *series,
                imports: &self.imports,
            }
        })
    }
}

impl<'a> Catalog<'a> {
    pub(crate) fn new(source: &'a mut dyn Source) -> Self {
        Self {
            source: RefCell::new(source),
            packages: RefCell::default(),
            known_names: OnceCell::new(),
        }
    }

    /// The candidates of `name`; an unknown package has none.
    pub(crate) fn package(&self, name: &PackageName) -> Result<Rc<Package>, Error> {
        if let Some(package) = self.packages.borrow().get(name) {
            return Ok(Rc::clone(package));
        }
        let candidates = self
            .source
            .borrow_mut()
            .candidates(name)
            .map_err(|source| Error::Source {
                name: name.clone(),
                source,
            })?;
        let package = Rc::new(Package::new(name.clone(), candidates));
        self.packages
            .borrow_mut()
            .insert(name.clone(), Rc::clone(&package));
        Ok(package)
    }

    /// The names of all packages that the source knows.
    pub(crate) fn known_names(&self) -> &[PackageName] {
        self.known_names
            .get_or_init(|| self.source.borrow_mut().known_names())
    }

    /// What `demand` asks of `PubGrub`: a node, and which of its versions will do.
    pub(crate) fn node(
        &self,
        request: &Request,
        demand: Demand<'_>,
    ) -> Result<(Node, Positions), Error> {
        let package = self.package(demand.name)?;
        let matching = package.matching(request, demand);
        let name = Rc::clone(&package.name);
        if let Some(series) = demand.series {
            return Ok((Node::Series(name, series), matching.into_iter().collect()));
        }
        let mut series: Vec<Series> = matching.iter().map(|&i| package.series_of(i)).collect();
        series.dedup();
        if let [series] = series[..] {
            return Ok((Node::Series(name, series), matching.into_iter().collect()));
        }
        let choice = Node::Choice(name, Rc::new(demand.requirement.clone()));
        let served = (0u32..)
            .zip(&package.series)
            .filter(|(_, one)| series.contains(one));
        Ok((choice, served.map(|(position, _)| position).collect()))
    }
}

impl Package {
    fn new(name: PackageName, mut candidates: Vec<Candidate>) -> Self {
        candidates.sort_by(|a, b| a.version.cmp(&b.version));
        candidates.dedup_by(|a, b| a.version == b.version);
        // Versions in order are series in order, except that a pre-release of 2.0.0 sorts before
        // 2.0.0 and after 1.9.9: still in order.
        let mut series: Vec<Series> = candidates
            .iter()
            .map(|candidate| Series::of(&candidate.version))
            .collect();
        series.dedup();
        Self {
            name: Rc::new(name),
            candidates,
            series,
            offering: RefCell::default(),
        }
    }

    /// The candidates with their positions, oldest first.
    pub(crate) fn positions(&self) -> impl DoubleEndedIterator<Item = (u32, &Candidate)> {
        self.candidates
            .iter()
            .enumerate()
            .map(|(i, candidate)| (u32::try_from(i).unwrap_or(u32::MAX), candidate))
    }

    /// The candidate at a position that this package gave out.
    pub(crate) fn candidate(&self, position: u32) -> &Candidate {
        &self.candidates[position as usize]
    }

    pub(crate) fn series_of(&self, position: u32) -> Series {
        Series::of(&self.candidate(position).version)
    }

    /// Whether `candidate` may be chosen at all.
    pub(crate) fn allowed(&self, request: &Request, candidate: &Candidate) -> bool {
        Refusal::of(request, &self.name, candidate).is_none()
    }

    /// The positions that satisfy `demand`, oldest first.
    pub(crate) fn matching(&self, request: &Request, demand: Demand<'_>) -> Vec<u32> {
        let offering: Vec<_> = demand.links().map(|link| self.offering(link)).collect();
        let mut matching: Vec<u32> = self
            .fitting(request, demand)
            .filter(|position| offering.iter().all(|set| set.contains(position)))
            .collect();
        // Where several series would do, it is the version that was asked for that decides.
        if let Some(precise) = request.precise(&self.name)
            && let Some(position) = matching
                .iter()
                .copied()
                .find(|position| self.candidate(*position).version == *precise)
        {
            matching = vec![position];
        }
        matching
    }

    /// The positions that satisfy `demand` but for the functions that it calls, oldest first.
    pub(crate) fn fitting<'a>(
        &'a self,
        request: &'a Request,
        demand: Demand<'a>,
    ) -> impl Iterator<Item = u32> + 'a {
        self.positions()
            .filter(move |(_, candidate)| {
                demand.meets(&candidate.version) && self.allowed(request, candidate)
            })
            .map(|(position, _)| position)
    }

    /// The positions of the candidates that offer `link`, or may do so.
    pub(crate) fn offering(&self, link: &LinkName) -> Rc<Positions> {
        if let Some(known) = self.offering.borrow().get(link) {
            return Rc::clone(known);
        }
        let mut offers = Offers::new(link);
        let offering = self
            .positions()
            .filter(|(_, candidate)| {
                link.series().contains(&candidate.version) && offers.found_in(candidate)
            })
            .map(|(position, _)| position);
        let offering = Rc::new(Positions::from_iter(offering));
        self.offering
            .borrow_mut()
            .insert(link.clone(), Rc::clone(&offering));
        offering
    }
}
