//! Reads everything in the store and says what is not as it should be.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use puck_package::Digest;

use crate::installed::State;
use crate::{Error, Result, Store, environment, files};

/// What a look at everything found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many archives were read.
    pub archives: usize,
    /// How many packages were read.
    pub packages: usize,
    /// How many libraries of environments were read.
    pub libraries: usize,
    /// How many environments were read.
    pub environments: usize,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The archive, or the folder of the package, library or environment.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl Store {
    /// Compares every file in the store with its digest, and every environment with what its
    /// packages make it. Nothing is changed; [`Store::remove_damaged`] removes what this finds.
    ///
    /// # Errors
    /// If the store cannot be read. What is damaged is no error but a [`Problem`].
    pub fn verify(&self) -> Result<Verification> {
        let mut found = Verification::default();
        for area in Area::ALL {
            for path in files::entries(&area.directory(self))? {
                found.add(&path, self.reasons(area, &path)?);
                *match area {
                    Area::Archives => &mut found.archives,
                    Area::Packages => &mut found.packages,
                    Area::Libraries => &mut found.libraries,
                    Area::Environments => &mut found.environments,
                } += 1;
            }
        }
        Ok(found)
    }

    /// As [`Store::verify`], for the environment in the folder `path`, its packages and its libraries
    /// alone.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn verify_environment(&self, path: &Path) -> Result<Verification> {
        let mut found = Verification::default();
        found.add(path, self.reasons(Area::Environments, path)?);
        found.environments = 1;
        for package in environment::packages(path)? {
            let path = self.packages_directory().join(package.directory);
            found.add(&path, self.reasons(Area::Packages, &path)?);
            found.packages += 1;
        }
        if let Some(document) = environment::document(path)? {
            for key in environment::library_keys(&document) {
                let path = self.library_path(key);
                found.add(&path, self.reasons(Area::Libraries, &path)?);
                found.libraries += 1;
            }
        }
        Ok(found)
    }

    /// Removes what [`Store::verify`] found, so that installing makes it again. Waits until nobody
    /// installs, looks again, and leaves alone what has been mended meanwhile, and environments
    /// that lack only packages or libraries: they are whole again when those are. Must not be called
    /// while this process holds a [`Keep`](crate::Keep).
    ///
    /// Gives what was removed.
    ///
    /// # Errors
    /// If something cannot be removed.
    pub fn remove_damaged(
        &self,
        problems: &[Problem],
        waiting: &mut dyn FnMut(),
    ) -> Result<Vec<PathBuf>> {
        let mut removed = Vec::new();
        if problems.is_empty() {
            return Ok(removed);
        }
        let staging = self.stage("repair")?;
        fs::create_dir(&staging.path)?;
        let alone = self.alone(waiting)?;
        let paths: BTreeSet<&Path> = problems.iter().map(|problem| &*problem.path).collect();
        for area in Area::ALL {
            let below = |path: &&&Path| path.parent() == Some(&*area.directory(self));
            for path in paths.iter().filter(below) {
                let damaged = match area {
                    Area::Environments => {
                        let problems = environment::problems(self, path)?;
                        !problems.own.is_empty()
                    }
                    _ => !self.reasons(area, path)?.is_empty(),
                };
                if !damaged {
                    continue;
                }
                let aside = staging.path.join(removed.len().to_string());
                match fs::symlink_metadata(path) {
                    Ok(found) if found.is_dir() => files::withdraw_directory(path, &aside)?,
                    Ok(_) => fs::rename(path, &aside)?,
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Err(error.into()),
                }
                removed.push((*path).to_owned());
            }
        }
        drop(alone);
        files::remove(&staging.path)?;
        Ok(removed)
    }

    /// What is wrong with the thing at `path`; nothing if there is none.
    fn reasons(&self, area: Area, path: &Path) -> Result<Vec<String>> {
        let reasons = match area {
            Area::Archives => archive_problems(path),
            Area::Packages => self.package_problems(path),
            Area::Libraries => self.library_problems(path),
            Area::Environments => environment::problems(self, path).map(|problems| {
                let environment::Problems { mut own, others } = problems;
                own.extend(others);
                own
            }),
        };
        match reasons {
            // Removed or replaced while it was looked at.
            Err(_)
                if fs::symlink_metadata(path).is_err_and(|e| e.kind() == ErrorKind::NotFound) =>
            {
                Ok(Vec::new())
            }
            // No folder where one should be, or the other way round.
            Err(Error::Io(error))
                if matches!(
                    error.kind(),
                    ErrorKind::NotADirectory | ErrorKind::IsADirectory
                ) =>
            {
                Ok(vec!["it is of another kind than it should be".to_owned()])
            }
            reasons => reasons,
        }
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

impl Verification {
    fn add(&mut self, path: &Path, reasons: Vec<String>) {
        let problem = |reason| Problem {
            path: path.to_owned(),
            reason,
        };
        self.problems.extend(reasons.into_iter().map(problem));
    }
}

/// What the store consists of.
#[derive(Clone, Copy)]
enum Area {
    Archives,
    Packages,
    Libraries,
    Environments,
}

impl Area {
    const ALL: [Self; 4] = [
        Self::Archives,
        Self::Packages,
        Self::Libraries,
        Self::Environments,
    ];

    fn directory(self, store: &Store) -> PathBuf {
        match self {
            Self::Archives => store.archives_directory(),
            Self::Packages => store.packages_directory(),
            Self::Libraries => store.libraries_directory(),
            Self::Environments => store.environments_directory(),
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
