//! An opened environment: which packages there are, and their libraries as they are needed.

use std::ffi::{CStr, CString, OsStr, c_void};
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::{Arc, OnceLock};

use puck_package::environment::{FILE, MAX_SIZE};
use puck_package::format::DocumentError;
use puck_package::{
    Digest, EnvironmentDocument, EnvironmentPackage, Image, LinkMode, LinkName, PackageDocument,
    Processor, Target, variables,
};

use crate::document::lazy::{self, List};
use crate::file::{self, File, c_path};
use crate::host::Hosts;
use crate::linker::{self, Handle};
use crate::{Error, document, variant};

/// The name of the link to its environment in a project's folder.
const LINK: &str = ".puck";
/// A link to an environment that is longer is followed in another way.
const LONGEST_LINK: usize = 512;

/// An installed environment, opened for calling.
///
/// Opening reads one small file; libraries are loaded when a function of theirs is first asked
/// for, and stay loaded. A clone is the same environment. What is open stays as it is when
/// `puck install` replaces the project's `.puck`.
#[derive(Clone)]
pub struct Environment {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    // All but the packages.
    head: EnvironmentDocument,
    // Where the packages are to be read; `None` if they were.
    lazy: Option<Lazy>,
    list: OnceLock<Listed>,
    // As asked for by PUCK_TARGET.
    ceiling: Option<Target>,
    // The one library of all packages, where there is one.
    image: OnceLock<Handle>,
    // The positions of the packages in the order of their SONAMEs.
    by_soname: OnceLock<Box<[usize]>>,
    hosts: Hosts,
}

/// The packages of a document, with a state for each.
struct Listed {
    packages: Box<[EnvironmentPackage]>,
    states: Box<[State]>,
}

/// A long document of which single entries are read.
struct Lazy {
    file: File,
    list: List,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) library: OnceLock<Handle>,
    // The library with which this one was loaded, with all that it needs. A handle of its own takes
    // another walk through those.
    pub(crate) present: OnceLock<Handle>,
    // Boxed: there may be many packages, of which few are described.
    pub(crate) description: OnceLock<Box<PackageDocument>>,
}

impl Listed {
    fn new(packages: Vec<EnvironmentPackage>) -> Self {
        Self {
            states: packages.iter().map(|_| State::default()).collect(),
            packages: packages.into(),
        }
    }
}

impl State {
    /// Whether the library and those that it needs are loaded.
    pub(crate) fn is_present(&self) -> bool {
        self.library.get().is_some() || self.present.get().is_some()
    }
}

impl Environment {
    /// Opens the environment of a project (the folder that `.puck` is in), or an environment's own
    /// folder.
    ///
    /// # Errors
    /// If there is none, if it is damaged or of a newer format, and if `PUCK_TARGET` is set to
    /// what this processor cannot run.
    pub fn open(project: impl AsRef<Path>) -> Result<Self, Error> {
        let (path, (mut head, lazy)) = locate(project.as_ref())?;
        let list = OnceLock::new();
        if lazy.is_none() {
            let _ = list.set(Listed::new(std::mem::take(&mut head.packages)));
        }
        Ok(Self {
            inner: Arc::new(Inner {
                path,
                head,
                lazy,
                list,
                ceiling: variant::asked()?,
                image: OnceLock::new(),
                by_soname: OnceLock::new(),
                hosts: Hosts::default(),
            }),
        })
    }

    /// Opens the user's own environment, where `puck install NAME` puts packages.
    ///
    /// # Errors
    /// As for [`open`](Self::open), and if no variable says where the user's home is.
    pub fn user() -> Result<Self, Error> {
        let set = |variable| variables::get(variable).map(PathBuf::from);
        let home = set(variables::PUCK_HOME)
            // The base directory specification has relative paths ignored.
            .or_else(|| Some(set(variables::XDG_DATA_HOME).filter(|p| p.is_absolute())?.join("puck")))
            .or_else(|| Some(set(variables::HOME)?.join(".local/share/puck")))
            .ok_or(Error::NoHome)?;
        Self::open(home.join("user"))
    }

