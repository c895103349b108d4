//! Environments: immutable folders of links to the libraries of packages that fit together.
//!
//! ```text
//! environments/<key>/
//!   environment.json                          what is here: puck_package::EnvironmentDocument
//!   packages/linalg-1.2.0.json                the package's own description
//!   lib/linalg.v1.so                          the library for every processor of the kind
//!   lib/glibc-hwcaps/x86-64-v3/linalg.v1.so   the same for newer ones; the loader finds it
//!   include/linalg.h                          for C and C++
//!   lib/pkgconfig/linalg.pc
//! ```
//!
//! There is a `glibc-hwcaps` folder for each level that any of the packages has a library for, and
//! all packages are in each of them, with the best library that they have for that level.
//!
//! All but `environment.json` and the `.pc` files are relative links into `packages/`. The key is
//! the digest of everything that decides what is in the folder, so that two projects with the same
//! packages share one, and an environment never changes.
//!
//! Where several series of a package are present, the plain names (`linalg.h`, `linalg.pc`) belong
//! to the one that the project depends on itself, else to the newest; the others have their series
//! in their names: `include/linalg.v1/linalg.h`, `linalg.v1.pc`.

mod check;
mod current;
mod link;
mod pkgconfig;
mod plan;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;
use puck_package::environment::FILE;
use puck_package::format::DocumentError;
use puck_package::{Digest, EnvironmentDocument};

use crate::batch::{Batch, Made, Thing};
use crate::{Error, InstalledPackage, Result, Store, files};

pub use current::WantedPackage;
pub use link::{Code, Compile, CompileError, Link, WantedLink};
pub(crate) use plan::{Entry, Plan};

/// Counted up whenever the same packages would give another folder.
const LAYOUT: u32 = 1;

/// A package that an environment shall hold.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentPackage<'a> {
    /// The package, installed.
    pub installed: &'a InstalledPackage,
    /// Whether the project itself depends on it.
    pub direct: bool,
}

/// What an environment shall hold.
#[derive(Debug, Clone, Default)]
pub struct EnvironmentRequest<'a> {
    /// The packages, in any order; one of each series.
    pub packages: Vec<EnvironmentPackage<'a>>,
    /// How they are linked.
    pub link: Link<'a>,
}

/// An environment in the store.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name in `environments/`.
    pub key: Digest,
    /// Its folder, as an absolute path.
    pub path: PathBuf,
    /// `environment.json`.
    pub document: EnvironmentDocument,
}

impl Batch<'_> {
    /// The environment of these packages, which may be of this batch; made if it is not there yet, and made again if something
    /// is missing from it.
    ///
    /// # Errors
    /// [`Error::SameSeries`],
    /// [`MissingPackage`](crate::Error::MissingPackage) and
    /// [`MissingFunction`](crate::Error::MissingFunction) if the packages do not fit together.
    pub fn environment(&self, request: &EnvironmentRequest<'_>) -> Result<Environment> {
        let mut packages = request.packages.clone();
        packages.sort_by_key(|package| {
            let document = &package.installed.document;
            (document.name.clone(), document.version.clone())
        });
        check::fit(&packages)?;

        let document = plan::document(&packages);
        let environment = Environment {
            key: document.key,
            path: self.store.environment_path(&document.key),
            document,
        };
        let plan = plan::plan(&packages, &environment.document);
        if is_whole(&environment.path, &plan)? {
            files::seal_directory(&environment.path)?;
            if !files::mark_used(&environment.path)? {
                return Ok(environment);
            }
        } else {
            self.build(&environment, &plan)?;
        }
        for package in &packages {
            files::mark_used(&package.installed.path)?;
        }
        Ok(environment)
    }

    fn build(&self, environment: &Environment, plan: &Plan) -> Result<()> {
        let made = self.place("environment")?;
        fs::create_dir(&made)?;
        let mut folders = BTreeSet::new();
        for (path, entry) in plan {
            if let Some(parent) = Path::new(path).parent() {
                files::add_folder(&made, parent, &mut folders)?;
            }
            let path = made.join(path);
            match entry {
                Entry::Link(target) => symlink(target, &path)?,
                Entry::File(bytes) => files::write_sealed(&path, bytes)?,
            }
        }
        files::seal_folders(&made, &folders)?;
        self.ready(Thing {
            made: Made::Environment,
            from: made,
            to: environment.path.clone(),
        })
    }
}

