//! Which Python reads the sources, and what is installed there.
//!
//! In the order of preference: the one that `PUCK_PYTHON` names, the one that the manifest names, the
//! one of the virtual environment that the shell is in, the one of `.venv` beside the manifest,
//! `python3` on `PATH`. One that is named is the only candidate: another in its place would be a
//! surprise.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use puck_package::variables;
use serde::Deserialize;

use crate::BuildRequest;
use crate::source::{SourceError, files, process};

/// Older ones do not know `-P`, and Numba's bridge is not written for them.
const OLDEST: (u32, u32) = (3, 11);

/// What Python is asked of itself. Nothing but its own modules is imported for it.
const QUESTION: &str = "\
import sys
sys.path[:] = [entry for entry in sys.path if entry]
import importlib.metadata, importlib.util, json, platform
def package(name):
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = ''
    return {'version': version, 'origin': spec.origin}
names = ['puck', 'numba', 'llvmlite', 'numpy']
print(json.dumps({'version': platform.python_version(), 'path': sys.executable,
                  'packages': {name: package(name) for name in names}}))
";

/// The packages without which there is no front end.
const NEEDED: [&str; 2] = ["puck", "numba"];

/// A Python that is chosen, and not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) path: PathBuf,
    /// Changes when the program does.
    pub(super) identity: String,
}

/// A Python that can be used.
#[derive(Debug)]
pub(super) struct Interpreter {
    pub(super) path: PathBuf,
    /// `3.11.7`.
    version: String,
    /// Files that change when what is installed does.
    pub(super) identities: Vec<String>,
}

impl Interpreter {
    /// `Python 3.11.7`, with its path.
    pub(super) fn tool(&self) -> String {
        format!("Python {} ({})", self.version, self.path.display())
    }

    /// Asks a Python what it is, and whether it has what the front end needs.
    pub(super) fn query(chosen: Chosen) -> Result<Self, SourceError> {
        let path = chosen.path;
        let unusable = |reason: String| SourceError::PythonUnusable {
            python: path.display().to_string(),
            reason,
        };
        let mut command = Command::new(&path);
        command.args(["-c", QUESTION]);
        let ran = process::run(&mut command)?;
        if !ran.status.success() {
            return Err(unusable(format!(
                "does not say its version: {}",
                process::said(&ran)
            )));
        }
        let said: Said = serde_json::from_slice(&ran.stdout)
            .map_err(|_| unusable("does not say that it is Python".to_owned()))?;
        let (major, minor) = OLDEST;
        if version(&said.version).is_none_or(|version| version < OLDEST) {
            let found = &said.version;
            return Err(unusable(format!(
                "is version {found}; expected {major}.{minor} or newer"
            )));
        }
        let is_missing = |name: &&str| !matches!(said.packages.get(*name), Some(Some(_)));
        let missing: Vec<&str> = NEEDED.into_iter().filter(is_missing).collect();
        if !missing.is_empty() {
            return Err(SourceError::PythonPackages {
                python: path.display().to_string(),
                version: said.version,
                missing: missing.join(" and "),
            });
        }
        Ok(Self {
            identities: said.identities(),
            version: said.version,
            path,
        })
    }
}

/// What it says.
#[derive(Deserialize)]
struct Said {
    version: String,
    packages: std::collections::BTreeMap<String, Option<Package>>,
}

#[derive(Deserialize)]
struct Package {
    version: String,
    /// Its `__init__.py`.
    origin: Option<PathBuf>,
}

impl Said {
    /// Files of the packages, which are others, or newer, in another version. The bridge's own files
    /// are few: all of them.
    fn identities(&self) -> Vec<String> {
        let mut identities = Vec::new();
        for (name, package) in &self.packages {
            let Some(Package { version, origin }) = package else {
                continue;
            };
            let Some(origin) = origin else { continue };
            identities.extend(text(origin));
            let Some(folder) = origin.parent() else {
                continue;
            };
            let described = folder.with_file_name(format!("{name}-{version}.dist-info"));
            identities.extend(text(&described.join("METADATA")));
            if name == "puck" {
                code_in(folder, 0, &mut identities);
            }
        }
        identities.sort();
        identities.dedup();
        identities
    }
}

fn text(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}

/// The files of a package that are code.
fn code_in(folder: &Path, depth: usize, found: &mut Vec<String>) {
    const DEEPEST: usize = 8;
    let Ok(entries) = fs_err::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_code = |end: &OsStr| end == "py" || end == "so";
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if depth < DEEPEST {
                code_in(&path, depth + 1, found);
            }
        } else if path.extension().is_some_and(is_code) {
            found.extend(text(&path));
        }
    }
}

