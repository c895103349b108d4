//! `puck inspect`: what an archive holds, without running any of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use puck_package::archive::{self, Contents, Limits};
use puck_package::{Digest, IndexLine, PackageDocument, PackageName, Target, nearest};
use semver::{Version, VersionReq};

use crate::{Error, Handle, Machine, PackageSpec, Place, Registries};

/// An archive, read and checked.
#[derive(Debug)]
pub struct Inspected {
    /// What it says of itself.
    pub document: PackageDocument,
    /// Its files, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Where it is.
    pub path: PathBuf,
    /// Of the archive.
    pub sha256: Digest,
    /// Of the archive, in bytes.
    pub size: u64,
}

impl Inspected {
    /// Reads the archive at `path`.
    ///
    /// # Errors
    /// If it cannot be read or is not a proper archive.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let mut contents = Contents::default();
        let unreadable = |source| Error::Archive {
            path: path.to_owned(),
            source,
        };
        let document = archive::read(
            fs_err::File::open(path)?,
            None,
            &Limits::default(),
            &mut contents,
        )
        .map_err(unreadable)?;
        let (sha256, size) = Digest::of_reader(&mut fs_err::File::open(path)?)?;
        Ok(Self {
            document,
            files: contents.0,
            path: path.to_owned(),
            sha256,
            size,
        })
    }

    /// The newest version that `spec` allows: from the default registry, or else from the store.
    ///
    /// # Errors
    /// If there is none, or its archive is not a proper one.
    pub fn find(
        machine: &Machine,
        registries: &Registries<'_>,
        spec: &PackageSpec,
    ) -> Result<Self, Error> {
        let requirement = spec.requirement.as_ref();
        let allowed = |version: &Version| requirement.is_none_or(|r| r.matches(version));
        let store = machine.store();
        let mut listed = Vec::new();
        if let Some(registry) = registries.default()? {
            listed = registry.versions(&spec.name)?;
            match (newest(&listed, requirement), &registry) {
                (Some(line), Handle::Directory { registry, .. }) => {
                    return Self::read(&registry.archive_path(&spec.name, &line.version));
                }
                (Some(line), Handle::Http { .. }) => {
                    if store.archive(&line.sha256)?.is_none() {
                        let mut archive = registry.archive(line, false)?;
                        store.add_archive(&mut archive, &line.sha256, line.size)?;
                    }
                    if let Some(path) = store.archive(&line.sha256)? {
                        return Self::read(&path);
                    }
                }
                (None, _) => {}
            }
        }
        let stored = store.installed_packages(&spec.name)?;
        let newest = stored
            .into_iter()
            .filter(|package| allowed(&package.document.version))
            .max_by(|a, b| a.document.version.cmp(&b.document.version));
        if let Some(package) = newest
            && let Some(path) = store.archive(package.sha256())?
        {
            return Self::read(&path);
        }
        if listed.is_empty() {
            return Err(unknown_package(registries, &spec.name)?);
        }
        Err(no_such_version(spec, &listed))
    }

    /// The package's IR as text.
    ///
    /// # Errors
    /// If it does not parse, or this puck has no LLVM.
    pub fn ir_text(&self) -> Result<String, Error> {
        let bitcode = self
            .files
            .get(&self.document.ir_path())
            .map_or(&[][..], Vec::as_slice);
        #[cfg(feature = "compiler")]
        return Ok(puck_compiler::ir_text(bitcode)?);
        #[cfg(not(feature = "compiler"))]
        return Err(Error::NoCompiler(format!(
            "printing {} bytes of IR",
            bitcode.len()
        )));
    }

    /// The machine code of the functions of that name as assembler text, for `target`, or the
    /// oldest target there is.
    ///
    /// # Errors
    /// If there is no such function or target, or this puck has no LLVM.
    pub fn assembly(&self, function: &str, target: Option<Target>) -> Result<String, Error> {
        let document = &self.document;
        let names = document
            .functions
            .iter()
            .map(|function| function.name.as_str());
        if document.overloads(function).next().is_none() {
            return Err(Error::NoSuchFunction {
                package: document.name.clone(),
                function: function.to_owned(),
                near: nearest(function, names).map(str::to_owned),
            });
        }
        let targets = document.known_targets();
        let chosen = match target {
            Some(target) => targets.iter().find(|(known, _)| *known == target),
            None => targets.first(),
        };
        let Some((_, object)) = chosen else {
            return Err(Error::NoSuchTarget {
                package: document.name.clone(),
                target: target.map_or_else(|| "known".to_owned(), |target| target.to_string()),
                present: document.targets.keys().cloned().collect(),
            });
        };
        let object = self
            .files
            .get(&object.object)
            .map_or(&[][..], Vec::as_slice);
        #[cfg(feature = "compiler")]
        {
            let mut text = String::new();
            for function in document.overloads(function) {
                let code = puck_compiler::disassemble(object, &function.link_name.to_string())?;
                text += &code.unwrap_or_default();
            }
            Ok(text)
        }
        #[cfg(not(feature = "compiler"))]
        Err(Error::NoCompiler(format!(
            "disassembling {} bytes",
            object.len()
        )))
    }
}

/// Which of the published versions is meant: the newest that matches; one that is yanked or a
/// pre-release only where there is no other.
#[must_use]
pub fn newest<'a>(
    lines: &'a [IndexLine],
    requirement: Option<&VersionReq>,
) -> Option<&'a IndexLine> {
    let matches = |line: &&IndexLine| requirement.is_none_or(|r| r.matches(&line.version));
    lines.iter().filter(matches).max_by(|a, b| {
        let rank = |line: &IndexLine| (!line.yanked, line.version.pre.is_empty());
        (rank(a), &a.version).cmp(&(rank(b), &b.version))
    })
}

/// The error that says that none of the published versions is what was asked for.
#[must_use]
pub fn no_such_version(spec: &PackageSpec, lines: &[IndexLine]) -> Error {
    let mut known: Vec<_> = lines.iter().map(|line| &line.version).collect();
    known.sort_by(|a, b| b.cmp(a));
    Error::NoSuchVersion {
        name: spec.name.clone(),
        requirement: spec.requirement.clone().unwrap_or_default(),
        known: known.into_iter().map(Version::to_string).collect(),
    }
}

/// The error that says that no package of the default registry has that name, with the nearest that
/// there is.
///
/// # Errors
/// If the registry cannot be read.
pub fn unknown_package(registries: &Registries<'_>, name: &PackageName) -> Result<Error, Error> {
    let registry = registries.default()?;
    unknown_in(registry.as_ref(), registries.default_place(), name)
}

/// As [`unknown_package`], for any registry and its place.
pub(crate) fn unknown_in(
    registry: Option<&Handle>,
    place: &Place,
    name: &PackageName,
) -> Result<Error, Error> {
    let known = registry.map_or_else(|| Ok(Vec::new()), Handle::names)?;
    let known = known.iter().map(PackageName::as_str);
    Ok(Error::UnknownPackage {
        name: name.clone(),
        registry: place.registry.location.to_string(),
        near: nearest(name.as_str(), known).map(str::to_owned),
    })
}
