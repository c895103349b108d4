//! `puck verify`: the store against its digests, environments against lockfiles, and repairing both.

mod agreement;
mod repair;

use std::collections::BTreeSet;
use std::path::PathBuf;

use puck_store::{Problem, Verification};

use crate::{Error, InstallOptions, Machine, Progress, Project};

/// What is looked at.
#[derive(Clone, Debug)]
pub struct VerifyOptions<'a> {
    /// Everything in the store.
    pub store: bool,
    /// The environments of these projects.
    pub projects: &'a [Project],
    /// How to install what is to be repaired; nothing is repaired without it.
    pub fix: Option<InstallOptions>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many archives, packages and environments of the store were read.
    pub archives: usize,
    /// Packages.
    pub packages: usize,
    /// Libraries that were made here for environments.
    pub libraries: usize,
    /// Environments.
    pub environments: usize,
    /// What is wrong, or was before it was repaired; a line each.
    pub faults: Vec<Fault>,
}

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is damaged.
    pub path: PathBuf,
    /// How.
    pub reason: String,
    /// What to do about it.
    pub advice: String,
    /// Whether it has been repaired.
    pub fixed: bool,
}

/// Looks at what `options` say, and repairs it if they say that, too.
///
/// # Errors
/// If the store or a project cannot be read. What is damaged is no error but a [`Fault`], and so is
/// what cannot be repaired.
pub fn verify(
    machine: &Machine,
    options: &VerifyOptions<'_>,
    progress: &dyn Progress,
) -> Result<Verified, Error> {
    // Members of a workspace have their lockfile and their environment together.
    let whole = |project: &Project| match project.workspace() {
        Some(workspace) => Project::clone(workspace),
        None => project.clone(),
    };
    let projects: Vec<Project> = options.projects.iter().map(whole).collect();
    let options = &VerifyOptions {
        projects: &projects,
        ..options.clone()
    };
    let found = look(machine, options, progress)?;
    let Some(install) = options
        .fix
        .as_ref()
        .filter(|_| !found.verified.faults.is_empty())
    else {
        return Ok(found.verified);
    };
    let failures = repair::repair(machine, options, install, &found, progress)?;
    let left = look(machine, options, progress)?.verified.faults;

    let mut verified = found.verified;
    for fault in &mut verified.faults {
        let is_left = left.iter().any(|left| left.path == fault.path);
        fault.fixed = !is_left && !failures.contains_key(&fault.path);
    }
    // What was not seen before: an environment whose package could not be made again.
    let known: BTreeSet<_> = verified
        .faults
        .iter()
        .map(|fault| fault.path.clone())
        .collect();
    let new = left
        .into_iter()
        .filter(|fault| !known.contains(&fault.path));
    verified.faults.extend(new);
    for fault in verified.faults.iter_mut().filter(|fault| !fault.fixed) {
        if let Some(failure) = failures.get(&fault.path) {
            fault.advice.clone_from(failure);
        }
    }
    Ok(verified)
}

/// What is wrong, for people and for the store.
struct Found {
    verified: Verified,
    problems: Vec<Problem>,
}

fn look(
    machine: &Machine,
    options: &VerifyOptions<'_>,
    progress: &dyn Progress,
) -> Result<Found, Error> {
    let store = machine.store();
    let mut found = Found {
        verified: Verified::default(),
        problems: Vec::new(),
    };
    if options.store {
        progress.step("Reading the store");
        found.add(store.verify()?);
    }
    for project in options.projects {
        progress.step(&format!("Looking at {}", project.directory().display()));
        let faults = agreement::faults(store, project)?;
        // What it leads to was read with the rest of the store, or else is now.
        if !options.store
            && faults.is_empty()
            && let Some(environment) = store.active(project.directory())?
        {
            found.add(store.verify_environment(&environment)?);
        }
        found.verified.faults.extend(faults);
    }
    if options.store {
        let others = agreement::lost_environments(store, options.projects)?;
        found.verified.faults.extend(others);
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, verification: Verification) {
        let Verification {
            archives,
            packages,
            libraries,
            environments,
            problems,
        } = verification;
        self.verified.archives += archives;
        self.verified.packages += packages;
        self.verified.libraries += libraries;
        self.verified.environments += environments;
        for problem in problems {
            if self.problems.contains(&problem) {
                continue;
            }
            self.verified.faults.push(Fault {
                path: problem.path.clone(),
                reason: problem.reason.clone(),
                advice: "run `puck verify --fix`".to_owned(),
                fixed: false,
            });
            self.problems.push(problem);
        }
    }
}
