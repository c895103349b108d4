//! Small random registries and requests.

use proptest::prelude::*;
use puck_package::index::{Export, IndexImport};
use puck_package::{LinkName, PackageName, Series};
use puck_resolver::{Before, Candidate, CandidateDependency, Request, Strategy as Take};
use semver::VersionReq;

use crate::scenario::{Registry, time};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
pub(crate) const VERSIONS: [&str; 7] = [
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

pub(crate) fn name() -> impl Strategy<Value = PackageName> {
    proptest::sample::select(&NAMES[..]).prop_map(|name| name.parse().unwrap())
}

pub(crate) fn requirement() -> impl Strategy<Value = VersionReq> {
    proptest::sample::select(&REQUIREMENTS[..]).prop_map(|text| text.parse().unwrap())
}

const FUNCTIONS: [(&str, &str); 3] = [("f", "fn(a: f64)"), ("f", "fn(a: f32)"), ("g", "fn()")];
const TAKES: [Take; 3] = [Take::Highest, Take::Lowest, Take::LowestDirect];
const DAYS: [&str; 3] = ["2026-01-01", "2026-01-02", "2026-01-03"];

fn functions() -> impl Strategy<Value = Vec<Export>> {
    let export = |(name, signature): (&str, &str)| Export {
        name: name.parse().unwrap(),
        abi: "c".to_owned(),
        signature: signature.parse().unwrap(),
        declared: None,
        needs: None,
        link_name: None,
    };
    proptest::sample::subsequence(&FUNCTIONS[..], 0..=3)
        .prop_map(move |some| some.into_iter().map(export).collect())
}

/// A dependency, with what is called of it.
fn dependency() -> impl Strategy<Value = (CandidateDependency, Vec<IndexImport>)> {
    let series = proptest::option::weighted(0.6, proptest::sample::select(&["v1", "v2"][..]));
    let calls = prop_oneof![2 => Just(Vec::new()), 1 => functions()];
    (name(), requirement(), series, calls).prop_map(|(name, requirement, series, calls)| {
        let series: Option<Series> = series.map(|series| series.parse().unwrap());
        let import = |call: Export| {
            let Export {
                name: function,
                signature,
                ..
            } = call;
            Some(IndexImport {
                package: name.clone(),
                link_name: LinkName::new(&name, &series?, &function, &signature),
            })
        };
        let imports = calls.into_iter().filter_map(import).collect();
        let dependency = CandidateDependency {
            name: name.clone(),
            requirement,
            series,
        };
        (dependency, imports)
    })
}

fn day() -> impl Strategy<Value = jiff::Timestamp> {
    proptest::sample::select(&DAYS[..]).prop_map(time)
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let versions = proptest::sample::subsequence(&VERSIONS[..], 0..=4);
    versions.prop_flat_map(|versions| {
        let rest = (
            proptest::collection::vec(dependency(), 0..3),
            proptest::bool::weighted(0.15),
            proptest::option::weighted(0.7, functions()),
            proptest::option::weighted(0.7, day()),
            proptest::bool::weighted(0.05),
        );
        let count = versions.len();
        (Just(versions), proptest::collection::vec(rest, count)).prop_map(|(versions, rest)| {
            let mut all = Vec::new();
            for (version, (depended, yanked, exports, published, unusable)) in
                versions.into_iter().zip(rest)
            {
                let mut candidate = Candidate::new(version.parse().unwrap());
                for (dependency, imports) in depended {
                    candidate.dependencies.push(dependency);
                    candidate.imports.extend(imports);
                }
                candidate.yanked = yanked;
                candidate.exports = exports;
                candidate.published = published;
                candidate.unusable = unusable.then(|| "is of no use".to_owned());
                all.push(candidate);
            }
            all
        })
    })
}

pub(crate) fn registries() -> impl Strategy<Value = Registry> {
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

pub(crate) fn requests() -> impl Strategy<Value = Request> {
    let requirements = proptest::collection::vec((name(), requirement()), 1..4);
    let locked = proptest::collection::vec((name(), proptest::sample::select(&VERSIONS[..])), 0..4);
    let take = proptest::sample::select(&TAKES[..]);
    let before = proptest::option::weighted(0.3, day());
    (requirements, locked, take, before).prop_map(|(requirements, locked, take, before)| {
        let version = |(name, version): (PackageName, &str)| (name, version.parse().unwrap());
        let before = before.map(|time| Before {
            time,
            origin: "the limit".to_owned(),
        });
        Request::new(requirements)
            .locked(locked.into_iter().map(version))
            .strategy(take)
            .before(before)
    })
}
