//! Which clang: the one that `PUCK_CLANG` names, else `clang`, else the newest `clang-N` on `PATH`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use puck_package::{Digest, variables};

use crate::source::{SourceError, files, process};
use crate::temporary;

/// Older ones write bitcode with typed pointers.
pub(in crate::source) const OLDEST: u32 = 14;
/// Newer ones write bitcode that this LLVM may not read.
pub(in crate::source) const NEWEST: u32 = 23;

/// A clang that can be used.
#[derive(Clone, Debug)]
pub(in crate::source) struct Clang {
    /// To start it by.
    pub(super) path: PathBuf,
    /// `22.1.8`.
    pub(super) version: String,
    /// Changes when the compiler does.
    pub(in crate::source) identity: String,
}

impl Clang {
    /// To start it by.
    #[cfg(test)]
    pub(in crate::source) fn path(&self) -> &Path {
        &self.path
    }
}

/// The clang to use. What version a clang has is remembered in `cache`, so that an unchanged build
/// starts no process.
pub(in crate::source) fn find(cache: &Path) -> Result<Clang, SourceError> {
    let named = variables::get(variables::PUCK_CLANG);
    let path = variables::get(variables::PATH).unwrap_or_default();
    find_in(named.as_deref(), &path, cache)
}

fn find_in(named: Option<&OsStr>, path: &OsStr, cache: &Path) -> Result<Clang, SourceError> {
    let mut unusable = Vec::new();
    for candidate in candidates(named, path) {
        match usable(&candidate, cache) {
            Ok(clang) => return Ok(clang),
            Err(reason) => unusable.push(format!("{} {reason}", candidate.display())),
        }
    }
    if unusable.is_empty() {
        return Err(SourceError::ClangMissing);
    }
    Err(SourceError::ClangUnusable { found: unusable })
}

/// In the order of preference. A compiler that was named is the only candidate: another one in its
/// place would be a surprise.
fn candidates(named: Option<&OsStr>, path: &OsStr) -> Vec<PathBuf> {
    let on_path = |name: &OsStr| files::on_path(path, name);
    if let Some(named) = named {
        // A bare name is looked for as a shell would; anything else is a path.
        let program = if Path::new(named).components().count() > 1 {
            None
        } else {
            on_path(named)
        };
        return vec![program.unwrap_or_else(|| PathBuf::from(named))];
    }
    let versioned = (OLDEST..=NEWEST)
        .rev()
        .map(|version| format!("clang-{version}"));
    let names = std::iter::once("clang".to_owned()).chain(versioned);
    names
        .filter_map(|name| on_path(OsStr::new(&name)))
        .collect()
}

fn usable(path: &Path, cache: &Path) -> Result<Clang, String> {
    let identity = files::identity(path).ok_or("does not exist")?;
    let version = version(path, &identity, cache)?;
    let major = version
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(OLDEST..=NEWEST) => Ok(Clang {
            path: path.to_path_buf(),
            version,
            identity,
        }),
        _ => Err(format!(
            "is version {version}; expected {OLDEST} to {NEWEST}"
        )),
    }
}

fn version(path: &Path, identity: &str, cache: &Path) -> Result<String, String> {
    let remembered = cache.join("clang").join(format!(
        "version-{}",
        Digest::of(identity.as_bytes()).prefix(16)
    ));
    if let Ok(version) = fs_err::read_to_string(&remembered)
        && is_version(&version)
    {
        return Ok(version);
    }
    let said = process::stdout(Command::new(path).arg("--version"))
        .map_err(|error| format!("does not say its version: {error}"))?;
    let version = parse_version(&said).ok_or("does not say that it is clang")?;
    // A convenience only: where it cannot be written, the compiler is asked again.
    let _ = temporary::write(cache, &remembered, version.as_bytes());
    Ok(version)
}

/// `22.1.8` of `Debian clang version 22.1.8 (1~deb12u1)`.
fn parse_version(said: &str) -> Option<String> {
    let (_, rest) = said
        .lines()
        .find_map(|line| line.split_once("clang version "))?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let version = rest[..end].trim_end_matches('.').to_owned();
    is_version(&version).then_some(version)
}

fn is_version(text: &str) -> bool {
    !text.is_empty() && text.split('.').all(|part| part.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests;
