//! The same sources without Puck: a shared library for each package, and all as one program.
//!
//! *One program* is a shared library too, so that it is called as the others are: link-time optimised from
//! all sources, with nothing visible but the functions that are called from outside. That needs a linker
//! that takes LLVM's bitcode: lld, or GNU's linkers with the plugin that Debian's clang comes with.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::source::{Naming, Source};
use crate::place::{succeed, write};

/// What every compilation is given.
const FLAGS: [&str; 2] = ["-O3", "-fPIC"];

/// Linkers that take bitcode, the usual one first.
const LINKERS: [&str; 3] = ["lld", "bfd", "gold"];

/// Sources for a plain compiler, and where it puts what it makes of them.
pub(crate) struct Plain<'a> {
    clang: &'a str,
    folder: PathBuf,
    sources: &'a [Source],
}

impl<'a> Plain<'a> {
    /// Writes the sources, callees first, and their headers.
    pub(crate) fn new(clang: &'a str, folder: &Path, sources: &'a [Source]) -> Result<Plain<'a>> {
        let plain = Plain {
            clang,
            folder: folder.to_owned(),
            sources,
        };
        for source in sources {
            write(&plain.source(source), &source.text)?;
            let header = plain.headers().join(format!("{}.h", source.name));
            write(&header, &source.header(Naming::Plain))?;
        }
        Ok(plain)
    }

    /// A library for each package, linked with those of its dependencies; `flags` more for the compiler.
    pub(crate) fn separate(&self, name: &str, flags: &[&str]) -> Result<Separate> {
        let folder = self.folder.join(name);
        fs_err::create_dir_all(&folder)?;
        for source in self.sources {
            let mut command = self.command();
            command
                .args(flags)
                .arg("-shared")
                .arg("-Wl,-rpath,$ORIGIN")
                .arg("-o")
                .arg(folder.join(format!("lib{}.so", source.name)))
                .arg(self.source(source))
                .arg("-L")
                .arg(&folder);
            for dependency in source.dependencies {
                command.arg(format!("-l{dependency}"));
            }
            succeed(command.arg("-lm"))?;
        }
        Ok(Separate(folder))
    }

    /// One library of everything, with only `visible` to be found in it; and the linker that made it.
    pub(crate) fn whole(&self, visible: &[String]) -> Result<(PathBuf, &'static str)> {
        let files: Vec<PathBuf> = self.sources.iter().map(|one| self.source(one)).collect();
        let mut failure = None;
        for linker in LINKERS {
            let flags = ["-march=native", "-flto", &format!("-fuse-ld={linker}")];
            match self.closed("whole", &flags, &files, visible) {
                Ok(library) => return Ok((library, linker)),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.context("no linker was tried")?.context(format!(
            "none of the linkers {} takes clang's bitcode: install lld",
            LINKERS.join(", ")
        )))
    }

    /// The same from one file that includes all sources.
    pub(crate) fn one_source(&self, visible: &[String]) -> Result<PathBuf> {
        let file = self.folder.join("src/all.c");
        let text: String = self
            .sources
            .iter()
            .map(|source| format!("#include \"{}.c\"\n", source.name))
            .collect();
        write(&file, &text)?;
        self.closed("one-source", &["-march=native"], &[file], visible)
    }

    /// A library in which only `visible` is to be found.
    fn closed(
        &self,
        name: &str,
        flags: &[&str],
        files: &[PathBuf],
        visible: &[String],
    ) -> Result<PathBuf> {
        let map = self.folder.join(format!("{name}.map"));
        let mut text = "{\n  global:\n".to_owned();
        for symbol in visible {
            let _ = writeln!(text, "    {symbol};");
        }
        write(&map, &(text + "  local: *;\n};\n"))?;
        let library = self.folder.join(format!("{name}.so"));
        let mut command = self.command();
        command
            .args(flags)
            .arg("-shared")
            .arg(format!("-Wl,--version-script={}", map.display()))
            .arg("-o")
            .arg(&library)
            .args(files)
            .arg("-lm");
        succeed(&mut command)?;
        Ok(library)
    }

    /// One library of one source, which is not among the others.
    pub(crate) fn single(&self, name: &str, flags: &[&str], text: &str) -> Result<PathBuf> {
        let source = self.folder.join(format!("{name}.c"));
        write(&source, text)?;
        let library = self.folder.join(format!("{name}.so"));
        let mut command = self.command();
        command
            .args(flags)
            .arg("-shared")
            .arg("-o")
            .arg(&library)
            .arg(source);
        succeed(command.arg("-lm"))?;
        Ok(library)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.clang);
        command.args(FLAGS).arg("-I").arg(self.headers());
        command
    }

    fn headers(&self) -> PathBuf {
        self.folder.join("include")
    }

    fn source(&self, source: &Source) -> PathBuf {
        self.folder.join("src").join(format!("{}.c", source.name))
    }
}

/// The folder of separate libraries.
pub(crate) struct Separate(PathBuf);

impl Separate {
    /// A package's library.
    pub(crate) fn library(&self, package: &str) -> PathBuf {
        self.0.join(format!("lib{package}.so"))
    }
}
