//! The libraries that this process has loaded through any of its environments.
//!
//! The dynamic linker binds by SONAME and process-wide: the second `linalg.v1.so` is never looked
//! for, the first serves everyone. So one series of a package has one content per process. A second
//! environment that has the same content shares the library; one that has another is refused,
//! instead of being given a version that it did not lock. The SONAME of an image is made of its
//! content, so images never meet.
//!
//! The table's lock is never held while the dynamic linker works: constructors of libraries run
//! there, and may come back here. A library is therefore *claimed* first and loaded then. Threads
//! that load the same library at the same time are given the same handle by the dynamic linker.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use puck_package::{Digest, EnvironmentPackage, LinkMode};
use semver::Version;

use crate::elf::{self, FileIdentity};
use crate::linker::{self, Handle};
use crate::{Environment, Error};

/// Which content a SONAME stands for, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The package's release; `None` for the library of a whole environment, whose SONAME says all.
    pub release: Option<Release>,
    /// The image that the library leads to, if that may lack some of the package's functions.
    pub image: Option<String>,
    /// The environment it was loaded from.
    pub environment: PathBuf,
}

/// A release of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The version.
    pub version: Version,
    /// The digest of the archive.
    pub sha256: Digest,
}

/// Who has a library loaded: a package of an environment, or all of them together.
pub(crate) struct Owner {
    pub(crate) environment: Environment,
    pub(crate) package: Option<usize>,
}

impl Owner {
    fn facts(&self) -> Option<&EnvironmentPackage> {
        self.environment.packages().get(self.package?)
    }

    /// The image that the library leads to, if that may lack some of the package's functions.
    fn partial_image(&self) -> Option<&str> {
        self.package?;
        let image = self.environment.image()?;
        (self.environment.link() == LinkMode::Lto).then_some(&*image.soname)
    }

    /// Whether what is loaded for this one serves `other`, too.
    fn serves(&self, other: &Self) -> bool {
        let digest = |owner: &Self| owner.facts().map(|facts| facts.sha256);
        let image = self.partial_image();
        digest(self) == digest(other) && (image.is_none() || image == other.partial_image())
    }

    fn claim(&self) -> Claim {
        Claim {
            release: self.facts().map(|facts| Release {
                version: facts.version.clone(),
                sha256: facts.sha256,
            }),
            image: self.partial_image().map(str::to_owned),
            environment: self.environment.path().to_owned(),
        }
    }
}

struct Entry {
    owner: Arc<Owner>,
    // `None` while the dynamic linker works.
    handle: Option<Handle>,
}

static TABLE: Mutex<BTreeMap<String, Entry>> = Mutex::new(BTreeMap::new());

fn table() -> MutexGuard<'static, BTreeMap<String, Entry>> {
    // Nothing that can panic stands between two states of the table, so a poisoned one is whole.
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The library of that SONAME, loaded from `path` unless the process has the same content already.
///
/// # Errors
/// [`Error::Conflict`] or [`Error::ForeignLibrary`] if the process has another content under that
/// SONAME; what is wrong with the file otherwise.
pub(crate) fn load(
    soname: &str,
    owner: Owner,
    path: &Path,
    has_callees: bool,
) -> Result<Handle, Error> {
    let owner = Arc::new(owner);
    if let Some(handle) = stake(soname, &owner)? {
        return Ok(handle);
    }
    let loaded = map(soname, &owner, path, has_callees);
    let mut table = table();
    match &loaded {
        Ok(handle) => {
            // Not there, if another thread tried at the same time and failed.
            let vacant = || Entry {
                owner,
                handle: None,
            };
            let entry = table.entry(soname.to_owned()).or_insert_with(vacant);
            entry.handle = Some(*handle);
        }
        // Nothing is loaded, so nobody is bound to it.
        Err(_) => {
            if table
                .get(soname)
                .is_some_and(|entry| entry.handle.is_none())
            {
                table.remove(soname);
            }
        }
    }
    loaded
}

/// The handle if the content is loaded; `None` if it is claimed and remains to be loaded.
fn stake(soname: &str, owner: &Arc<Owner>) -> Result<Option<Handle>, Error> {
    let mut table = table();
    match table.get(soname) {
        Some(entry) if entry.owner.serves(owner) => Ok(entry.handle),
        Some(entry) => Err(Error::Conflict {
            soname: soname.to_owned(),
            loaded: Box::new(entry.owner.claim()),
            wanted: Box::new(owner.claim()),
        }),
        None => {
            let entry = Entry {
                owner: Arc::clone(owner),
                handle: None,
            };
            table.insert(soname.to_owned(), entry);
            Ok(None)
        }
    }
}

/// Has the dynamic linker load the file, unless another one of its SONAME is there.
fn map(soname: &str, owner: &Owner, path: &Path, has_callees: bool) -> Result<Handle, Error> {
    let elf::Facts { identity, needed } = elf::check(path, has_callees)?;
    let open = |path: &Path| {
        linker::open(path).map_err(|message| Error::Load {
            path: path.to_owned(),
            message,
        })
    };
    // Somebody else may have loaded it: the program's own dependencies, ctypes, a second copy of
    // this crate.
    match linker::loaded(soname) {
        Some(other) if FileIdentity::of(&other).ok() == Some(identity) => open(path),
        Some(other) if same_content(&other, path) => open(&other),
        Some(other) => Err(Error::ForeignLibrary {
            soname: soname.to_owned(),
            loaded: other,
            wanted: path.to_owned(),
            version: owner.facts().map(|facts| facts.version.clone()),
        }),
        None => {
            // A library with callees has a RUNPATH: glibc looks for libm.so.6 in every folder of
            // it first, with some eighty system calls. By its name alone it is found at once, and what is loaded is
            // not searched for. If that fails, the library itself is refused with the reason.
            for library in needed.iter().filter(|name| !linker::was_loaded(name)) {
                let _ = linker::open_system(library);
            }
            open(path)
        }
    }
}

/// Whether both files can be read and are equal, as an exported environment's are.
fn same_content(one: &Path, other: &Path) -> bool {
    match (fs_err::read(one), fs_err::read(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