    /// The environment's own folder, as an absolute path: not the `.puck` that leads to it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The digest that identifies the environment's content.
    #[must_use]
    pub fn key(&self) -> Digest {
        self.inner.head.key
    }

    /// What is installed, by name, then series.
    ///
    /// # Errors
    /// If the list is damaged: of a long one, opening reads no more than it needs.
    pub fn packages(&self) -> Result<&[EnvironmentPackage], Error> {
        if let (None, Some(lazy)) = (self.inner.list.get(), &self.inner.lazy) {
            let path = self.inner.path.join(FILE);
            let packages = read_whole(&lazy.file, &path)?.packages;
            self.inner.list.get_or_init(|| Listed::new(packages));
        }
        Ok(self.listed())
    }

    /// The packages, if they have been read; no position of one is known before.
    pub(crate) fn listed(&self) -> &[EnvironmentPackage] {
        self.inner.list.get().map_or(&[], |list| &list.packages)
    }

    /// The packages of that name, if they can be found without reading them all.
    pub(crate) fn found_alone(&self, name: &str) -> Option<Vec<EnvironmentPackage>> {
        let lazy = self.inner.lazy.as_ref()?;
        // Where there are host imports, callees must be known, too.
        let has_tables = |image: &Image| image.host_tables;
        if self.inner.list.get().is_some() || self.image().is_some_and(has_tables) {
            return None;
        }
        lazy.list.find(name, &lazy.file)
    }

    /// How the packages are linked. Functions are found and called the same way in every mode.
    #[must_use]
    pub fn link(&self) -> LinkMode {
        self.contents().link
    }

    /// What the libraries that were compiled on this machine are for, if there are such.
    #[must_use]
    pub fn processor(&self) -> Option<&Processor> {
        self.contents().processor.as_ref()
    }

    /// What compiled them, with its version.
    #[must_use]
    pub fn compiler(&self) -> Option<&str> {
        self.contents().compiler.as_deref()
    }

    /// What [`LinkMode::Lto`] was asked to keep of packages that the project does not depend on
    /// itself, as it was written.
    #[must_use]
    pub fn keep(&self) -> &[String] {
        &self.contents().keep
    }

    /// The one library of all packages; `None` if each has its own.
    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        self.contents().image.as_ref()
    }

    /// The address of an exported function by its link name, whose signature part is all that
    /// guards the call.
    ///
    /// # Errors
    /// If the package is not in the environment, its library cannot be loaded, or the library has
    /// no such symbol.
    pub fn symbol(&self, name: &LinkName) -> Result<*const c_void, Error> {
        let package = self.package_of(name)?;
        // A link name has no zero byte; one that had could name no symbol.
        let symbol = CString::new(name.to_string()).unwrap_or_default();
        match self.find(package, &symbol)? {
            Some(address) => Ok(address.as_ptr()),
            None => Err(self.explain_link_name(package, name)),
        }
    }

    /// The address of a symbol in the library of a package, loaded if need be.
    pub(crate) fn find(
        &self,
        package: usize,
        symbol: &CStr,
    ) -> Result<Option<NonNull<c_void>>, Error> {
        let state = self.entry(package).1;
        // A link name is exported by its own package alone.
        let found = match (state.library.get(), state.present.get()) {
            (None, Some(caller)) => linker::symbol(*caller, symbol),
            _ => None,
        };
        let found = match found {
            None => linker::symbol(self.library(package)?, symbol),
            found => found,
        };
        if found.is_some() {
            self.check_usable(package, symbol)?;
        }
        Ok(found)
    }

    pub(crate) fn entry(&self, package: usize) -> (&EnvironmentPackage, &State) {
        let list = self
            .inner
            .list
            .get()
            .expect("positions are those of a list");
        (&list.packages[package], &list.states[package])
    }

    /// The position of the package whose library has that SONAME.
    pub(crate) fn with_soname(&self, soname: &str) -> Option<usize> {
        let name = |at: &usize| self.listed().get(*at).map_or("", |p| &*p.soname);
        let sorted = self.inner.by_soname.get_or_init(|| {
            let mut all: Box<[usize]> = (0..self.listed().len()).collect();
            all.sort_by_key(name);
            all
        });
        let place = sorted.binary_search_by_key(&soname, name).ok()?;
        sorted.get(place).copied()
    }

    pub(crate) fn contents(&self) -> &EnvironmentDocument {
        &self.inner.head
    }

    /// The place of the loaded image.
    pub(crate) fn image_state(&self) -> &OnceLock<Handle> {
        &self.inner.image
    }

    pub(crate) fn ceiling(&self) -> Option<Target> {
        self.inner.ceiling
    }

    pub(crate) fn hosts(&self) -> &Hosts {
        &self.inner.hosts
    }
}

