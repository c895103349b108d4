//! Without Puck: libraries linked by hand, and every function with all that it calls embedded.
//!
//! `clang -O3 -fPIC -march=x86-64` for each function, then `clang -shared`, as many at once as there are
//! processors. Libraries are not stripped and have no DWARF: like Puck's, they keep the names of functions
//! in `.symtab`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use super::division::{Division, Part};
use super::graph::{Graph, name};
use super::parallel;
use super::source::{self, Language, Names};
use super::way::Way;
use crate::place::{succeed, write};

/// Sources, objects and libraries in a folder.
pub(super) struct Plain<'a> {
    pub(super) graph: &'a Graph,
    pub(super) language: Language,
    pub(super) division: Division,
    pub(super) way: Way,
    pub(super) clang: &'a str,
    pub(super) folder: &'a Path,
}

impl Plain<'_> {
    /// Writes the source of a function, and what is needed to link it.
    pub(super) fn write(&self, function: usize, revision: usize) -> Result<()> {
        let text = source::text(self.language, self.graph, function, Names::Plain, revision);
        write(&self.source(function), &text)?;
        if self.way == Way::Embedded {
            // Nothing that is embedded is visible: the smallest that embedding can be.
            let script = format!("{{ global: {}; local: *; }};\n", name(function));
            write(&self.script(function), &script)?;
        }
        Ok(())
    }

    /// Builds everything; milliseconds.
    pub(super) fn build(&self) -> Result<f64> {
        fs_err::create_dir_all(self.folder.join("obj"))?;
        fs_err::create_dir_all(self.folder.join("lib"))?;
        let all: Vec<usize> = (0..self.graph.functions()).collect();
        let start = Instant::now();
        parallel::for_each(&all, |&function| self.compile(function))?;
        self.link(|_| true)?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    }

    /// Builds what has to be built anew when a function changed; milliseconds.
    pub(super) fn build_after(&self, changed: usize) -> Result<f64> {
        let start = Instant::now();
        self.compile(changed)?;
        self.link(|functions| functions.contains(&changed))?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    }

    /// The library that a function is in.
    pub(super) fn library(&self, function: usize) -> PathBuf {
        match self.way {
            Way::Embedded => self.named(&name(function)),
            _ => self.named(&self.division.part_of(function)),
        }
    }

    fn compile(&self, function: usize) -> Result<()> {
        let mut command = Command::new(self.clang);
        command.args([
            "-O3",
            "-fPIC",
            "-march=x86-64",
            "-Wno-override-module",
            "-c",
        ]);
        succeed(
            command
                .arg(self.source(function))
                .arg("-o")
                .arg(self.object(function)),
        )
    }

    /// Links the libraries whose functions are concerned.
    fn link(&self, concerned: impl Fn(&[usize]) -> bool + Sync) -> Result<()> {
        if self.way == Way::Embedded {
            let all: Vec<usize> = (0..self.graph.functions()).collect();
            return parallel::for_each(&all, |&function| {
                let closure: Vec<usize> = self.graph.closure(function).into_iter().collect();
                if concerned(&closure) {
                    self.link_embedded(function, &closure)
                } else {
                    Ok(())
                }
            });
        }
        let parts = self.division.parts(self.graph);
        // A library must be there before those that need it are linked.
        let layer = |part: &Part| {
            part.functions
                .first()
                .map(|function| function / super::graph::LAYER)
        };
        for layer in parts.chunk_by(|a, b| layer(a) == layer(b)) {
            let concerned: Vec<&Part> = layer
                .iter()
                .filter(|part| concerned(&part.functions))
                .collect();
            parallel::for_each(&concerned, |part| self.link_part(part))?;
        }
        Ok(())
    }

    fn link_part(&self, part: &Part) -> Result<()> {
        let file = format!("{}.so", part.name);
        let mut command = Command::new(self.clang);
        command
            .arg("-shared")
            .arg(format!("-Wl,-soname,{file}"))
            .arg("-Wl,-rpath,$ORIGIN")
            .arg("-o")
            .arg(self.named(&part.name));
        command.args(part.functions.iter().map(|&function| self.object(function)));
        command.args(part.needs.iter().map(|needed| self.named(needed)));
        succeed(command.arg("-lm"))
    }

    fn link_embedded(&self, function: usize, closure: &[usize]) -> Result<()> {
        let mut command = Command::new(self.clang);
        command.arg("-shared").arg(format!(
            "-Wl,--version-script={}",
            self.script(function).display()
        ));
        command.arg("-o").arg(self.named(&name(function)));
        command.args(closure.iter().map(|&function| self.object(function)));
        succeed(command.arg("-lm"))
    }

    fn named(&self, part: &str) -> PathBuf {
        self.folder.join(format!("lib/{part}.so"))
    }

    fn source(&self, function: usize) -> PathBuf {
        let file = format!("src/{}.{}", name(function), self.language.extension());
        self.folder.join(file)
    }

    fn object(&self, function: usize) -> PathBuf {
        self.folder.join(format!("obj/{}.o", name(function)))
    }

    fn script(&self, function: usize) -> PathBuf {
        self.folder.join(format!("src/{}.map", name(function)))
    }
}
