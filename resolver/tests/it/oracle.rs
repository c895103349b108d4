//! Random small registries, against trying everything.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use puck_package::{PackageName, Series};
use puck_resolver::{
    Candidate, CandidateDependency, Error, PackageId, Request, Resolution, Update,
};
use semver::{Version, VersionReq};

use crate::scenario::Registry;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const VERSIONS: [&str; 7] = [
    "0.1.0",
    "1.0.0",
    "1.1.0-rc.1",
    "1.1.0",
    "2.0.0-rc.1",
    "2.0.0",
    "2.1.0",
];
const REQUIREMENTS: [&str; 12] = [
    "*",
    "^1",
    "^2",
    ">=1, <3",
    "=1.0.0",
    "^1.1",
    "^2.1",
    "<2",
    ">=0.1",
    "^1.1.0-rc.0",
    "~2.0",
    "^9",
];

fn name() -> impl Strategy<Value = PackageName> {
    proptest::sample::select(&NAMES[..]).prop_map(|name| name.parse().unwrap())
}

fn requirement() -> impl Strategy<Value = VersionReq> {
    proptest::sample::select(&REQUIREMENTS[..]).prop_map(|text| text.parse().unwrap())
}

fn dependency() -> impl Strategy<Value = CandidateDependency> {
    let series = proptest::option::weighted(0.6, proptest::sample::select(&["v1", "v2"][..]));
    (name(), requirement(), series).prop_map(|(name, requirement, series)| CandidateDependency {
        name,
        requirement,
        series: series.map(|series| series.parse().unwrap()),
    })
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let versions = proptest::sample::subsequence(&VERSIONS[..], 0..=4);
    versions.prop_flat_map(|versions| {
        let rest = (
            proptest::collection::vec(dependency(), 0..3),
            proptest::bool::weighted(0.15),
        );
        let count = versions.len();
        (Just(versions), proptest::collection::vec(rest, count)).prop_map(|(versions, rest)| {
            let candidate = |(version, (dependencies, yanked)): (&str, _)| Candidate {
                version: version.parse().unwrap(),
                dependencies,
                yanked,
            };
            versions.into_iter().zip(rest).map(candidate).collect()
        })
    })
}

fn registries() -> impl Strategy<Value = Registry> {
    proptest::collection::vec(candidates(), NAMES.len()).prop_map(|all| {
        Registry(
            NAMES
                .iter()
                .map(|name| name.parse().unwrap())
                .zip(all)
                .collect(),
        )
    })
}

fn requests() -> impl Strategy<Value = Request> {
    let requirements = proptest::collection::vec((name(), requirement()), 1..4);
    let locked = proptest::collection::vec((name(), proptest::sample::select(&VERSIONS[..])), 0..4);
    (requirements, locked).prop_map(|(requirements, locked)| {
        let version = |(name, version): (PackageName, &str)| (name, version.parse().unwrap());
        Request::new(requirements).locked(locked.into_iter().map(version))
    })
}

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
        !candidate.yanked
            || self
                .request
                .locked
                .contains(&(name.clone(), candidate.version.clone()))
    }

    /// The newest chosen version that serves a dependency.
    fn serving(&self, choice: &Choice, on: &CandidateDependency) -> Option<PackageId> {
        let fits = |version: &&Version| {
            on.requirement.matches(version) && on.series.is_none_or(|s| s.contains(version))
        };
        let version = choice.get(&on.name)?.iter().filter(fits).max()?.clone();
        Some(PackageId {
            name: on.name.clone(),
            version,
        })
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
                    self.allowed(name, candidate) && candidate.dependencies.iter().all(served)
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
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

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

    #[test]
    fn a_single_package_gets_its_newest(
        versions in proptest::sample::subsequence(&VERSIONS[..], 0..=7),
        requirement in requirement(),
    ) {
        let versions: Vec<Version> = versions.iter().map(|v| v.parse().unwrap()).collect();
        let candidates = versions.iter().cloned().map(Candidate::new).collect();
        let name: PackageName = "a".parse().unwrap();
        let registry = Registry([(name.clone(), candidates)].into());
        let newest = versions.iter().filter(|v| requirement.matches(v)).max();
        let chosen = registry.resolve(&Request::new([(name, requirement.clone())])).ok();
        let chosen = chosen.map(|resolution| resolution.packages[0].version.clone());
        prop_assert_eq!(chosen.as_ref(), newest);
    }
}
