//! Whether a project has the environment that it should have, by names and sizes alone.
//!
//! `environment.json` lists everything that decides what an environment is, and an environment has its
//! name only when it is whole. So if `.puck` leads to one that lists the packages that are wanted,
//! there is nothing to be worked out: what is left to see is whether something went away since.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fs_err as fs;
use puck_package::environment::{EnvironmentPackage, FILE};
use puck_package::{Digest, EnvironmentDocument, PackageName, Target};
use semver::Version;

use super::{Environment, WantedLink, key, plan, problems};
use crate::folder::Folder;
use crate::installed::{DOCUMENT, RECORD, RECORD_FORMAT};
use crate::{InstallRecord, Result, Store, files, link};

/// A package that an environment should hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedPackage {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// Of its archive.
    pub sha256: Digest,
    /// Whether the project itself depends on it.
    pub direct: bool,
}

impl Store {
    /// The environment that the project's `.puck` leads to, if it holds exactly the packages
    /// `wanted`, linked as `link` says, and nothing is missing from it or from them: links and sizes
    /// of files are looked at. `None` says only that
    /// [`Batch::environment`](crate::Batch::environment) has to find out.
    ///
    /// # Errors
    /// [`Error::NotALink`](crate::Error::NotALink); if the store cannot be read.
    pub fn current_environment(
        &self,
        project: &Path,
        wanted: &[WantedPackage],
        link: &WantedLink,
    ) -> Result<Option<Environment>> {
        self.sweep();
        let Some(path) = self.active(project)? else {
            return Ok(None);
        };
        let Ok(bytes) = fs::read(path.join(FILE)) else {
            return Ok(None);
        };
        let Ok(document) = EnvironmentDocument::parse(FILE, &bytes) else {
            return Ok(None);
        };
        let fits = path == self.environment_path(&document.key)
            && key(&document) == document.key
            && is_wanted(&document, wanted)
            && is_linked_so(&document, link)
            && self.is_there(&path, &document);
        if !fits {
            return Ok(None);
        }
        files::seal_directory(&path)?;
        if files::mark_used(&path)? {
            for package in &document.packages {
                files::mark_used(&self.package_path(package))?;
            }
            for key in problems::library_keys(&document) {
                files::mark_used(&self.library_path(key))?;
            }
        }
        Ok(Some(Environment {
            key: document.key,
            path,
            document,
        }))
    }

    fn package_path(&self, package: &EnvironmentPackage) -> PathBuf {
        self.packages_directory().join(&package.directory)
    }

    /// Whether every file of every package is there with its size, and every library, and the
    /// environment has what it should have of each.
    fn is_there(&self, environment: &Path, document: &EnvironmentDocument) -> bool {
        let mut present = Present::new(environment);
        let levels = plan::levels(document);
        let plain = plan::plain_series(document);
        let in_libraries = problems::library_keys(document)
            .into_iter()
            .all(|key| matches!(self.library(key), Ok(Some(_))));
        let mut images = plan::image_paths(document);
        let has_images = images.all(|(path, _)| present.has(&path, true));
        in_libraries
            && has_images
            && document.packages.iter().all(|package| {
                let is_plain = plain.get(&package.name) == Some(&package.series);
                let (include, pc) = plan::places(&package.name, package.series, is_plain);
                let Some(files) = self.whole_files(package) else {
                    return false;
                };
                let mut shared = files
                    .keys()
                    .flat_map(|file| plan::shared(file, package, &include));
                present.has_library(package, document, &levels)
                    && present.has(&package.document_path(), true)
                    && present.has(&format!("{include}/{}.h", package.name), true)
                    && present.has(&pc, false)
                    && shared.all(|path| present.has(&path, true))
            })
    }

    /// The files of a package's archive, if every file of it has the size that was recorded when it was
    /// installed.
    fn whole_files(&self, package: &EnvironmentPackage) -> Option<BTreeMap<String, u64>> {
        let folder = Folder::open(&self.package_path(package)).ok()??;
        let bytes = folder.read(RECORD).ok()??;
        let record = puck_package::format::read_json(RECORD, &bytes, RECORD_FORMAT);
        let InstallRecord {
            sha256,
            document,
            libraries,
            sizes,
            ..
        } = record.ok()?;
        let libraries = libraries.iter().map(|(path, facts)| (path, facts.size));
        let mut files = sizes
            .iter()
            .map(|(path, size)| (path, *size))
            .chain(libraries);
        let has_size =
            |file: &str, size| matches!(folder.size(file), Ok(Some(found)) if found == size);
        // An older puck recorded no sizes; every package has files.
        let is_whole = sha256 == package.sha256
            && files.all(|(file, size)| has_size(file, size))
            && has_size(DOCUMENT, document.size);
        (is_whole && !sizes.is_empty()).then_some(sizes)
    }
}

/// What is in the folders of an environment, each of which is listed once.
struct Present<'a> {
    environment: &'a Path,
    folders: BTreeMap<String, BTreeMap<Vec<u8>, bool>>,
}

impl<'a> Present<'a> {
    fn new(environment: &'a Path) -> Self {
        Self {
            environment,
            folders: BTreeMap::new(),
        }
    }

    /// Whether a package's library is there at each level, or what leads to the one of all packages.
    fn has_library(
        &mut self,
        package: &EnvironmentPackage,
        document: &EnvironmentDocument,
        levels: &BTreeSet<Target>,
    ) -> bool {
        if document.image.is_some() {
            let stub = package.library_path(Target::X86_64.base());
            return self.has(&stub, false)
                && fs::read(self.environment.join(stub))
                    .is_ok_and(|stub| link::has_its_size(&stub));
        }
        let compiled_for = document
            .processor
            .as_ref()
            .map(|processor| processor.target);
        let least = package.known_targets().next();
        levels
            .iter()
            .filter(|level| {
                let is_compiled = package.specialised.is_some() && compiled_for == Some(**level);
                is_compiled || least.is_some_and(|least| least <= **level)
            })
            .all(|level| self.has(&package.library_path(*level), true))
    }

    /// Whether something is at `path`, and is a link or not.
    fn has(&mut self, path: &str, is_link: bool) -> bool {
        let Some((folder, name)) = path.rsplit_once('/') else {
            return false;
        };
        if !self.folders.contains_key(folder) {
            let opened = Folder::open(&self.environment.join(folder)).ok().flatten();
            let links = opened.and_then(|opened| opened.links().ok());
            self.folders
                .insert(folder.to_owned(), links.unwrap_or_default());
        }
        let found = self
            .folders
            .get(folder)
            .and_then(|names| names.get(name.as_bytes()));
        found == Some(&is_link)
    }
}

/// Whether exactly the packages `wanted`, in any order, are listed.
fn is_wanted(document: &EnvironmentDocument, wanted: &[WantedPackage]) -> bool {
    let mut wanted = wanted.to_vec();
    wanted.sort();
    let listed = document.packages.iter().map(|package| WantedPackage {
        name: package.name.clone(),
        version: package.version.clone(),
        sha256: package.sha256,
        direct: package.direct,
    });
    let mut listed: Vec<_> = listed.collect();
    listed.sort();
    listed == wanted
}

/// Whether an environment is linked as `link` says.
fn is_linked_so(document: &EnvironmentDocument, link: &WantedLink) -> bool {
    let is_wanted_compiler = || link.compiler.is_none() || link.compiler == document.compiler;
    document.link == link.mode
        && document.processor == link.processor
        && (link.processor.is_none() || is_wanted_compiler())
        && document.keep.iter().eq(&link.keep)
}
