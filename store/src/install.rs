//! From an archive to a folder in `packages/`: unpacked, checked, linked, sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fs_err as fs;
use puck_package::archive::{self, ArchiveError, Expected, Limits};
use puck_package::{Digest, FileFacts, LinkName, PackageDocument, PackageName};
use semver::Version;

use crate::error::PackageVersion;
use crate::installed::{DOCUMENT, RECORD, RECORD_FORMAT, State, library_path};
use crate::link::{LinkRequest, link};
use crate::store::directory_name;
use crate::{Error, InstallRecord, InstalledPackage, Result, Store, files, system};

/// What is recorded as having linked the libraries.
const LINKER: &str = "libwild 0.10.0";

impl Store {
    /// Installs a package whose archive is in the store, unless it is installed already. What is
    /// there but damaged is replaced. Any number of processes may do this at once.
    ///
    /// # Errors
    /// [`Error::MissingArchive`] and [`Error::Damaged`] ask for the archive to be fetched;
    /// [`Error::Archive`] if it is not the archive of that package, or not a proper one;
    /// [`Error::SystemImports`] if it cannot run on this machine; [`Error::Link`].
    pub fn install_package(
        &self,
        sha256: &Digest,
        name: &PackageName,
        version: &Version,
    ) -> Result<InstalledPackage> {
        self.sweep();
        if let Some(package) = self.installed_package(sha256, name, version)? {
            return Ok(package);
        }
        let staging = self.stage(&format!("package-{sha256}"))?;
        let directory = directory_name(name, version, sha256);
        let place = self.packages_directory().join(&directory);
        let damaged = match self.state(&directory)? {
            State::Whole(package) => return Ok(*package),
            State::Damaged(_) => true,
            State::Absent => false,
        };
        let archive = self.archive(sha256)?.ok_or_else(|| Error::MissingArchive {
            package: PackageVersion::new(name, version),
            sha256: *sha256,
        })?;

        let document = unpack(&archive, &staging.path, name, version)?;
        check_system(&document)?;
        let libraries = link_libraries(&document, &staging.path)?;
        let record = InstallRecord {
            format: RECORD_FORMAT,
            sha256: *sha256,
            document: facts(&fs::read(staging.path.join(DOCUMENT))?),
            linker: LINKER.to_owned(),
            libraries,
        };
        let mut json = serde_json::to_vec_pretty(&record).map_err(std::io::Error::from)?;
        json.push(b'\n');
        files::write_new(&staging.path.join(RECORD), &json)?;
        files::seal_below(&staging.path)?;

        if damaged {
            let withdrawn = self.stage(&format!("withdrawn-{sha256}"))?;
            files::withdraw_directory(&place, &withdrawn.path)?;
        }
        files::publish_directory(&staging.path, &place)?;
        Ok(InstalledPackage {
            path: place,
            directory,
            document,
            record,
        })
    }
}

fn unpack(
    archive: &Path,
    into: &Path,
    name: &PackageName,
    version: &Version,
) -> Result<PackageDocument> {
    let failed = |source| match source {
        ArchiveError::Io(error) => Error::from(error),
        source => Error::Archive {
            package: PackageVersion::new(name, version),
            source: Box::new(source),
        },
    };
    fs::create_dir(into)?;
    let expected = Expected { name, version };
    archive::unpack(archive, into, Some(expected), &Limits::default()).map_err(failed)
}

/// Refuses a package that uses what this machine's libraries do not have.
fn check_system(document: &PackageDocument) -> Result<()> {
    let missing = system::missing(&document.system_imports);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::SystemImports {
        package: PackageVersion::of(document),
        missing,
        glibc: system::glibc_version(),
    })
}

/// Links each object of a target that is known here, once, and says what came out.
fn link_libraries(document: &PackageDocument, root: &Path) -> Result<BTreeMap<String, FileFacts>> {
    let soname = document.soname();
    let exports: Vec<&LinkName> = document
        .functions
        .iter()
        .map(|function| &function.link_name)
        .collect();
    let imports: Vec<&LinkName> = document
        .imports
        .iter()
        .map(|import| &import.link_name)
        .collect();
    let objects: BTreeSet<&str> = document
        .known_targets()
        .into_iter()
        .map(|(_, target)| target.object.as_str())
        .collect();

    fs::create_dir(root.join("lib"))?;
    let mut libraries = BTreeMap::new();
    for object in objects {
        let Some(path) = library_path(object) else {
            continue;
        };
        let library = link(&LinkRequest {
            object: &fs::read(root.join(object))?,
            soname: &soname,
            exports: &exports,
            imports: &imports,
            system_imports: &document.system_imports,
            debug: document.debug,
        })
        .map_err(|source| Error::Link {
            package: PackageVersion::of(document),
            object: object.to_owned(),
            source,
        })?;
        files::write_new(&root.join(&path), &library)?;
        libraries.insert(path, facts(&library));
    }
    Ok(libraries)
}

fn facts(bytes: &[u8]) -> FileFacts {
    FileFacts {
        sha256: Digest::of(bytes),
        size: bytes.len() as u64,
    }
}
