//! The objects of an environment's packages, from the store.

use std::path::Path;

use puck_package::environment::FILE;
use puck_package::{EnvironmentDocument, EnvironmentPackage, PackageDocument, Target, nearest};
use puck_store::Store;

use super::code::Code;
use super::{ImageSize, SizeError, SizeRequest};
use crate::PackageSpec;

/// What is to be measured.
pub(super) struct Loaded {
    pub(super) link: puck_package::LinkMode,
    pub(super) image: Option<ImageSize>,
    pub(super) packages: Vec<LoadedPackage>,
}

/// A package and its code.
pub(super) struct LoadedPackage {
    pub(super) document: PackageDocument,
    pub(super) direct: bool,
    pub(super) target: Target,
    pub(super) code: Code,
}

/// Reads what was asked for.
pub(super) fn load(store: &Store, request: &SizeRequest<'_>) -> Result<Loaded, SizeError> {
    // Followed once, so that all is read of the same environment.
    let folder = fs_err::canonicalize(request.environment)?;
    let path = folder.join(FILE);
    let document = EnvironmentDocument::parse(FILE, &fs_err::read(&path)?)
        .map_err(|source| SizeError::Environment { path, source })?;
    let wanted = wanted(&document, request.packages)?;
    let mut packages = Vec::new();
    for (package, wanted) in document.packages.iter().zip(wanted) {
        if wanted {
            packages.push(load_package(store, package, request.target)?);
        }
    }
    Ok(Loaded {
        link: document.link,
        image: image(&document, &folder, request.target)?,
        packages,
    })
}

/// Which packages are meant: those of `specs` and what they call, directly or not.
fn wanted(document: &EnvironmentDocument, specs: &[PackageSpec]) -> Result<Vec<bool>, SizeError> {
    let packages = &document.packages;
    let mut wanted = vec![specs.is_empty(); packages.len()];
    let mut todo = Vec::new();
    for spec in specs {
        let named: Vec<_> = (0..packages.len())
            .filter(|i| packages[*i].name == spec.name)
            .collect();
        if named.is_empty() {
            let names = packages.iter().map(|package| package.name.as_str());
            return Err(SizeError::NotInstalled {
                name: spec.name.clone(),
                near: nearest(spec.name.as_str(), names).map(str::to_owned),
            });
        }
        let Some(requirement) = &spec.requirement else {
            todo.extend(named);
            continue;
        };
        let before = todo.len();
        todo.extend(
            named
                .iter()
                .filter(|i| requirement.matches(&packages[**i].version)),
        );
        if todo.len() == before {
            let versions = named.iter().map(|i| packages[*i].version.to_string());
            return Err(SizeError::OtherVersion {
                name: spec.name.clone(),
                requirement: requirement.clone(),
                installed: versions.collect(),
            });
        }
    }
    while let Some(package) = todo.pop() {
        if !std::mem::replace(&mut wanted[package], true) {
            let needs = &packages[package].needs;
            let callees = packages.iter().enumerate();
            todo.extend(
                callees
                    .filter(|(_, p)| needs.contains(&p.soname))
                    .map(|(i, _)| i),
            );
        }
    }
    Ok(wanted)
}

fn load_package(
    store: &Store,
    package: &EnvironmentPackage,
    target: Target,
) -> Result<LoadedPackage, SizeError> {
    let EnvironmentPackage {
        name,
        version,
        sha256,
        direct,
        ..
    } = package;
    let Some(stored) = store.installed_package(sha256, name, version)? else {
        return Err(SizeError::NotStored {
            name: name.clone(),
            version: version.clone(),
        });
    };
    let known = stored.document.known_targets();
    let Some((target, object)) = known.into_iter().rfind(|(known, _)| *known <= target) else {
        return Err(SizeError::NoTarget {
            name: name.clone(),
            version: version.clone(),
            target,
            present: stored.document.targets.keys().cloned().collect(),
        });
    };
    let path = stored.path.join(&object.object);
    let code =
        Code::read(&fs_err::read(&path)?).map_err(|reason| SizeError::Object { path, reason })?;
    Ok(LoadedPackage {
        document: stored.document,
        direct: *direct,
        target,
        code,
    })
}

/// The library of an environment that has one, in the newest variant that runs on `target`.
fn image(
    document: &EnvironmentDocument,
    folder: &Path,
    target: Target,
) -> Result<Option<ImageSize>, SizeError> {
    let Some(image) = &document.image else {
        return Ok(None);
    };
    let variants = image.known_targets();
    let at = |variant: Target| match document.link {
        puck_package::LinkMode::Lto => format!("lib/{}", image.soname),
        _ => image.library_path(variant),
    };
    // Of one that was made for a newer target, that is what there is.
    let chosen = variants
        .iter()
        .rfind(|known| **known <= target)
        .or(variants.first());
    let Some(chosen) = chosen else {
        return Ok(None);
    };
    Ok(Some(ImageSize {
        soname: image.soname.clone(),
        target: *chosen,
        bytes: fs_err::metadata(folder.join(at(*chosen)))?.len(),
    }))
}
