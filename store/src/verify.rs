//! Reads everything in the store and says what is not as it should be.

use std::path::{Path, PathBuf};

use fs_err as fs;
use puck_package::Digest;

use crate::installed::State;
use crate::{Error, Result, Store, environment};

/// What a look at everything found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many archives were read.
    pub archives: usize,
    /// How many packages were read.
    pub packages: usize,
    /// How many environments were read.
    pub environments: usize,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The archive, or the folder of the package or environment.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl Store {
    /// Compares every file in the store with its digest, and every environment with what its
    /// packages make it. Nothing is changed; [`Store::repair`] removes what this finds.
    ///
    /// # Errors
    /// If the store cannot be read. What is damaged is no error but a [`Problem`].
    pub fn verify(&self) -> Result<Verification> {
        let mut found = Verification::default();
        let mut report = |path: &Path, reasons: Vec<String>| {
            let path = path.to_owned();
            let problem = |reason| Problem {
                path: path.clone(),
                reason,
            };
            found.problems.extend(reasons.into_iter().map(problem));
        };
        for path in entries(&self.archives_directory())? {
            report(&path, archive_problems(&path)?);
            found.archives += 1;
        }
        for path in entries(&self.packages_directory())? {
            report(&path, self.package_problems(&path)?);
            found.packages += 1;
        }
        for path in entries(&self.environments_directory())? {
            report(&path, environment::problems(self, &path)?);
            found.environments += 1;
        }
        Ok(found)
    }

    /// Removes what [`Store::verify`] found, so that installing makes it again.
    ///
    /// # Errors
    /// If something cannot be removed.
    pub fn repair(&self, problems: &[Problem]) -> Result<()> {
        for Problem { path, .. } in problems {
            let thing = format!("repair-{}", Digest::of(path.as_os_str().as_encoded_bytes()));
            let staging = self.stage(&thing)?;
            match fs::symlink_metadata(path) {
                Ok(found) if found.is_dir() => {
                    crate::files::withdraw_directory(path, &staging.path)?;
                }
                _ => crate::files::remove(path)?,
            }
        }
        Ok(())
    }

    fn package_problems(&self, path: &Path) -> Result<Vec<String>> {
        let Some(directory) = path.file_name().and_then(|name| name.to_str()) else {
            return Ok(vec!["its name is no package's".to_owned()]);
        };
        match self.state(directory) {
            Ok(State::Absent) => Ok(Vec::new()),
            Ok(State::Damaged(reason)) => Ok(vec![reason]),
            Ok(State::Whole(package)) => self.verify_package(&package),
            // Nothing that can be judged here, and above all nothing to be removed.
            Err(Error::Newer { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

fn archive_problems(path: &Path) -> Result<Vec<String>> {
    let found = Digest::of_file(path)?;
    let named = path
        .file_name()
        .is_some_and(|name| *name == *format!("{found}.puck"));
    Ok(if named {
        Vec::new()
    } else {
        vec![format!("its SHA-256 is {found}")]
    })
}

/// What is in a folder, in order; nothing if there is none.
fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    if !fs::exists(directory)? {
        return Ok(Vec::new());
    }
    let paths: Result<Vec<PathBuf>, std::io::Error> = fs::read_dir(directory)?
        .map(|entry| Ok(entry?.path()))
        .collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}
