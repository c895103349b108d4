//! Puck's side: registry directories with 1 and with 10 versions of every package.
//!
//! Every package is compiled and published once by the command itself, each after its dependencies.
//! Further versions are the same objects under other numbers, whose dependencies ask for versions at
//! least half as new. All of it is kept for the next run under a digest of the sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use puck_package::Digest;
use puck_package::archive::{self, Contents, Limits};
use puck_registry::Registry;
use semver::{Version, VersionReq};

use super::graph::{Graph, PACKAGES, name};
use super::{VERSIONS, source};
use crate::place::{remove, succeed, write};
use crate::settings::Settings;

/// The registries, and what was packed for them.
pub(super) struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// Makes the registries, or finds those of an earlier run.
    pub(super) fn prepare(settings: &Settings, graph: &Graph) -> Result<Self> {
        let mut sources = String::new();
        for package in 0..PACKAGES {
            sources.push_str(&source::manifest(graph, package));
            sources.push_str(&source::ir(graph, package));
        }
        let digest = Digest::of(sources.as_bytes()).prefix(16);
        let packages = Self {
            folder: settings.work.join(format!("graph-{digest}")),
        };
        if !packages.folder.exists() {
            let making = settings.work.join(format!("making-{digest}"));
            if making.exists() {
                remove(&making)?;
            }
            println!("  compiling {PACKAGES} packages, once");
            publish_all(&settings.puck, &making, graph)?;
            more_versions(&making)?;
            for temporary in ["home", "sources"] {
                remove(&making.join(temporary))?;
            }
            fs_err::rename(&making, &packages.folder)?;
        }
        Ok(packages)
    }

    /// The registry with that many versions of each package, 1 or 10.
    pub(super) fn registry(&self, versions: u64) -> PathBuf {
        self.folder.join(name_of(versions))
    }

    /// The folder that is served: the registries, and what the other tools are offered.
    pub(super) fn served(&self) -> &Path {
        &self.folder
    }

    /// The relocatable object of a package for the oldest processors: what the packages of the other
    /// tools carry, so that all have to move as much.
    pub(super) fn object(&self, package: usize) -> Result<Vec<u8>> {
        let path = self.registry(VERSIONS[0]).join(archive_path(package));
        let mut contents = Contents::default();
        let file = fs_err::File::open(path)?;
        let document = archive::read(file, None, &Limits::default(), &mut contents)?;
        let object = document
            .targets
            .values()
            .next()
            .and_then(|target| contents.0.remove(&target.object));
        object.context("a package has an object")
    }
}

/// The path of a registry below what is served.
pub(super) fn name_of(versions: u64) -> String {
    format!("registry-{versions}")
}

fn archive_path(package: usize) -> String {
    let name = name(package);
    format!("archives/{name}/{name}-1.0.0.puck")
}

fn publish_all(puck: &Path, folder: &Path, graph: &Graph) -> Result<()> {
    let registry = folder.join(name_of(VERSIONS[0]));
    fs_err::create_dir_all(&registry)?;
    for package in 0..PACKAGES {
        let sources = folder.join("sources").join(name(package));
        write(
            &sources.join("Puck.toml"),
            &source::manifest(graph, package),
        )?;
        write(&sources.join("src/lib.ll"), &source::ir(graph, package))?;
        succeed(
            Command::new(puck)
                .args(["publish", "--registry"])
                .arg(&registry)
                .current_dir(&sources)
                .env("PUCK_HOME", folder.join("home")),
        )?;
    }
    Ok(())
}

fn more_versions(folder: &Path) -> Result<()> {
    let directory = folder.join(name_of(VERSIONS[1]));
    fs_err::create_dir_all(&directory)?;
    let registry = Registry::open_or_fill(&directory)?;
    let packed = folder.join("packed.puck");
    for package in 0..PACKAGES {
        let first = folder
            .join(name_of(VERSIONS[0]))
            .join(archive_path(package));
        registry.publish(&first)?;
        let mut contents = Contents::default();
        let file = fs_err::File::open(&first)?;
        let mut document = archive::read(file, None, &Limits::default(), &mut contents)?;
        for number in 1..VERSIONS[1] {
            document.version = Version::new(1, number, 0);
            for dependency in &mut document.dependencies {
                dependency.requirement = VersionReq::parse(&requirement(number))?;
            }
            let mut bytes = Vec::new();
            archive::write(&document, &contents.0, &mut bytes)?;
            fs_err::write(&packed, bytes)?;
            registry.publish(&packed)?;
        }
    }
    Ok(fs_err::remove_file(packed)?)
}

/// What version 1.`number`.0 asks of its dependencies.
pub(super) fn requirement(number: u64) -> String {
    format!("1.{}", number / 2)
}