/// (3, 11) of `3.11.7`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The Python to use.
pub(super) fn choose(request: &BuildRequest<'_>) -> Result<Chosen, SourceError> {
    choose_among(&Named {
        variable: variables::get(variables::PUCK_PYTHON).map(PathBuf::from),
        manifest: request.manifest.build.python.as_deref().map(Path::new),
        directory: request.directory,
        virtual_env: variables::get(variables::VIRTUAL_ENV).map(PathBuf::from),
        path: &variables::get(variables::PATH).unwrap_or_default(),
    })
}

/// All that may name a Python.
#[derive(Clone)]
struct Named<'a> {
    variable: Option<PathBuf>,
    manifest: Option<&'a Path>,
    directory: &'a Path,
    virtual_env: Option<PathBuf>,
    path: &'a OsStr,
}

fn choose_among(named: &Named<'_>) -> Result<Chosen, SourceError> {
    let found = |path: PathBuf| {
        let identity = files::identity(&path)?;
        Some(Chosen { path, identity })
    };
    let explicit = match (&named.variable, named.manifest) {
        // Relative to where the command is called, as in a shell.
        (Some(variable), _) => Some((variables::PUCK_PYTHON, variable.clone(), variable.clone())),
        (None, Some(written)) => {
            let path = std::path::absolute(named.directory)?.join(written);
            Some(("`python` in [build]", written.to_owned(), path))
        }
        (None, None) => None,
    };
    if let Some((by, written, path)) = explicit {
        let bare = written.components().count() == 1 && !path.is_file();
        let path = match files::on_path(named.path, written.as_os_str()).filter(|_| bare) {
            Some(path) => path,
            None => std::path::absolute(path)?,
        };
        return found(path).ok_or_else(|| SourceError::PythonMissing {
            named: format!("{by} names `{}`, which does not exist", written.display()),
        });
    }
    let of_shell = named
        .virtual_env
        .as_ref()
        .map(|folder| folder.join("bin/python"));
    let beside = std::path::absolute(named.directory)?.join(".venv/bin/python");
    let candidates = of_shell.into_iter().chain([beside]);
    let on_path = files::on_path(named.path, OsStr::new("python3"));
    let chosen = candidates
        .chain(on_path)
        .filter(|path| path.is_file())
        .find_map(found);
    chosen.ok_or_else(|| SourceError::PythonMissing {
        named: "there is neither a virtual environment nor `python3` on PATH".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn program(path: &Path) -> PathBuf {
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, "#!/bin/sh\n").unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        fs_err::set_permissions(path, mode).unwrap();
        path.to_owned()
    }

    #[test]
    fn the_first_that_is_named_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let bin = program(&at("bin/python3"));
        let path = at("bin").into_os_string();
        let none = Named {
            variable: None,
            manifest: None,
            directory: folder.path(),
            virtual_env: None,
            path: &path,
        };
        let chosen = |named: &Named<'_>| choose_among(named).unwrap().path;
        assert_eq!(chosen(&none), bin);
        let beside = program(&at(".venv/bin/python"));
        assert_eq!(chosen(&none), beside);
        // Of a virtual environment that is gone, nothing is left to use.
        for (folder, expected) in [("gone", &beside), ("shell", &at("shell/bin/python"))] {
            if folder == "shell" {
                program(expected);
            }
            let virtual_env = Some(at(folder));
            assert_eq!(
                &chosen(&Named {
                    virtual_env,
                    ..none.clone()
                }),
                expected
            );
        }
        let own = program(&at("own/python"));
        let manifest = Some(Path::new("own/python"));
        let by_manifest = || Named {
            manifest,
            ..none.clone()
        };
        assert_eq!(chosen(&by_manifest()), own);
        let bare = Some(Path::new("python3"));
        assert_eq!(
            chosen(&Named {
                manifest: bare,
                ..none.clone()
            }),
            bin
        );
        for variable in [bin.clone(), PathBuf::from("python3")] {
            let variable = Some(variable);
            assert_eq!(
                chosen(&Named {
                    variable,
                    ..by_manifest()
                }),
                bin
            );
        }
    }

    #[test]
    fn what_is_named_and_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let none = Named {
            variable: None,
            manifest: None,
            directory: folder.path(),
            virtual_env: None,
            path: OsStr::new(""),
        };
        let message = |named: Named<'_>| choose_among(&named).unwrap_err().to_string();
        let manifest = Some(Path::new("venv/bin/python"));
        for (named, expected) in [
            (
                Named {
                    manifest,
                    ..none.clone()
                },
                "`python` in [build] names `venv/bin/python`",
            ),
            (
                Named {
                    variable: Some("/no/python".into()),
                    ..none.clone()
                },
                "PUCK_PYTHON names `/no/python`",
            ),
            (none.clone(), "neither a virtual environment nor `python3`"),
        ] {
            let found = message(named);
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn versions() {
        assert_eq!(version("3.11.7"), Some((3, 11)));
        assert_eq!(version("3.14.0rc1"), Some((3, 14)));
        assert_eq!(version("three"), None);
    }
}
