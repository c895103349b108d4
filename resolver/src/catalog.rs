//! The candidates that a source offered, each name asked for once.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use puck_package::{PackageName, Series};
use semver::VersionReq;

use crate::node::Node;
use crate::positions::Positions;
use crate::{Candidate, Error, Request, Source};

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
}

/// The part of a dependency that says what will do.
#[derive(Clone, Copy)]
pub(crate) struct Demand<'a> {
    pub(crate) name: &'a PackageName,
    pub(crate) requirement: &'a VersionReq,
    pub(crate) series: Option<Series>,
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
        !candidate.yanked || request.keeps(&self.name, &candidate.version)
    }

    /// The positions that satisfy `demand`, oldest first.
    pub(crate) fn matching(&self, request: &Request, demand: Demand<'_>) -> Vec<u32> {
        self.positions()
            .filter(|(_, candidate)| {
                demand.requirement.matches(&candidate.version)
                    && demand
                        .series
                        .is_none_or(|series| series.contains(&candidate.version))
                    && self.allowed(request, candidate)
            })
            .map(|(position, _)| position)
            .collect()
    }
}
