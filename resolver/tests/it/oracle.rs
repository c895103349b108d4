//! Random small registries, against trying everything.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use puck_package::{LinkName, PackageName, Series, Signature};
use puck_resolver::{
    Candidate, CandidateDependency, Error, PackageId, Request, Resolution, Strategy as Take, Update,
};
use semver::Version;

use crate::random::{VERSIONS, name, registries, requests, requirement};
use crate::scenario::Registry;

/// What is chosen of each package.
type Choice = BTreeMap<PackageName, Vec<Version>>;

struct Oracle<'a> {
    registry: &'a Registry,
    request: &'a Request,
}

impl Oracle<'_> {
    fn candidate(&self, name: &PackageName, version: &Version) -> &Candidate {
        self.registry.0[name]
            .iter()
            .find(|c| c.version == *version)
            .unwrap()
    }

    fn allowed(&self, name: &PackageName, candidate: &Candidate) -> bool {
        let locked = self.request.locked.get(name);
        let locked = locked.is_some_and(|versions| versions.contains(&candidate.version));
        let late = match (&self.request.before, candidate.published) {
            (Some(before), Some(published)) => published > before.time,
            _ => false,
        };
        candidate.unusable.is_none() && (locked || !candidate.yanked && !late)
    }

    fn lowest(&self, name: &PackageName) -> bool {
        let direct = || self.request.requirements.iter().any(|r| r.name == *name);
        match self.request.strategy {
            Take::Highest => false,
            Take::Lowest => true,
            Take::LowestDirect => direct(),
        }
    }

    /// The chosen version that serves a dependency: the very one that was asked for, where it will
    /// do and another series would, too.
    fn serving(&self, choice: &Choice, on: &CandidateDependency) -> Option<PackageId> {
        let fits = |version: &&Version| {
            on.requirement.matches(version) && on.series.is_none_or(|s| s.contains(version))
        };
        let fitting = choice.get(&on.name)?.iter().filter(fits);
        let asked = match &self.request.update {
            Update::Precise(name, version) if *name == on.name => {
                fitting.clone().find(|fitting| *fitting == version)
            }
            _ => None,
        };
        let version = if asked.is_some() {
            asked
        } else if self.lowest(&on.name) {
            fitting.min()
        } else {
            fitting.max()
        };
        Some(PackageId {
            name: on.name.clone(),
            version: version?.clone(),
        })
    }

    /// Whether what serves a dependency of `candidate` offers all that is called of it.
    fn links(&self, choice: &Choice, candidate: &Candidate, on: &CandidateDependency) -> bool {
        let Some(id) = self.serving(choice, on) else {
            return false;
        };
        let serving = self.candidate(&id.name, &id.version);
        let Some(exports) = &serving.exports else {
            return true;
        };
        let offered: Vec<LinkName> = exports
            .iter()
            .map(|export| {
                let signature: &Signature = &export.signature;
                LinkName::new(&id.name, &Series::of(&id.version), &export.name, signature)
            })
            .collect();
        candidate
            .imports
            .iter()
            .filter(|import| import.package == on.name)
            .filter(|import| Some(*import.link_name.series()) == on.series)
            .all(|import| offered.contains(&import.link_name))
    }

    fn asked(&self) -> Vec<CandidateDependency> {
        let asked = self.request.requirements.iter().cloned();
        asked
            .map(|r| CandidateDependency {
                name: r.name,
                requirement: r.requirement,
                series: None,
            })
            .collect()
    }

    fn valid(&self, choice: &Choice) -> bool {
        let served = |on: &CandidateDependency| self.serving(choice, on).is_some();
        self.asked().iter().all(served)
            && choice.iter().all(|(name, versions)| {
                versions.iter().all(|version| {
                    let candidate = self.candidate(name, version);
                    let linked = |on| self.links(choice, candidate, on);
                    self.allowed(name, candidate) && candidate.dependencies.iter().all(linked)
                })
            })
    }

    /// Every choice of at most one version a series, until one is valid.
    fn solve(&self) -> Option<Choice> {
        let mut slots: BTreeMap<(PackageName, Series), Vec<Version>> = BTreeMap::new();
        for (name, candidates) in &self.registry.0 {
            for candidate in candidates.iter().filter(|c| self.allowed(name, c)) {
                let series = Series::of(&candidate.version);
                slots
                    .entry((name.clone(), series))
                    .or_default()
                    .push(candidate.version.clone());
            }
        }
        let slots: Vec<_> = slots
            .into_iter()
            .map(|((name, _), all)| (name, all))
            .collect();
        self.search(&slots, &mut Choice::new())
    }

    fn search(&self, slots: &[(PackageName, Vec<Version>)], choice: &mut Choice) -> Option<Choice> {
        let Some(((name, versions), rest)) = slots.split_first() else {
            return self.valid(choice).then(|| choice.clone());
        };
        if let Some(found) = self.search(rest, choice) {
            return Some(found);
        }
        for version in versions {
            choice
                .entry(name.clone())
                .or_default()
                .push(version.clone());
            let found = self.search(rest, choice);
            choice.get_mut(name).unwrap().pop();
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// What the request reaches within `choice`.
    fn reached(&self, choice: &Choice) -> BTreeSet<PackageId> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<PackageId> = self
            .asked()
            .iter()
            .filter_map(|on| self.serving(choice, on))
            .collect();
        while let Some(id) = open.pop() {
            if reached.insert(id.clone()) {
                let candidate = self.candidate(&id.name, &id.version);
                open.extend(
                    candidate
                        .dependencies
                        .iter()
                        .filter_map(|on| self.serving(choice, on)),
                );
            }
        }
        reached
    }

    fn check(&self, resolution: &Resolution) -> Result<(), TestCaseError> {
        let mut choice = Choice::new();
        let mut series = BTreeSet::new();
        for package in &resolution.packages {
            choice
                .entry(package.name.clone())
                .or_default()
                .push(package.version.clone());
            let one = (package.name.clone(), Series::of(&package.version));
            prop_assert!(series.insert(one), "two versions of a series");
        }
        prop_assert!(self.valid(&choice), "a requirement is not met");
        prop_assert_eq!(
            self.reached(&choice),
            ids(resolution),
            "more than what is needed"
        );
        for package in &resolution.packages {
            let candidate = self.candidate(&package.name, &package.version);
            let needed: BTreeSet<_> = candidate
                .dependencies
                .iter()
                .filter_map(|on| self.serving(&choice, on))
                .collect();
            prop_assert_eq!(
                &package.dependencies,
                &needed.into_iter().collect::<Vec<_>>()
            );
        }
        Ok(())
    }
}

