//! `puck build` and `puck pack`: from sources to `target/puck/NAME-VERSION/` and its archive.

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};

use puck_package::{Digest, PackageDocument, archive};
use serde::{Deserialize, Serialize};

#[cfg(feature = "compiler")]
use crate::compile::Steps;
use crate::{Error, Machine, Mode, Progress, Project, files, install};

/// A package that was built.
#[derive(Clone, Debug)]
pub struct BuiltPackage {
    /// What was built.
    pub document: PackageDocument,
    /// Where its files are.
    pub directory: PathBuf,
    /// How many objects were compiled, and not taken from the cache.
    pub compiled: usize,
}

/// A package that was built and packed.
#[derive(Clone, Debug)]
pub struct Packed {
    /// What is in it.
    pub built: BuiltPackage,
    /// The archive.
    pub path: PathBuf,
    /// Of the archive.
    pub sha256: Digest,
    /// Of the archive, in bytes.
    pub size: u64,
}

/// Builds the package that `project` is, with its dependencies installed for it.
///
/// # Errors
/// If the project is no package, its dependencies cannot be installed, or it does not compile.
pub fn build(
    machine: &Machine,
    project: &Project,
    mode: &Mode,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<BuiltPackage, Error> {
    project.package()?;
    let dependencies = install::dependencies(machine, project, mode, jobs, progress)?;
    let _lock = lock(project)?;
    compile(project, dependencies.installed(), jobs, progress)
}

/// Builds and packs the package that `project` is.
///
/// # Errors
/// As [`build`], and if the archive cannot be written.
pub fn pack(
    machine: &Machine,
    project: &Project,
    mode: &Mode,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<Packed, Error> {
    project.package()?;
    let dependencies = install::dependencies(machine, project, mode, jobs, progress)?;
    pack_with(project, dependencies.installed(), jobs, progress)
}

/// What a package is built against, installed.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "compiler"),
    expect(dead_code, reason = "only the compiler looks into it")
)]
pub(crate) struct Against<'a> {
    /// The packages that it depends on itself.
    pub(crate) documents: &'a [PackageDocument],
    /// An environment of these and what they need, where the build calls functions.
    pub(crate) environment: Option<&'a Path>,
}

/// Builds and packs a package against its installed dependencies.
pub(crate) fn pack_with(
    project: &Project,
    dependencies: Against<'_>,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<Packed, Error> {
    let _lock = lock(project)?;
    let built = compile(project, dependencies, jobs, progress)?;
    let document = &built.document;
    let path = project
        .target_directory()
        .join(archive::file_name(&document.name, &document.version));
    let record = path.with_extension("puck.json");
    let identity = Digest::of(&document.to_json());
    if let Some(PackRecord { sha256, size, .. }) = still_packed(&path, &record, &identity) {
        return Ok(Packed {
            built,
            path,
            sha256,
            size,
        });
    }

    progress.step(&format!("Packing {} {}", document.name, document.version));
    let contents = document
        .files
        .keys()
        .map(|file| Ok((file.clone(), fs_err::read(built.directory.join(file))?)));
    let contents = contents.collect::<io::Result<_>>()?;
    let mut bytes = Vec::new();
    archive::write(document, &contents, &mut bytes)?;
    files::replace(&path, &bytes)?;
    let packed = PackRecord {
        document: identity,
        sha256: Digest::of(&bytes),
        size: bytes.len() as u64,
    };
    files::replace(
        &record,
        &serde_json::to_vec(&packed).map_err(io::Error::from)?,
    )?;
    Ok(Packed {
        built,
        path,
        sha256: packed.sha256,
        size: packed.size,
    })
}

/// What was packed last, so that packing the same again is no work.
#[derive(Serialize, Deserialize)]
struct PackRecord {
    /// Of `package.json`, which names the digests of everything else.
    document: Digest,
    sha256: Digest,
    size: u64,
}

fn still_packed(path: &Path, record: &Path, identity: &Digest) -> Option<PackRecord> {
    let record: PackRecord = serde_json::from_slice(&fs_err::read(record).ok()?).ok()?;
    let same = record.document == *identity && Digest::of_file(path).ok()? == record.sha256;
    same.then_some(record)
}

/// Held while something is made in the project's target folder. What a killed process left there
/// is removed.
fn lock(project: &Project) -> Result<fs_err::File, Error> {
    let directory = project.target_directory();
    fs_err::create_dir_all(&directory)?;
    let path = directory.join(".lock");
    let file = fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)?;
    match file.file().try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => file.file().lock()?,
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    files::sweep(&directory)?;
    files::remove_all(&directory.join(IN_THE_MAKING))?;
    #[cfg(feature = "compiler")]
    puck_compiler::sweep(&directory.join(CACHE))?;
    Ok(file)
}

/// In a project's target folder: what the compiler keeps for later builds.
#[cfg(feature = "compiler")]
const CACHE: &str = "cache";

/// In a project's target folder: a package's folder until it is whole, and the one before it.
const IN_THE_MAKING: &str = ".building";

#[cfg(not(feature = "compiler"))]
fn compile(
    project: &Project,
    _: Against<'_>,
    _: usize,
    _: &dyn Progress,
) -> Result<BuiltPackage, Error> {
    let package = project.package()?;
    Err(Error::NoCompiler(format!(
        "building {} {}",
        package.name, package.version
    )))
}

#[cfg(feature = "compiler")]
fn compile(
    project: &Project,
    dependencies: Against<'_>,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<BuiltPackage, Error> {
    let target = project.target_directory();
    let request = puck_compiler::BuildRequest {
        manifest: project.manifest(),
        directory: project.directory(),
        dependencies: dependencies.documents,
        environment: dependencies.environment,
        cache: &target.join(CACHE),
        jobs: jobs.max(1),
    };
    let built = puck_compiler::build(&request, &Steps(progress))?;
    let document = built.document;
    let directory = target.join(format!("{}-{}", document.name, document.version));
    if !is_there(&directory, &document) {
        write_directory(&target, &directory, &document, &built.files)?;
    }
    Ok(BuiltPackage {
        document,
        directory,
        compiled: built.compiled,
    })
}

/// Whether the folder holds the package already, going by `package.json` and the files' sizes.
#[cfg(feature = "compiler")]
fn is_there(directory: &Path, document: &PackageDocument) -> bool {
    fs_err::read(directory.join(archive::DOCUMENT)).is_ok_and(|json| json == document.to_json())
        && document.files.iter().all(|(path, facts)| {
            fs_err::metadata(directory.join(path)).is_ok_and(|file| file.len() == facts.size)
        })
}

/// Writes a package's folder beside its place, and moves it there.
#[cfg(feature = "compiler")]
fn write_directory(
    target: &Path,
    place: &Path,
    document: &PackageDocument,
    files: &std::collections::BTreeMap<String, Vec<u8>>,
) -> Result<(), Error> {
    let made = target.join(IN_THE_MAKING);
    let new = made.join("new");
    let json = document.to_json();
    let all = files.iter().map(|(path, bytes)| (path.as_str(), bytes));
    for (path, bytes) in all.chain([(archive::DOCUMENT, &json)]) {
        let path = new.join(path);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        fs_err::write(path, bytes)?;
    }
    if place.exists() {
        fs_err::rename(place, made.join("old"))?;
    }
    fs_err::rename(new, place)?;
    Ok(files::remove_all(&made)?)
}
