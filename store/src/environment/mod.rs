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
//! That is [`LinkMode::Dynamic`](puck_package::LinkMode::Dynamic). In the other modes `lib/` holds one
//! library of all packages, which is made first if the store has none like it (`libraries`, `make`),
//! and a stub with each package's name that leads to it ([`Forward`](crate::link::Forward)).
//!
//! There is a `glibc-hwcaps` folder for each level that any of the packages has a library for, and
//! all packages are in each of them, with the best library that they have for that level.
//!
//! All but `environment.json`, the `.pc` files and stubs are relative links into `packages/` and
//! `libraries/`. The key is the digest of everything that decides what is in the folder, so that two
//! projects with the same packages share one, and an environment never changes.
//!
//! Where several series of a package are present, the plain names (`linalg.h`, `linalg.pc`) belong
//! to the one that the project depends on itself, else to the newest; the others have their series
//! in their names: `include/linalg.v1/linalg.h`, `linalg.v1.pc`.

mod check;
mod current;
mod libraries;
mod link;
mod make;
mod pkgconfig;
mod plan;
mod problems;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;
use puck_package::environment::FILE;
use puck_package::{Digest, EnvironmentDocument};

use crate::batch::{Batch, Made, Thing};
use crate::{InstalledPackage, Result, files};

pub use current::WantedPackage;
pub use link::{Code, Compile, CompileError, Link, WantedLink};
pub(crate) use plan::{Entry, Plan};
pub(crate) use problems::{Problems, library_keys, problems};

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
    /// The environment of these packages, which may be of this batch, with the libraries that it
    /// needs beside theirs; made if it is not there yet, and made again if something is missing.
    ///
    /// # Errors
    /// [`SameSeries`](crate::Error::SameSeries),
    /// [`MissingPackage`](crate::Error::MissingPackage) and
    /// [`MissingFunction`](crate::Error::MissingFunction) if the packages do not fit together;
    /// [`NoCode`](crate::Error::NoCode), [`NoCompiler`](crate::Error::NoCompiler),
    /// [`Compile`](crate::Error::Compile), [`CodeImports`](crate::Error::CodeImports) and
    /// [`LinkTogether`](crate::Error::LinkTogether) if a library cannot be made of them.
    pub fn environment(&self, request: &EnvironmentRequest<'_>) -> Result<Environment> {
        let mut packages = request.packages.clone();
        packages.sort_by_key(|package| {
            let document = &package.installed.document;
            (document.name.clone(), document.version.clone())
        });
        check::fit(&packages)?;

        let link = request.link.complete();
        let libraries = self.libraries(&packages, &link)?;
        let document = plan::document(&packages, &link, &libraries);
        let environment = Environment {
            key: document.key,
            path: self.store.environment_path(&document.key),
            document,
        };
        let plan = plan::plan(&packages, &environment.document, libraries.kept().as_ref());
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
