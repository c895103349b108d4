//! The Pythons of this machine: on `PATH`, and those that pyenv keeps.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::steps;

/// The versions that are supported, `3.x`.
const OLDEST: u32 = 11;
const NEWEST: u32 = 13;

/// The oldest and the newest that are supported and there; where there is one only, it is both.
pub(crate) fn ends() -> Result<(PathBuf, PathBuf)> {
    let found = |minor: u32| python(minor).map(|python| (minor, python));
    let oldest = (OLDEST..=NEWEST).find_map(found);
    let newest = (OLDEST..=NEWEST).rev().find_map(found);
    let ((oldest, first), (newest, last)) = oldest.zip(newest).with_context(|| {
        format!("no Python from 3.{OLDEST} to 3.{NEWEST} with `venv`, on PATH or of pyenv")
    })?;
    if (oldest, newest) != (OLDEST, NEWEST) {
        steps::note(&format!(
            "tested with Python 3.{oldest} and 3.{newest}: 3.{OLDEST} or 3.{NEWEST} is not installed"
        ));
    }
    Ok((first, last))
}

/// Any of them.
pub(crate) fn any() -> Result<PathBuf> {
    ends().map(|(oldest, _)| oldest)
}

/// Python 3.`minor`, if it runs and can make virtual environments.
fn python(minor: u32) -> Option<PathBuf> {
    let name = format!("python3.{minor}");
    let mut candidates = vec![PathBuf::from(&name), PathBuf::from("python3")];
    candidates.extend(
        of_pyenv(minor)
            .into_iter()
            .map(|folder| folder.join("bin").join(&name)),
    );
    candidates.into_iter().find_map(|candidate| {
        let script =
            "import ensurepip, sys, venv; print(sys.version_info[1]); print(sys.executable)";
        let told = steps::output_of(Command::new(&candidate).args(["-c", script]))?;
        let (version, path) = told.split_once('\n')?;
        (version.trim() == minor.to_string()).then(|| PathBuf::from(path.trim()))
    })
}

/// The folders of its versions of 3.`minor`, newest first.
fn of_pyenv(minor: u32) -> Vec<PathBuf> {
    let root = std::env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| {
            let home = std::env::var_os("HOME")?;
            Some(PathBuf::from(home).join(".pyenv"))
        });
    let versions = root.and_then(|root| fs_err::read_dir(root.join("versions")).ok());
    let mut found: Vec<(u32, PathBuf)> = versions
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let name = folder.file_name()?.to_str()?;
            let patch = name.strip_prefix(&format!("3.{minor}."))?.parse().ok()?;
            Some((patch, folder))
        })
        .collect();
    found.sort_by_key(|(patch, _)| std::cmp::Reverse(*patch));
    found.into_iter().map(|(_, folder)| folder).collect()
}
