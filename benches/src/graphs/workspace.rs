//! With Puck: a workspace with a package for each part, built and installed by one `puck install`.
//!
//! Packages depend on each other by path, as those of one project do, and the workspace on those of the
//! highest layer. They are built for one target, `x86-64`, for which the libraries linked by hand are
//! compiled too; `lto` compiles for this processor, as it does unless told otherwise.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::division::{Division, Part};
use super::graph::{Graph, name};
use super::source::{self, Language, Names};
use super::way::Mode;
use crate::findings::distinct;
use crate::place::{milliseconds, write};

/// A workspace in a folder, with a home of its own.
pub(super) struct Workspace<'a> {
    pub(super) graph: &'a Graph,
    pub(super) language: Language,
    pub(super) division: Division,
    pub(super) mode: Mode,
    /// Whether `--link` is there to name the mode.
    pub(super) has_link_modes: bool,
    pub(super) puck: &'a Path,
    pub(super) clang: &'a str,
    pub(super) folder: &'a Path,
}

impl Workspace<'_> {
    /// Writes all manifests.
    pub(super) fn write_manifests(&self) -> Result<()> {
        let tops = self
            .graph
            .tops()
            .map(|function| self.division.part_of(function));
        let mut text = "[workspace]\nmembers = [\"packages/*\"]\n\n[dependencies]\n".to_owned();
        for package in distinct(tops) {
            let _ = writeln!(text, "{package} = {{ path = \"packages/{package}\" }}");
        }
        write(&self.project().join("Puck.toml"), &text)?;
        for part in self.division.parts(self.graph) {
            write(
                &self.package(&part.name).join("Puck.toml"),
                &self.manifest(&part),
            )?;
        }
        Ok(())
    }

    fn manifest(&self, part: &Part) -> String {
        let mut text = format!(
            "[package]\nname = \"{}\"\nversion = \"1.0.0\"\n\n[build]\nsources = [\"src/*.{}\"]\n\
             targets = [\"x86-64\"]\n",
            part.name,
            self.language.extension()
        );
        if self.language == Language::Ir {
            // IR without debug information does not tell signs and names.
            for &function in &part.functions {
                let _ = write!(
                    text,
                    "\n[[function]]\nname = \"{}\"\nsignature = \"fn(x: f64, n: i64) -> f64\"\n",
                    name(function)
                );
            }
        }
        text.push_str("\n[dependencies]\n");
        for needed in &part.needs {
            let _ = writeln!(
                text,
                "{needed} = {{ path = \"../{needed}\", version = \"1\" }}"
            );
        }
        text
    }

    /// Writes the source of a function.
    pub(super) fn write(&self, function: usize, revision: usize) -> Result<()> {
        let names = Names::Packages(self.division);
        let text = source::text(self.language, self.graph, function, names, revision);
        let package = self.package(&self.division.part_of(function));
        let file = format!("src/{}.{}", name(function), self.language.extension());
        write(&package.join(file), &text)
    }

    /// Builds what is not built and installs it; milliseconds.
    pub(super) fn install(&self) -> Result<f64> {
        let mut command = Command::new(self.puck);
        command.args(["install", "--quiet"]);
        if self.has_link_modes {
            command.args(["--link", self.mode.name()]);
        }
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("PUCK_") {
                command.env_remove(&variable);
            }
        }
        milliseconds(
            command
                .current_dir(self.project())
                .env("PUCK_HOME", self.home())
                .env("PUCK_CLANG", self.clang),
        )
    }

    /// A function as it is written in a call.
    pub(super) fn qualified(&self, function: usize) -> String {
        format!("{}::{}", self.division.part_of(function), name(function))
    }

    pub(super) fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    /// Where installed libraries are found.
    pub(super) fn libraries(&self) -> PathBuf {
        self.project().join(".puck/lib")
    }

    /// Where the archives of the built packages are kept.
    pub(super) fn archives(&self) -> PathBuf {
        self.home().join("archives")
    }

    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    fn package(&self, name: &str) -> PathBuf {
        self.project().join("packages").join(name)
    }
}
