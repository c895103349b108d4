//! The same sources with Puck: published once, installed in each mode.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::source::{Source, dependencies};
use crate::place::{succeed, write};
use crate::settings::Settings;

/// How an environment is installed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mode {
    /// Its name in tables, and its folder's.
    pub(crate) name: &'static str,
    flags: &'static [&'static str],
}

/// What packages are installed as.
const MODES: [Mode; 5] = [
    Mode {
        name: "dynamic",
        flags: &[],
    },
    Mode {
        name: "dynamic, native",
        flags: &["--target-cpu", "native"],
    },
    Mode {
        name: "image",
        flags: &["--link", "image"],
    },
    Mode {
        name: "image, native",
        flags: &["--link", "image", "--target-cpu", "native"],
    },
    Mode {
        name: "lto",
        flags: &["--link", "lto"],
    },
];

/// A home with published packages, and projects that use them.
pub(crate) struct Published<'a> {
    settings: &'a Settings,
    folder: &'a Path,
}

impl<'a> Published<'a> {
    /// Publishes the sources, in their order, below `folder`.
    pub(crate) fn new(
        settings: &'a Settings,
        folder: &'a Path,
        sources: &[Source],
    ) -> Result<Published<'a>> {
        let published = Published { settings, folder };
        for source in sources {
            let package = folder.join("packages").join(source.name);
            write(&package.join("Puck.toml"), &source.manifest())?;
            write(&package.join(format!("{}.c", source.name)), &source.text)?;
            published.run(&package, &["publish"])?;
        }
        Ok(published)
    }

    /// The modes that are asked for.
    pub(crate) fn modes(&self) -> impl Iterator<Item = Mode> {
        let only = self.settings.only.as_deref();
        MODES
            .into_iter()
            .filter(move |mode| only.is_none_or(|word| mode.name.contains(word)))
    }

    /// Installs packages into a project of this mode; its folder.
    pub(crate) fn install(&self, mode: Mode, packages: &[&str]) -> Result<PathBuf> {
        let project = self.folder.join(mode.name.replace(", ", "-"));
        write(&project.join("Puck.toml"), &dependencies(packages))?;
        self.run(&project, &[&["install"], mode.flags].concat())?;
        Ok(project)
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Result<()> {
        succeed(
            Command::new(fs_err::canonicalize(&self.settings.puck)?)
                .args(arguments)
                .current_dir(folder)
                .env("PUCK_HOME", self.folder.join("home"))
                .env("PUCK_CLANG", &self.settings.clang)
                .env_remove("PUCK_REGISTRY")
                .env_remove("PUCK_TARGET"),
        )
    }
}