/// The key: everything that decides what an environment is made of.
fn key(document: &EnvironmentDocument) -> Digest {
    let mut bytes = format!("puck environment {LAYOUT}\n").into_bytes();
    bytes.extend(
        EnvironmentDocument {
            key: Digest::of(b""),
            ..document.clone()
        }
        .to_json(),
    );
    Digest::of(&bytes)
}

/// Whether everything planned is there, going by the targets of links and the sizes of files.
fn is_whole(path: &Path, plan: &Plan) -> Result<bool> {
    for (name, entry) in plan {
        let path = path.join(name);
        let good = match entry {
            Entry::Link(target) => fs::read_link(&path).map(|found| found == Path::new(target)),
            Entry::File(bytes) => fs::symlink_metadata(&path)
                .map(|file| file.is_file() && file.size() == bytes.len() as u64),
        };
        match good {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            // Not a link where one should be: InvalidInput.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::InvalidInput | ErrorKind::NotADirectory
                ) =>
            {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

/// What is wrong with an environment.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    /// With the folder itself.
    pub(crate) own: Vec<String>,
    /// With the packages in it, by size.
    pub(crate) packages: Vec<String>,
}

impl Problems {
    fn with_itself(reason: String) -> Self {
        Self {
            own: vec![reason],
            packages: Vec::new(),
        }
    }
}

/// What is wrong with an environment, compared byte by byte with what its packages make it.
pub(crate) fn problems(store: &Store, directory: &Path) -> Result<Problems> {
    let bytes = match fs::read(directory.join(FILE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Problems::with_itself(format!("{FILE} is missing")));
        }
        Err(error) => return Err(error.into()),
    };
    let document = match EnvironmentDocument::parse(FILE, &bytes) {
        Ok(document) => document,
        // The work of a newer puck cannot be judged here, and must not be removed.
        Err(DocumentError::Newer(_)) => return Ok(Problems::default()),
        Err(error) => return Ok(Problems::with_itself(error.to_string())),
    };
    if directory
        .file_name()
        .is_none_or(|name| *name != *document.key.hex())
        || key(&document) != document.key
    {
        return Ok(Problems::with_itself(format!("{FILE} has changed")));
    }
    let mut problems = Problems::default();
    let mut installed = Vec::new();
    for package in &document.packages {
        match store.installed_package(&package.sha256, &package.name, &package.version) {
            Err(Error::Newer { .. }) => return Ok(Problems::default()),
            Err(error) => return Err(error),
            Ok(Some(found)) => installed.push((found, package.direct)),
            Ok(None) => {
                let reason = format!("{} is missing or damaged", package.directory);
                problems.packages.push(reason);
            }
        }
    }
    if !problems.packages.is_empty() {
        return Ok(problems);
    }
    let packages: Vec<_> = installed
        .iter()
        .map(|(installed, direct)| EnvironmentPackage {
            installed,
            direct: *direct,
        })
        .collect();
    for (name, entry) in plan::plan(&packages, &document) {
        let path = directory.join(&name);
        let good = match entry {
            Entry::Link(target) => {
                fs::read_link(&path).is_ok_and(|found| found == Path::new(&target))
            }
            Entry::File(bytes) => fs::read(&path).is_ok_and(|found| found == bytes),
        };
        if !good {
            let reason = format!("{name} is missing or has changed");
            problems.own.push(reason);
        }
    }
    Ok(problems)
}

/// What is listed in the environment in a folder; nothing if it cannot be made out.
pub(crate) fn packages(directory: &Path) -> Result<Vec<puck_package::EnvironmentPackage>> {
    Ok(document(directory)?.map_or_else(Vec::new, |document| document.packages))
}

/// What the environment in a folder says of itself; `None` if it cannot be made out.
pub(crate) fn document(directory: &Path) -> Result<Option<EnvironmentDocument>> {
    match fs::read(directory.join(FILE)) {
        Ok(bytes) => Ok(EnvironmentDocument::parse(FILE, &bytes).ok()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
