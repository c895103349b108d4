//! The ways that are compared, and a project in one of them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::scripts::{Ran, Scripts};
use crate::place::set_aside;

/// How functions come to be compiled and called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `@njit(cache=True)`.
    Numba,
    /// numbox's `@proxy`.
    Numbox,
    /// `@puck.njit`, which declares callees.
    DropIn,
    /// An installed package.
    Package,
}

impl Way {
    /// In the order of the tables.
    pub(super) const ALL: [Way; 4] = [Way::Numba, Way::Numbox, Way::DropIn, Way::Package];

    /// As it stands in tables.
    pub(super) fn title(self) -> &'static str {
        match self {
            Way::Numba => "Numba",
            Way::Numbox => "numbox",
            Way::DropIn => "Puck, drop-in",
            Way::Package => "Puck, package",
        }
    }

    /// As the scripts call it.
    pub(super) fn style(self) -> &'static str {
        match self {
            Way::Numba => "numba",
            Way::Numbox => "numbox",
            Way::DropIn => "dropin",
            Way::Package => "export",
        }
    }
}

/// Functions written in one way, in a folder with a cache and a home of its own.
pub(super) struct Project<'a> {
    pub(super) way: Way,
    pub(super) scripts: &'a Scripts,
    folder: PathBuf,
}

impl<'a> Project<'a> {
    /// In a folder below the scripts' own.
    pub(super) fn new(scripts: &'a Scripts, way: Way, subject: &str) -> Project<'a> {
        Project {
            way,
            scripts,
            folder: scripts.folder().join(subject).join(way.style()),
        }
    }

    /// Removes everything, so that the next build begins with nothing.
    pub(super) fn clear(&self) -> Result<()> {
        set_aside(&self.folder)?;
        Ok(fs_err::create_dir_all(self.project())?)
    }

    /// Runs a script with the project's settings, in its folder.
    pub(super) fn run(&self, script: &str, arguments: &[&str]) -> Result<Ran> {
        self.run_inlining(script, arguments, false)
    }

    /// The same; with `inline`, Puck's callees may be inlined.
    pub(super) fn run_inlining(
        &self,
        script: &str,
        arguments: &[&str],
        inline: bool,
    ) -> Result<Ran> {
        let mut command = self.scripts.command(script);
        command.args(arguments).current_dir(self.project());
        self.set_variables(&mut command, inline);
        self.scripts.measure(&mut command)
    }

    /// Builds and installs the package.
    pub(super) fn install(&self) -> Result<Ran> {
        let mut command = self.scripts.puck();
        command
            .args(["install", "--quiet"])
            .current_dir(self.project());
        self.set_variables(&mut command, false);
        self.scripts.measure(&mut command)
    }

    fn set_variables(&self, command: &mut std::process::Command, inline: bool) {
        let mode = if self.way == Way::DropIn {
            "declare"
        } else {
            "off"
        };
        command
            .env("PUCK_HOME", self.folder.join("home"))
            .env("PUCK_NUMBA", mode)
            .env("PUCK_NUMBA_DIR", self.local())
            .env("PUCK_INLINE", if inline { "auto" } else { "never" })
            .env("NUMBA_CACHE_DIR", self.cache());
    }

    /// Where the modules are.
    pub(super) fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    /// The same, as an argument.
    pub(super) fn place(&self) -> String {
        self.project().display().to_string()
    }

    /// Numba's cache.
    pub(super) fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    /// The local package of the drop-in.
    fn local(&self) -> PathBuf {
        self.folder.join("local")
    }

    /// Bytes that stay on disk and that a process here loads or reads.
    pub(super) fn bytes(&self) -> Result<f64> {
        match self.way {
            Way::Numba | Way::Numbox => total(&files(&self.cache())?),
            Way::DropIn => {
                let mut all = files(&self.local())?;
                all.extend(files(&self.cache())?);
                total(&all)
            }
            Way::Package => {
                let environment = self.project().join(".puck");
                let level = puck_runtime::cpu::best().context("this processor has no level")?;
                let mut folder = environment.join(format!("lib/glibc-hwcaps/{level}"));
                if !folder.exists() {
                    folder = environment.join("lib");
                }
                let mut all = files(&folder)?;
                all.extend(files(&environment.join("share"))?);
                total(&all)
            }
        }
    }

    /// Bytes of everything that is installed, for all processors.
    pub(super) fn installed_bytes(&self) -> Result<f64> {
        let environment = self.project().join(".puck");
        let mut all = files(&environment.join("lib"))?;
        all.extend(files(&environment.join("share"))?);
        total(&all)
    }

    /// Bytes of the data files that Numba caches for one function.
    pub(super) fn cached_bytes(&self, function: &str) -> Result<f64> {
        total(&self.cached(function)?)
    }

    /// Removes what is cached of functions.
    pub(super) fn forget(&self, functions: &[String]) -> Result<()> {
        for function in functions {
            for path in self.cached(function)? {
                fs_err::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Numba names them `module.function-line.pyXYZ.number.nbc`, proxies `module.__function-...`.
    fn cached(&self, function: &str) -> Result<Vec<PathBuf>> {
        let prefix = format!("{function}.");
        Ok(files(&self.cache())?
            .into_iter()
            .filter(|path| {
                let name = path
                    .file_name()
                    .map_or_else(Default::default, |name| name.to_string_lossy());
                name.starts_with(&prefix) && name.ends_with(".nbc")
            })
            .collect())
    }
}

/// The files below a folder, by the places that links lead to, each once; none if there is no folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.exists() {
        find(folder, &mut found)?;
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        // A socket or a link that leads nowhere is no file.
        let Ok(path) = fs_err::canonicalize(path) else {
            continue;
        };
        if path.is_dir() {
            find(&path, found)?;
        } else if path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn total(files: &[PathBuf]) -> Result<f64> {
    files.iter().try_fold(0.0, |sum, file| {
        Ok(sum + fs_err::metadata(file)?.len() as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_count_once_and_a_missing_folder_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("deeper")).unwrap();
        fs_err::write(folder.path().join("deeper/a.so"), [0; 90]).unwrap();
        fs_err::os::unix::fs::symlink("deeper/a.so", folder.path().join("b.so")).unwrap();
        fs_err::os::unix::fs::symlink("nowhere", folder.path().join("c.so")).unwrap();
        assert_eq!(total(&files(folder.path()).unwrap()).unwrap(), 90.0);
        assert!(files(&folder.path().join("none")).unwrap().is_empty());
    }
}
