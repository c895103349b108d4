//! A package as it lies in the store, and whether it is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use puck_package::document::InvalidDocument;
use puck_package::format::{self, DocumentError, Numbered};
use puck_package::{Digest, FileFacts, PackageDocument, PackageName, Target};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::folder::Folder;
use crate::store::directory_name;
use crate::{Error, Result, Store, files};

/// The name of the package's own description.
pub(crate) const DOCUMENT: &str = "package.json";
/// The name of the record of what installing added.
pub(crate) const RECORD: &str = "installed.json";
/// The format of [`InstallRecord`].
pub(crate) const RECORD_FORMAT: u32 = 1;

/// `installed.json`: what `package.json` cannot know, because it was made on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InstallRecord {
    /// The format's number.
    pub format: u32,
    /// Of the archive.
    pub sha256: Digest,
    /// Of `package.json`, which lists every other file of the archive.
    pub document: FileFacts,
    /// The sizes of the archive's files, by path, as `package.json` has them: so that they can be
    /// looked at without reading that. Empty if an older puck installed the package.
    #[serde(default)]
    pub sizes: BTreeMap<String, u64>,
    /// What the libraries were linked with.
    pub linker: String,
    /// The libraries, by path.
    pub libraries: BTreeMap<String, FileFacts>,
}

/// A package in the store.
#[derive(Debug, Clone)]
pub struct InstalledPackage {
    /// Its folder, as an absolute path.
    pub path: PathBuf,
    /// The folder's name in `packages/`.
    pub directory: String,
    /// `package.json`.
    pub document: PackageDocument,
    /// `installed.json`.
    pub record: InstallRecord,
}

/// What was found where a package should be.
pub(crate) enum State {
    Absent,
    Damaged(String),
    Whole(Box<InstalledPackage>),
}

impl Numbered for InstallRecord {
    fn format(&self) -> u32 {
        self.format
    }
}

impl InstalledPackage {
    /// The digest of the archive that it came from.
    #[must_use]
    pub fn sha256(&self) -> &Digest {
        &self.record.sha256
    }

    /// The library for `target`, relative to the package's folder.
    #[must_use]
    pub fn library(&self, target: Target) -> Option<String> {
        let object = &self.document.targets.get(target.name())?.object;
        let path = library_path(object)?;
        self.record.libraries.contains_key(&path).then_some(path)
    }

    /// Every file that should be there, by path. `installed.json` itself is not listed.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &FileFacts)> {
        let listed = self.document.files.iter().chain(&self.record.libraries);
        listed
            .map(|(path, facts)| (path.as_str(), facts))
            .chain([(DOCUMENT, &self.record.document)])
    }
}

impl Store {
    /// The package with that archive, if it is installed and nothing is missing from it. Names and
    /// sizes are looked at, and `package.json` is read; [`Store::verify_package`] reads all.
    ///
    /// # Errors
    /// If the store cannot be read; [`Error::Newer`] if a newer puck installed it.
    pub fn installed_package(
        &self,
        sha256: &Digest,
        name: &PackageName,
        version: &Version,
    ) -> Result<Option<InstalledPackage>> {
        match self.state(&directory_name(name, version, sha256))? {
            State::Whole(package) if package.record.sha256 == *sha256 => {
                files::seal_directory(&package.path)?;
                Ok(Some(*package))
            }
            _ => Ok(None),
        }
    }

    /// Everything that is wrong with a package: each file is read and compared with its digest.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn verify_package(&self, package: &InstalledPackage) -> Result<Vec<String>> {
        let mut problems = Vec::new();
        for (path, facts) in package.files() {
            match Digest::of_file(&package.path.join(path)) {
                Ok(found) if found == facts.sha256 => {}
                Ok(_) => problems.push(format!("{path} has changed")),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    problems.push(format!("{path} is missing"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let listed: BTreeSet<PathBuf> = package
            .files()
            .map(|(path, _)| package.path.join(path))
            .chain([package.path.join(RECORD)])
            .collect();
        add_foreign(&package.path, &listed, &mut |path| {
            let path = path.strip_prefix(&package.path).unwrap_or(path);
            problems.push(format!("{} does not belong there", path.display()));
        })?;
        Ok(problems)
    }

    /// The state of what is in `packages/<directory>`.
    pub(crate) fn state(&self, directory: &str) -> Result<State> {
        let path = self.packages_directory().join(directory);
        let Some(folder) = Folder::open(&path)? else {
            return Ok(if fs::exists(&path)? {
                State::Damaged("it is no folder".to_owned())
            } else {
                State::Absent
            });
        };
        Ok(match read(&folder, path, directory)? {
            Ok(package) => check_sizes(&folder, package)?,
            Err(reason) => State::Damaged(reason),
        })
    }
}

/// Reads the package's two documents. The inner error says what is wrong with them.
fn read(
    folder: &Folder,
    path: PathBuf,
    directory: &str,
) -> Result<Result<InstalledPackage, String>> {
    let Some(record) = folder.read(RECORD)? else {
        return Ok(Err(format!("{RECORD} is missing")));
    };
    let record: Result<InstallRecord, DocumentError> =
        format::read_json(RECORD, &record, RECORD_FORMAT);
    // What a newer puck made is whole; making it again would only have the two undo each other's
    // work for ever.
    let newer = |source| Error::Newer {
        path: path.clone(),
        source,
    };
    let record = match record {
        Ok(record) => record,
        Err(DocumentError::Newer(source)) => return Err(newer(source)),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let Some(document) = folder.read(DOCUMENT)? else {
        return Ok(Err(format!("{DOCUMENT} is missing")));
    };
    if Digest::of(&document) != record.document.sha256 {
        return Ok(Err(format!("{DOCUMENT} has changed")));
    }
    let document = match PackageDocument::parse(&document) {
        Ok(document) => document,
        Err(InvalidDocument::Read(DocumentError::Newer(source))) => return Err(newer(source)),
        Err(error) => return Ok(Err(error.to_string())),
    };
    if directory != directory_name(&document.name, &document.version, &record.sha256) {
        return Ok(Err(format!(
            "it holds {} {}",
            document.name, document.version
        )));
    }
    Ok(Ok(InstalledPackage {
        path,
        directory: directory.to_owned(),
        document,
        record,
    }))
}

fn check_sizes(folder: &Folder, package: InstalledPackage) -> Result<State> {
    for (path, facts) in package.files() {
        match folder.size(path)? {
            Some(size) if size == facts.size => {}
            None => return Ok(State::Damaged(format!("{path} is missing"))),
            Some(_) => return Ok(State::Damaged(format!("{path} has another size"))),
        }
    }
    Ok(State::Whole(Box::new(package)))
}

/// Names every file below `directory` that is not `listed`.
fn add_foreign(
    directory: &Path,
    listed: &BTreeSet<PathBuf>,
    name: &mut dyn FnMut(&Path),
) -> Result<()> {
    for path in files::entries(directory)? {
        if fs::symlink_metadata(&path)?.is_dir() {
            add_foreign(&path, listed, name)?;
        } else if !listed.contains(&path) {
            name(&path);
        }
    }
    Ok(())
}

/// `lib/<stem>.so` for `obj/<stem>.o`, which is the form of every object's path.
pub(crate) fn library_path(object: &str) -> Option<String> {
    let stem = object.strip_prefix("obj/")?.strip_suffix(".o")?;
    Some(format!("lib/{stem}.so"))
}
