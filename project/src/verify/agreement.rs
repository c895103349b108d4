//! Whether a project's `.puck` leads to what its lockfile says.

use std::path::Path;

use puck_package::{EnvironmentDocument, Lockfile, PackageId, environment};
use puck_store::Store;

use super::Fault;
use crate::{Error, Project};

/// What is wrong with where the `.puck` of `project` leads to. A project without one has nothing
/// installed, which is no fault.
pub(super) fn faults(store: &Store, project: &Project) -> Result<Vec<Fault>, Error> {
    let link = project.directory().join(".puck");
    let fault = |reason: String, advice: String| Fault {
        path: link.clone(),
        reason,
        advice,
        fixed: false,
    };
    let again = || format!("run `puck install` in {}", project.directory().display());
    let target = match store.active(project.directory()) {
        Ok(None) => return Ok(Vec::new()),
        Ok(Some(target)) => target,
        Err(error @ puck_store::Error::NotALink(_)) => {
            let advice = error.hint().unwrap_or_default();
            return Ok(vec![fault(
                "it is no link to an environment".to_owned(),
                advice,
            )]);
        }
        Err(error) => return Err(error.into()),
    };
    let Some(document) = read(&target)? else {
        let reason = format!("it leads to {}, which is no environment", target.display());
        return Ok(vec![fault(reason, again())]);
    };
    if !target.starts_with(store.home()) {
        let reason = format!("it leads to another store, {}", target.display());
        return Ok(vec![fault(reason, again())]);
    }
    let lockfile = match project.lockfile() {
        Ok(lockfile) => lockfile.unwrap_or_default(),
        Err(Error::Lockfile(error)) => {
            let advice = error.hint().unwrap_or_else(again);
            return Ok(vec![fault(error.to_string(), advice)]);
        }
        Err(error) => return Err(error),
    };
    let reasons = differences(project, &lockfile, &document);
    Ok(reasons
        .into_iter()
        .map(|reason| fault(reason, again()))
        .collect())
}

/// Projects that have used the store, other than `looked_at`, and whose environment is gone.
pub(super) fn lost_environments(store: &Store, looked_at: &[Project]) -> Result<Vec<Fault>, Error> {
    let mut faults = Vec::new();
    // A project that cannot be looked at is somebody else's to verify.
    let Ok(projects) = store.projects() else {
        return Ok(faults);
    };
    for project in projects {
        let directory = &project.directory;
        if looked_at.iter().any(|seen| seen.directory() == directory) {
            continue;
        }
        if let Ok(Some(target)) = store.active(directory)
            && target.starts_with(store.home())
            && !target.exists()
        {
            faults.push(Fault {
                path: directory.join(".puck"),
                reason: format!("it leads to {}, which is gone", target.display()),
                advice: format!("run `puck install` in {}", directory.display()),
                fixed: false,
            });
        }
    }
    Ok(faults)
}

/// What an environment says of itself; `None` if it is none. One of a newer puck counts as empty of
/// faults by being passed over where it is read with the store.
fn read(target: &Path) -> Result<Option<EnvironmentDocument>, Error> {
    let bytes = match fs_err::read(target.join(environment::FILE)) {
        Ok(bytes) => bytes,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    Ok(EnvironmentDocument::parse(environment::FILE, &bytes).ok())
}

/// How what is installed differs from what is locked.
fn differences(
    project: &Project,
    lockfile: &Lockfile,
    document: &EnvironmentDocument,
) -> Vec<String> {
    let mut differences = Vec::new();
    let is_workspace = project.manifest().workspace.is_some();
    for locked in &lockfile.packages {
        let installed = document
            .packages
            .iter()
            .find(|p| p.name == locked.name && p.version == locked.version);
        let id = locked.id();
        match installed {
            // Members of a workspace need not be installed themselves.
            None if is_workspace && locked.sha256.is_none() => {}
            None => differences.push(format!("{id} is locked, but not installed")),
            Some(installed)
                if locked
                    .sha256
                    .is_some_and(|sha256| sha256 != installed.sha256) =>
            {
                differences.push(format!(
                    "{id} is installed from another archive than is locked"
                ));
            }
            Some(_) => {}
        }
    }
    for installed in &document.packages {
        let id = PackageId {
            name: installed.name.clone(),
            version: installed.version.clone(),
        };
        let itself = project.manifest().package.as_ref();
        let is_itself = itself.is_some_and(|package| package.name == installed.name);
        if !is_itself && lockfile.package(&id).is_none() {
            differences.push(format!("{id} is installed, but not locked"));
        }
    }
    differences
}
