//! What is wrong with an environment, compared with what its packages and libraries make it.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use fs_err as fs;
use puck_package::environment::FILE;
use puck_package::format::DocumentError;
use puck_package::{Digest, EnvironmentDocument};

use super::{Entry, EnvironmentPackage, key, plan};
use crate::{Error, Result, Store};

/// What is wrong with an environment.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    /// With the folder itself.
    pub(crate) own: Vec<String>,
    /// With the packages and libraries in it, by size.
    pub(crate) others: Vec<String>,
}

impl Problems {
    fn with_itself(reason: String) -> Self {
        Self {
            own: vec![reason],
            others: Vec::new(),
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
                problems.others.push(reason);
            }
        }
    }
    let mut kept = None;
    for key in library_keys(&document) {
        match store.library(key) {
            Err(Error::Newer { .. }) => return Ok(Problems::default()),
            Err(error) => return Err(error),
            Ok(Some(record)) => kept = record.recipe.kept().or(kept),
            Ok(None) => {
                let reason = format!("the library {key} is missing or damaged");
                problems.others.push(reason);
            }
        }
    }
    if !problems.others.is_empty() {
        return Ok(problems);
    }
    let packages: Vec<_> = installed
        .iter()
        .map(|(installed, direct)| EnvironmentPackage {
            installed,
            direct: *direct,
        })
        .collect();
    for (name, entry) in plan::plan(&packages, &document, kept.as_ref()) {
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

/// The keys of the libraries that an environment leads to, beside those of packages.
pub(crate) fn library_keys(document: &EnvironmentDocument) -> BTreeSet<&Digest> {
    let images = document
        .image
        .iter()
        .flat_map(|image| image.libraries.values());
    let specialised = document
        .packages
        .iter()
        .filter_map(|p| p.specialised.as_ref());
    images.chain(specialised).collect()
}