/// The environment's own folder for what the user names, and its document.
fn locate(project: &Path) -> Result<(PathBuf, Opened), Error> {
    let link = project.join(LINK);
    // The link is followed once, here: a later swap must not mix two environments. Puck's own
    // links are absolute and lead to a folder of the store, which saves looking at every folder
    // on the way.
    let mut bytes = [0; LONGEST_LINK];
    if let Some(target) = file::read_link(&c_path(&link), &mut bytes)
        && target.starts_with(b"/")
    {
        let folder = Path::new(OsStr::from_bytes(target));
        let path = folder.join(FILE);
        if let Ok(file) = File::open(&c_path(&path)) {
            return Ok((folder.to_owned(), read(file, &path)?));
        }
    }
    let target = fs_err::read_link(&link).ok();
    let folder = match (real(&link)?, target) {
        (Some(folder), _) => folder,
        (None, Some(target)) => return Err(Error::Dangling { link, target }),
        (None, None) => real(project)?
            .filter(|folder| folder.join(FILE).is_file())
            .ok_or_else(|| Error::NoEnvironment {
                path: project.to_owned(),
            })?,
    };
    let path = folder.join(FILE);
    let file = File::open(&c_path(&path)).map_err(|error| Error::reading(&path, &error))?;
    let document = read(file, &path)?;
    Ok((folder, document))
}

/// The absolute path without symbolic links; `None` if nothing is there.
fn real(path: &Path) -> io::Result<Option<PathBuf>> {
    match fs_err::canonicalize(path) {
        Ok(path) => Ok(Some(path)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
            _ => Err(error),
        },
    }
}

/// A document, or all of it but its packages, with where those are.
type Opened = (EnvironmentDocument, Option<Lazy>);

fn read(file: File, path: &Path) -> Result<Opened, Error> {
    let failed = |error: io::Error| Error::reading(path, &error);
    // Room for a few packages: memory of the stack has been used before, that of the heap has not.
    let mut few = [0; 2048];
    let start = file.read_at(&mut few, 0).map_err(failed)?;
    if start.len() < 2048 {
        return Ok((parse(path, start)?, None));
    }
    let size = file.status().map_err(failed)?.size;
    // Packages with libraries of their own have callees, which are looked up too.
    if let Some((head, list)) = lazy::head(start, size, &file)
        && head.link != LinkMode::Dynamic
        && size <= MAX_SIZE
    {
        return Ok((head, Some(Lazy { file, list })));
    }
    Ok((read_whole(&file, path)?, None))
}

fn read_whole(file: &File, path: &Path) -> Result<EnvironmentDocument, Error> {
    let failed = |error: io::Error| Error::reading(path, &error);
    let size = file.status().map_err(failed)?.size.min(MAX_SIZE + 1);
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
    parse(path, file.read_at(&mut bytes, 0).map_err(failed)?)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<EnvironmentDocument, Error> {
    let read = if bytes.len() as u64 > MAX_SIZE {
        Err(DocumentError::TooLarge {
            what: FILE.to_owned(),
            limit: MAX_SIZE,
        })
    } else {
        document::parse(bytes)
    };
    read.map_err(|source| {
        let path = path.to_owned();
        match document::unknown_mode(bytes) {
            Some(mode) => Error::UnknownLinkMode { path, mode },
            None => Error::Document { path, source },
        }
    })
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment")
            .field(&self.inner.path)
            .finish()
    }
}
