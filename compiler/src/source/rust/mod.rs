//! A Rust crate, compiled to one module by cargo.
//!
//! Fat LTO brings along what the crate uses of its dependencies, `core`, `alloc` and `std`. The crate
//! is built as a `cdylib`, the one kind whose exports are C's, but nothing is linked: in place of
//! the linker stands a script that keeps the list of exports, so no linker need be installed unless
//! a build script or a procedural macro wants one.
//!
//! rustc does inline and simplify, which makes a module a tenth as large, but is told neither to
//! vectorise nor to unroll: it would for the base level of the processor.

mod cargo;
mod inputs;
mod manifest;

use std::path::PathBuf;

use puck_package::Digest;

use super::inputs::Inputs;
use super::{Language, SourceError, SourceModule, process};
use crate::{BuildRequest, Progress, temporary};
use cargo::Crate;
pub use manifest::cargo_manifest;

/// The newest LLVM whose bitcode can be read.
const NEWEST_LLVM: u32 = super::clang::NEWEST;

/// Stands in for the linker: copies the version script, in which rustc lists what the crate
/// exports, to where `PUCK_EXPORTS` says.
const LINKER: &str = "#!/bin/sh\n\
    : >\"$PUCK_EXPORTS\" || exit 1\n\
    for argument in \"$@\"; do\n\
    \x20 case \"$argument\" in\n\
    \x20   *--version-script=*) cat \"${argument##*--version-script=}\" >\"$PUCK_EXPORTS\" || exit 1 ;;\n\
    \x20 esac\n\
    done\n";

/// A compiled crate.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) module: SourceModule,
    /// `rustc 1.95.0`.
    pub(super) tool: String,
}

/// Reads the crate whose `Cargo.toml` is at `path`, relative to the project, and has cargo write
/// the lockfile if there is none: it is an input, and to be there before the others are looked at.
pub(super) fn prepare(request: &BuildRequest<'_>, path: &str) -> Result<Crate, SourceError> {
    let krate = Crate::read(&std::path::absolute(request.directory)?.join(path))?;
    krate.lock();
    Ok(krate)
}

/// Compiles `krate`, whose `Cargo.toml` is at `path`. Where nothing changed cargo sees that and the
/// module of the last time is taken.
pub(super) fn compile(
    request: &BuildRequest<'_>,
    krate: &Crate,
    path: &str,
    progress: &dyn Progress,
    inputs: &mut Inputs,
) -> Result<Built, SourceError> {
    let directory = std::path::absolute(request.directory)?;
    let rustc = cargo::Rustc::query(&krate.folder)?;
    if rustc.llvm > NEWEST_LLVM {
        return Err(SourceError::Crate {
            path: krate.manifest.clone(),
            reason: format!(
                "rustc {} uses LLVM {}, newer than the {NEWEST_LLVM} that can be read; choose an \
                 older toolchain in rust-toolchain.toml",
                rustc.version, rustc.llvm
            ),
        });
    }
    let place = Place::new(request, krate, &rustc)?;
    let tool = format!("rustc {}", rustc.version);
    progress.step(&format!("Compiling {} with {tool}", krate.name));
    let command = |place: &Place| cargo::command(request, krate, &rustc, place);
    run(command(&place), path, &tool, progress)?;
    if !place.is_whole() {
        // Cargo remembers that it compiled, but what it made was removed.
        fs_err::remove_dir_all(&place.target)?;
        run(command(&place), path, &tool, progress)?;
    }
    inputs::collect(krate, &rustc, &place.target, &directory, inputs)?;
    let module = SourceModule {
        path: path.to_owned(),
        bitcode: fs_err::read(&place.bitcode)?,
        language: Language::Rust,
        exports: Some(parse_exports(&fs_err::read_to_string(&place.exports)?)),
    };
    Ok(Built { module, tool })
}

fn run(
    mut command: std::process::Command,
    path: &str,
    tool: &str,
    progress: &dyn Progress,
) -> Result<(), SourceError> {
    let output = process::run(&mut command)?;
    if !output.status.success() {
        return Err(SourceError::Compile {
            files: vec![path.to_owned()],
            tool: tool.to_owned(),
            message: process::said(&output),
        });
    }
    let warnings = String::from_utf8_lossy(&output.stderr);
    if !warnings.trim().is_empty() {
        progress.warning(warnings.trim_end());
    }
    Ok(())
}

/// Where things are put.
#[derive(Debug)]
struct Place {
    /// Cargo's target folder.
    target: PathBuf,
    /// The module. Its name is made of all that tells one way of compiling from another: cargo
    /// takes a crate for fresh by the options alone, wherever the module went the last time.
    bitcode: PathBuf,
    exports: PathBuf,
    linker: PathBuf,
}

impl Place {
    fn new(
        request: &BuildRequest<'_>,
        krate: &Crate,
        rustc: &cargo::Rustc,
    ) -> Result<Self, SourceError> {
        let target = std::path::absolute(request.cache)?.join("rust");
        let build = &request.manifest.build;
        let key = Digest::of(
            format!(
                "{}\n{}\n{:?}\n{}\n{:?}\n{}",
                rustc.text,
                build.opt_level,
                build.flags,
                krate.name,
                krate.settings()?,
                LINKER,
            )
            .as_bytes(),
        );
        let stem = format!("{}-{}", krate.name, key.prefix(16));
        let linker = target.join("linker");
        if fs_err::read(&linker).ok().as_deref() != Some(LINKER.as_bytes()) {
            temporary::write_program(request.cache, &linker, LINKER.as_bytes())?;
        }
        Ok(Self {
            bitcode: target.join(format!("{stem}.bc")),
            exports: target.join(format!("{stem}.exports")),
            linker,
            target,
        })
    }

    fn is_whole(&self) -> bool {
        self.bitcode.is_file() && self.exports.is_file() && self.linker.is_file()
    }
}

/// The symbols between `global:` and `local:` of a version script, sorted.
fn parse_exports(script: &str) -> Vec<String> {
    let lines = script.lines().map(str::trim);
    let names = lines.skip_while(|line| *line != "global:").skip(1);
    let mut exports: Vec<_> = names
        .take_while(|line| *line != "local:")
        .map(|line| line.trim_end_matches(';').trim_matches('"').to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    exports.sort();
    exports
}

#[cfg(test)]
mod tests;
