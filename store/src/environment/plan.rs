//! What an environment consists of, worked out before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::environment::{EnvironmentPackage as Listed, FILE};
use puck_package::{
    Digest, EnvironmentDocument, LinkMode, LinkName, PackageDocument, PackageName, Series, Target,
    format,
};

use super::libraries::Libraries;
use super::{EnvironmentPackage, Link, key, pkgconfig};
use crate::installed::DOCUMENT;
use crate::link::Forward;
use crate::{InstalledPackage, library};

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
pub(super) fn document(
    packages: &[EnvironmentPackage<'_>],
    link: &Link<'_>,
    libraries: &Libraries,
) -> EnvironmentDocument {
    let compiled = libraries.recipes().into_values();
    let mut document = EnvironmentDocument {
        format: format::ENVIRONMENT,
        key: Digest::of(b""),
        link: link.mode,
        processor: link.processor.clone(),
        compiler: compiled.filter_map(|r| r.compiler.clone()).next(),
        keep: match link.mode {
            LinkMode::Lto => link.keep.keys().cloned().collect(),
            LinkMode::Dynamic | LinkMode::Image => Vec::new(),
        },
        image: None,
        packages: packages.iter().map(|package| listed(package)).collect(),
    };
    let mut listed = document.packages.iter();
    let host_tables = listed.any(|package| package.host_table.is_some());
    document.image = libraries.image_document(host_tables);
    for (package, library) in document.packages.iter_mut().zip(&libraries.specialised) {
        package.specialised = Some(library.key);
    }
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
        host_table: document.host_table(),
    }
}

/// The whole of the environment that `document` describes; `packages` in the same order. Of their
/// functions, only those `kept` can be called; `None` if all can.
pub(super) fn plan(
    packages: &[EnvironmentPackage<'_>],
    document: &EnvironmentDocument,
    kept: Option<&BTreeSet<LinkName>>,
) -> Plan {
    let plain = plain_series(document);
    let is_plain = |name: &PackageName, series: Series| plain.get(name) == Some(&series);
    let levels = levels(document);
    let mut plan = Plan::new();
    for (path, key) in image_paths(document) {
        add_link(&mut plan, path, &library::path_in_store(key));
    }
    for (package, listed) in packages.iter().zip(&document.packages) {
        let installed = package.installed;
        let facts = &installed.document;
        match &document.image {
            Some(image) => {
                let stub = stub(facts, &image.soname, kept);
                let path = listed.library_path(Target::X86_64.base());
                plan.insert(path, Entry::File(stub));
            }
            None => add_libraries(&mut plan, installed, listed, document, &levels),
        }
        let in_package = |file: &str| format!("packages/{}/{file}", installed.directory);
        add_link(&mut plan, listed.document_path(), &in_package(DOCUMENT));

        let (name, series) = (&listed.name, listed.series);
        let (include, pc) = places(name, series, is_plain(name, series));
        add_link(
            &mut plan,
            format!("{include}/{name}.h"),
            &in_package(&facts.header_path()),
        );
        for file in facts.files.keys() {
            for path in shared(file, listed, &include) {
                add_link(&mut plan, path, &in_package(file));
            }
        }
        let text = pkgconfig::file(facts, &include, is_plain);
        plan.insert(pc, Entry::File(text.into_bytes()));
    }
    plan.insert(FILE.to_owned(), Entry::File(document.to_json()));
    plan
}

/// Adds a package's own library for each level.
fn add_libraries(
    plan: &mut Plan,
    installed: &InstalledPackage,
    listed: &Listed,
    document: &EnvironmentDocument,
    levels: &BTreeSet<Target>,
) {
    let compiled_for = document
        .processor
        .as_ref()
        .map(|processor| processor.target);
    for level in levels {
        if let Some(key) = listed.specialised.filter(|_| compiled_for == Some(*level)) {
            add_link(
                plan,
                listed.library_path(*level),
                &library::path_in_store(&key),
            );
            continue;
        }
        // The best that there is for a processor of this level.
        let known = listed.known_targets().rev();
        let mut best = known.filter(|target| target <= level);
        if let Some(library) = best.find_map(|target| installed.library(target)) {
            let file = format!("packages/{}/{library}", installed.directory);
            add_link(plan, listed.library_path(*level), &file);
        }
    }
}

/// A library with a package's name that leads to the one of all packages.
fn stub(facts: &PackageDocument, library: &str, kept: Option<&BTreeSet<LinkName>>) -> Vec<u8> {
    let is_kept = |name: &&LinkName| kept.is_none_or(|kept| kept.contains(name));
    let functions = facts.functions.iter().map(|function| &function.link_name);
    let exports: Vec<String> = functions.filter(is_kept).map(LinkName::to_string).collect();
    let exports: Vec<&str> = exports.iter().map(String::as_str).collect();
    let table = facts.host_table().map(|name| name.to_string());
    let table_size = (facts.host_imports.len() * size_of::<u64>()) as u64;
    Forward {
        soname: &facts.soname(),
        library,
        exports: &exports,
        data: table.as_deref().map(|name| (name, table_size)),
    }
    .to_elf()
}

/// Where a file of a package stands in an environment, by its path in the archive, beside the places that
/// all packages have: those in `share/`, of which a header for C stands beside the package's own, too.
pub(super) fn shared(file: &str, package: &Listed, include: &str) -> Vec<String> {
    let Some(name) = file.strip_prefix("share/") else {
        return Vec::new();
    };
    let place = format!("{}/{name}", package.share_directory());
    let is_header = name.ends_with(".h") && !name.contains('/');
    let header = is_header.then(|| format!("{include}/{}.{name}", package.name));
    [place].into_iter().chain(header).collect()
}

/// Where the library of all packages is, with its key in the store for each place.
pub(super) fn image_paths(
    document: &EnvironmentDocument,
) -> impl Iterator<Item = (String, &Digest)> {
    document.image.iter().flat_map(move |image| {
        image.libraries.iter().filter_map(move |(level, key)| {
            let level: Target = level.parse().ok()?;
            let place = match document.link {
                // It is for one processor, and stands where all programs find it.
                LinkMode::Lto => level.base(),
                LinkMode::Dynamic | LinkMode::Image => level,
            };
            Some((image.library_path(place), key))
        })
    })
}

/// Links `path` in the environment to `file` in the store, relatively: a store can be moved.
fn add_link(plan: &mut Plan, path: String, file: &str) {
    // Up from the folder of `path` to the environment, then to environments/, then to the store.
    let up = "../".repeat(path.matches('/').count() + 2);
    plan.insert(path, Entry::Link(format!("{up}{file}")));
}

/// The levels of processors that there are folders for. A library looks for its callees in its own
/// folder first. So a folder for a level holds all packages, or else a caller without a variant of
/// its own would miss those of its callees.
pub(super) fn levels(document: &EnvironmentDocument) -> BTreeSet<Target> {
    let packages = document.packages.iter();
    let compiled_for = document
        .processor
        .as_ref()
        .map(|processor| processor.target);
    packages
        .flat_map(Listed::known_targets)
        .chain(compiled_for)
        .collect()
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