fn ids(resolution: &Resolution) -> BTreeSet<PackageId> {
    let id = |package: &puck_resolver::Resolved| PackageId {
        name: package.name.clone(),
        version: package.version.clone(),
    };
    resolution.packages.iter().map(id).collect()
}

fn lock(ids: &BTreeSet<PackageId>) -> impl Iterator<Item = (PackageName, Version)> {
    ids.iter()
        .cloned()
        .map(|PackageId { name, version }| (name, version))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_brute_force(registry in registries(), request in requests()) {
        let oracle = Oracle { registry: &registry, request: &request };
        match (registry.resolve(&request), oracle.solve()) {
            (Ok(resolution), Some(_)) => oracle.check(&resolution)?,
            (Err(Error::Conflict(conflict)), None) => {
                // Every text is complete: no empty list, no unfinished sentence.
                for line in conflict.explanation.lines().filter(|line| !line.is_empty()) {
                    let line = line.trim_end_matches(|c: char| "() ".contains(c) || c.is_ascii_digit());
                    prop_assert!(line.ends_with('.'), "{}", conflict);
                    prop_assert!(!line.contains("  ") && !line.contains(" ,"), "{}", conflict);
                }
            }
            (ours, theirs) => prop_assert!(false, "{:?}, but brute force found {:?}", ours, theirs),
        }
    }

    #[test]
    fn the_same_whatever_the_order_of_candidates(registry in registries(), request in requests()) {
        let mut reversed = registry.clone();
        reversed.0.values_mut().for_each(|candidates| candidates.reverse());
        let text = |answer: Result<Resolution, Error>| answer.map_err(|e| (e.to_string(), e.hint()));
        prop_assert_eq!(text(registry.resolve(&request)), text(reversed.resolve(&request)));
        prop_assert_eq!(text(registry.resolve(&request)), text(registry.resolve(&request)));
    }

    /// Any solution, once locked, is the answer, whether or not we would have chosen it.
    #[test]
    fn a_lock_that_fits_is_kept(registry in registries(), request in requests()) {
        let request = request.locked([]);
        let oracle = Oracle { registry: &registry, request: &request };
        if let Some(choice) = oracle.solve() {
            let reached = oracle.reached(&choice);
            let again = registry.resolve(&request.clone().locked(lock(&reached))).unwrap();
            prop_assert_eq!(ids(&again), reached);
        }
        if let Ok(resolution) = registry.resolve(&request) {
            let locked = request.clone().locked(lock(&ids(&resolution)));
            prop_assert_eq!(&registry.resolve(&locked).unwrap(), &resolution);
            // With everything given up, the lock might as well not be.
            let given_up = locked.update(Update::Everything);
            prop_assert_eq!(registry.resolve(&given_up).unwrap(), resolution);
        }
    }

    /// Exactly the version that was asked for, among what brute force would find with nothing else
    /// of its series; or an error.
    #[test]
    fn a_precise_version_is_used(
        registry in registries(),
        request in requests(),
        name in name(),
        version in proptest::sample::select(&VERSIONS[..]),
    ) {
        let version: Version = version.parse().unwrap();
        let update = Update::Precise(name.clone(), version.clone());
        let precise = request.locked([]).before(None).update(update);
        if let Ok(resolution) = registry.resolve(&precise) {
            let mut alone = registry;
            let all = alone.0.get_mut(&name).unwrap();
            all.retain(|c| c.version == version || Series::of(&c.version) != Series::of(&version));
            all.iter_mut().filter(|c| c.version == version).for_each(|c| c.yanked = false);
            Oracle { registry: &alone, request: &precise }.check(&resolution)?;
            let wanted = PackageId { name, version };
            prop_assert!(ids(&resolution).contains(&wanted));
        }
    }

    #[test]
    fn a_single_package_gets_its_newest_or_its_oldest(
        versions in proptest::sample::subsequence(&VERSIONS[..], 0..=7),
        requirement in requirement(),
        lowest in any::<bool>(),
    ) {
        let versions: Vec<Version> = versions.iter().map(|v| v.parse().unwrap()).collect();
        let candidates = versions.iter().cloned().map(Candidate::new).collect();
        let name: PackageName = "a".parse().unwrap();
        let registry = Registry([(name.clone(), candidates)].into());
        let matching = versions.iter().filter(|v| requirement.matches(v));
        let expected = if lowest { matching.min() } else { matching.max() };
        let take = if lowest { Take::LowestDirect } else { Take::Highest };
        let request = Request::new([(name, requirement.clone())]).strategy(take);
        let chosen = registry.resolve(&request).ok();
        let chosen = chosen.map(|resolution| resolution.packages[0].version.clone());
        prop_assert_eq!(chosen.as_ref(), expected);
    }
}
