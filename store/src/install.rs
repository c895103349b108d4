//! From an archive to a folder in `packages/`: unpacked, checked, linked, sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fs_err as fs;
use puck_package::{Digest, FileFacts, LinkName, PackageDocument, PackageName};
use semver::Version;

use crate::batch::{Batch, Made, Thing};
use crate::error::PackageVersion;
use crate::installed::{RECORD, RECORD_FORMAT, library_path};
use crate::link::{self, LinkRequest, Linker};
use crate::store::directory_name;
use crate::unpack::{Unpacked, unpack};
use crate::{Error, InstallRecord, InstalledPackage, Result, files, system};

impl Batch<'_> {
    /// Installs a package whose archive is in the store or in this batch, unless it is installed
    /// already. What is there but damaged is replaced. Any number of processes may do this at once.
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
        if let Some(package) = self.store.installed_package(sha256, name, version)? {
            return Ok(package);
        }
        // One that was added just now was checked on its way.
        let archive = match self.fresh_archive(sha256) {
            Some(path) => Some(path),
            None => self.store.archive(sha256)?,
        };
        let archive = archive.ok_or_else(|| Error::MissingArchive {
            package: PackageVersion::new(name, version),
            sha256: *sha256,
        })?;
        let made = self.place("package")?;
        let made_or_not = self.make(sha256, &archive, name, version, &made);
        if made_or_not.is_err() {
            // Its own error counts, not that of tidying up; the sweep comes again.
            drop(files::remove(&made));
        }
        made_or_not
    }

    fn make(
        &self,
        sha256: &Digest,
        archive: &Path,
        name: &PackageName,
        version: &Version,
        made: &Path,
    ) -> Result<InstalledPackage> {
        let Unpacked {
            document,
            json,
            objects,
            mut folders,
        } = unpack(archive, made, name, version)?;
        check_system(&document)?;
        folders.insert("lib".into());
        fs::create_dir(made.join("lib"))?;
        let libraries = link_libraries(&document, objects, made)?;
        let record = InstallRecord {
            format: RECORD_FORMAT,
            sha256: *sha256,
            document: facts(&json),
            sizes: document
                .files
                .iter()
                .map(|(path, facts)| (path.clone(), facts.size))
                .collect(),
            linker: link::NAME.to_owned(),
            libraries,
        };
        let mut json = serde_json::to_vec_pretty(&record).map_err(std::io::Error::from)?;
        json.push(b'\n');
        files::write_sealed(&made.join(RECORD), &json)?;
        files::seal_folders(made, &folders)?;

        let directory = directory_name(name, version, sha256);
        let place = self.store.packages_directory().join(&directory);
        self.ready(Thing {
            made: Made::Package,
            from: made.to_owned(),
            to: place.clone(),
        })?;
        Ok(InstalledPackage {
            path: place,
            directory,
            document,
            record,
        })
    }
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
fn link_libraries(
    document: &PackageDocument,
    mut contents: BTreeMap<String, Vec<u8>>,
    root: &Path,
) -> Result<BTreeMap<String, FileFacts>> {
    let soname = document.soname();
    let exports = document.exported_symbols();
    let exports: Vec<String> = exports.iter().map(LinkName::to_string).collect();
    let exports: Vec<&str> = exports.iter().map(String::as_str).collect();
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

    let failed = |object: &str| {
        let object = object.to_owned();
        move |source| Error::Link {
            package: PackageVersion::of(document),
            object,
            source,
        }
    };
    let mut linker = None;
    let mut libraries = BTreeMap::new();
    for object in objects {
        let Some(path) = library_path(object) else {
            continue;
        };
        let content = match contents.remove(object) {
            Some(content) => content,
            None => fs::read(root.join(object))?,
        };
        let linker = match &mut linker {
            Some(linker) => linker,
            none => {
                let request = LinkRequest {
                    soname: &soname,
                    exports: &exports,
                    imports: &imports,
                    system_imports: &document.system_imports,
                    runpath: (!imports.is_empty()).then_some(link::RUNPATH),
                    debug: document.debug,
                };
                none.insert(Linker::new(&request).map_err(failed(object))?)
            }
        };
        let library = linker.link(&content).map_err(failed(object))?;
        files::write_sealed(&root.join(&path), &library)?;
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
