//! JIT callers: a package's source, compiled at run time as a caller of what is installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::functions::Place;
use super::source::{Naming, Source};
use crate::place::{succeed, write};
use crate::settings::Settings;

/// What is said where the program that compiles callers was not built.
pub(crate) const ABSENT: &str =
    "JIT callers were not measured: the benchmarks were built without the feature `jit`.";

/// Callers of what a project has installed.
pub(crate) struct Callers<'a> {
    program: PathBuf,
    settings: &'a Settings,
    folder: PathBuf,
    project: String,
}

/// How a caller is compiled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Calling {
    Calls,
    Inline,
}

impl Calling {
    pub(crate) const ALL: [Calling; 2] = [Calling::Calls, Calling::Inline];

    /// The name of the way.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Calling::Calls => "Puck, JIT caller",
            Calling::Inline => "Puck, JIT caller, inlining",
        }
    }
}

impl<'a> Callers<'a> {
    /// Whether there is the program that compiles callers.
    pub(crate) fn can_be_compiled() -> Result<bool> {
        Ok(program()?.exists())
    }

    /// Writes headers for callers.
    pub(crate) fn new(
        settings: &'a Settings,
        folder: &Path,
        project: &Path,
        sources: &[Source],
    ) -> Result<Callers<'a>> {
        let callers = Callers {
            program: program()?,
            settings,
            folder: folder.join("callers"),
            project: project.display().to_string(),
        };
        for source in sources {
            let header = callers.folder.join(format!("{}.h", source.name));
            write(&header, &source.header(Naming::Qualified))?;
        }
        Ok(callers)
    }

    /// Compiles a source to IR, and that to a caller.
    pub(crate) fn compile(&self, source: &Source, calling: Calling) -> Result<Place> {
        let file = |extension: &str| self.folder.join(format!("{}.{extension}", source.name));
        write(&file("c"), &source.text)?;
        succeed(
            Command::new(&self.settings.clang)
                .args(["-O3", "-Xclang", "-disable-llvm-passes", "-fPIC"])
                .args(["-S", "-emit-llvm", "-I"])
                .arg(&self.folder)
                .arg("-o")
                .args([file("ll"), file("c")]),
        )?;
        let output = Command::new(&self.program)
            .arg(&self.project)
            .arg(file("ll"))
            .arg(self.folder.join("cache"))
            .arg(match calling {
                Calling::Calls => "calls",
                Calling::Inline => "inline",
            })
            .output()?;
        ensure!(
            output.status.success(),
            "cannot compile {} as a caller: {}",
            source.name,
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout)?;
        let mut lines = text.lines().map(str::to_owned);
        Ok(Place::Caller {
            project: self.project.clone(),
            library: lines.next().context("no library was named")?,
            callees: lines.collect(),
        })
    }
}

/// The program that compiles callers: beside this one.
fn program() -> Result<PathBuf> {
    let this = std::env::current_exe().context("cannot tell what program this is")?;
    Ok(this.with_file_name("puck-benches-jit"))
}
