//! What an environment consists of, worked out before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::environment::{EnvironmentPackage as Listed, FILE};
use puck_package::{Digest, EnvironmentDocument, LinkMode, PackageName, Series, Target, format};

use super::{EnvironmentPackage, key, pkgconfig};
use crate::InstalledPackage;
use crate::installed::DOCUMENT;

/// What stands at each path of an environment.
pub(crate) type Plan = BTreeMap<String, Entry>;

/// Something in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A symbolic link, with its target.
    Link(String),
    /// A file, with its content.
    File(Vec<u8>),
}

/// `environment.json` for packages in order.
pub(super) fn document(packages: &[EnvironmentPackage<'_>]) -> EnvironmentDocument {
    let mut document = EnvironmentDocument {
        format: format::ENVIRONMENT,
        key: Digest::of(b""),
        link: LinkMode::Dynamic,
        processor: None,
        compiler: None,
        keep: Vec::new(),
        image: None,
        packages: packages.iter().map(|package| listed(package)).collect(),
    };
    document.key = key(&document);
    document
}

fn listed(package: &EnvironmentPackage<'_>) -> Listed {
    let EnvironmentPackage { installed, direct } = *package;
    let document = &installed.document;
    Listed {
        name: document.name.clone(),
        version: document.version.clone(),
        series: document.series(),
        soname: document.soname(),
        sha256: installed.record.sha256,
        directory: installed.directory.clone(),
        targets: Target::ALL
            .into_iter()
            .filter(|target| installed.library(*target).is_some())
            .map(|target| target.name().to_owned())
            .collect(),
        needs: document.imported_sonames().into_iter().collect(),
        direct,
        specialised: None,
    }
}

/// The whole of the environment that `document` describes; `packages` in the same order.
pub(super) fn plan(packages: &[EnvironmentPackage<'_>], document: &EnvironmentDocument) -> Plan {
    let plain = plain_series(document);
    let is_plain = |name: &PackageName, series: Series| plain.get(name) == Some(&series);
    let levels = levels(document);
    let mut plan = Plan::new();
    for (package, listed) in packages.iter().zip(&document.packages) {
        let installed = package.installed;
        let facts = &installed.document;
        for level in &levels {
            // The best that there is for a processor of this level.
            let mut best = listed
                .known_targets()
                .rev()
                .filter(|target| target <= level);
            if let Some(library) = best.find_map(|target| installed.library(target)) {
                add_link(&mut plan, listed.library_path(*level), installed, &library);
            }
        }
        add_link(&mut plan, listed.document_path(), installed, DOCUMENT);

        let (name, series) = (&listed.name, listed.series);
        let (include, pc) = places(name, series, is_plain(name, series));
        add_link(
            &mut plan,
            format!("{include}/{name}.h"),
            installed,
            &facts.header_path(),
        );
        let text = pkgconfig::file(facts, &include, is_plain);
        plan.insert(pc, Entry::File(text.into_bytes()));
    }
    plan.insert(FILE.to_owned(), Entry::File(document.to_json()));
    plan
}

/// Links `path` in the environment to `file` in the package, relatively: a store can be moved.
fn add_link(plan: &mut Plan, path: String, package: &InstalledPackage, file: &str) {
    // Up from the folder of `path` to the environment, then to environments/, then to the store.
    let up = "../".repeat(path.matches('/').count() + 2);
    let target = format!("{up}packages/{}/{file}", package.directory);
    plan.insert(path, Entry::Link(target));
}

/// The levels of processors that there are folders for. A library looks for its callees in its own
/// folder first. So a folder for a level holds all packages, or else a caller without a variant of
/// its own would miss those of its callees.
pub(super) fn levels(document: &EnvironmentDocument) -> BTreeSet<Target> {
    let packages = document.packages.iter();
    packages.flat_map(Listed::known_targets).collect()
}

/// The folder of a package's header, and the path of its `.pc` file.
pub(super) fn places(name: &PackageName, series: Series, is_plain: bool) -> (String, String) {
    if is_plain {
        ("include".to_owned(), format!("lib/pkgconfig/{name}.pc"))
    } else {
        (
            format!("include/{name}.{series}"),
            format!("lib/pkgconfig/{name}.{series}.pc"),
        )
    }
}

/// Of each package, the series that has the plain names. Packages are sorted by version.
pub(super) fn plain_series(document: &EnvironmentDocument) -> BTreeMap<PackageName, Series> {
    let mut plain: BTreeMap<PackageName, (bool, Series)> = BTreeMap::new();
    for package in &document.packages {
        let candidate = (package.direct, package.series);
        plain
            .entry(package.name.clone())
            .and_modify(|chosen| {
                if candidate.0 >= chosen.0 {
                    *chosen = candidate;
                }
            })
            .or_insert(candidate);
    }
    plain
        .into_iter()
        .map(|(name, (_, series))| (name, series))
        .collect()
}
