//! Sources: from the files of a package to one bitcode module each.
//!
//! | module | what |
//! |---|---|
//! | [`pattern`] | `sources` of the manifest to files |
//! | [`clang`] | C and C++, by clang, remembered by content |
//! | [`rust`] | a Rust crate, by cargo, with all that it needs of the standard library |
//! | [`python`] | functions that Numba compiles, by a front end in Python |
//! | [`inputs`] | all that went into a run, and its fingerprint |
//! | [`debug`] | signatures from DWARF |
//!
//! Modules come out as the language's compiler makes them before it optimises for a processor:
//! vectorising, unrolling and the like are done once a target, by the back end. No path of the
//! machine gets into them: the project's folder is `.`.
//!
//! What is kept in the cache folder: `clang/` (modules by content), `include/` (headers of
//! dependencies), `rust/` (cargo's target folder), `inputs.json`, and what is in the making. All of
//! it may be removed.

mod clang;
mod debug;
mod dependencies;
mod error;
mod files;
mod inputs;
mod pattern;
mod process;
mod python;
mod rust;
#[cfg(test)]
mod testing;

use puck_package::Digest;

pub(crate) use debug::{DebugFunction, signatures_from_debug};
pub use error::SourceError;
pub(crate) use python::{Described, DescribedFunction};
pub use rust::cargo_manifest;

use crate::{BuildRequest, Progress};
use files::Files;
use inputs::Inputs;

/// The modules of a package.
#[derive(Debug)]
pub(crate) struct Sources {
    /// In the order of their paths.
    pub(crate) modules: Vec<SourceModule>,
    /// The compilers that were used: `clang 22.1.8`, `rustc 1.95.0`.
    pub(crate) tools: Vec<String>,
    /// What the front end for Python says of its module.
    pub(crate) described: Described,
    /// What [`fingerprint`] gives from now on until an input changes. `None` if an input changed
    /// while this was at work, or cannot be followed: then nothing may be built on it.
    pub(crate) fingerprint: Option<Digest>,
}

/// One module, not optimised for a processor. A language's compiler gives it debug information,
/// which signatures are read from, or compared with.
#[derive(Debug)]
pub(crate) struct SourceModule {
    /// The source file (relative to the project), for messages.
    pub(crate) path: String,
    /// LLVM bitcode or IR as text; UTF-8 text needs no conversion.
    pub(crate) bitcode: Vec<u8>,
    /// The language.
    pub(crate) language: Language,
    /// The symbols that the language exports to C; `None`: every strong external definition.
    /// (A Rust crate's bitcode holds external symbols of the standard library too.)
    pub(crate) exports: Option<Vec<String>>,
}

/// A source language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// C.
    C,
    /// C++.
    Cpp,
    /// Rust.
    Rust,
    /// LLVM IR, from whatever producer.
    Ir,
    /// Python, compiled by Numba.
    Python,
}

/// Compiles or reads all sources. Files that did not change since they were last compiled with the
/// same cache folder are not compiled again.
pub(crate) fn sources(
    request: &BuildRequest<'_>,
    progress: &dyn Progress,
) -> Result<Sources, SourceError> {
    let build = &request.manifest.build;
    if build.sources.is_empty() && build.cargo.is_none() {
        return Err(SourceError::NoSources {
            manifest: request.manifest.path.clone(),
        });
    }
    let krate = match &build.cargo {
        Some(cargo) => Some((cargo, rust::prepare(request, cargo)?)),
        None => None,
    };
    let files = Files::new(request.directory);
    let mut inputs = Inputs::default();
    let list = pattern::expand(request.manifest, request.directory)?;
    let mut tools = Vec::new();
    let mut modules = Vec::new();
    let mut described = Described::default();
    let of = |languages: &[Language]| -> Vec<_> {
        let chosen = list.iter();
        chosen
            .filter(|file| languages.contains(&file.language))
            .collect()
    };
    let scripts = of(&[Language::Python]);
    if scripts.is_empty() {
        expect_no_numba(request)?;
    }
    for file in of(&[Language::Ir]) {
        files.digest(&file.path);
        modules.push(SourceModule {
            path: file.path.clone(),
            bitcode: fs_err::read(files.locate(&file.path))?,
            language: Language::Ir,
            exports: None,
        });
    }
    let compiled = of(&[Language::C, Language::Cpp]);
    if !compiled.is_empty() {
        let compiler = clang::Compiler::new(request)?;
        modules.extend(compiler.compile(&compiled, &files, request.jobs, progress, &mut inputs)?);
        tools.push(compiler.tool());
    }
    if !scripts.is_empty() {
        let built = python::compile(request, &scripts, progress, &mut inputs)?;
        modules.push(built.module);
        tools.extend(built.tools);
        // Looked at only now: what changed while the front end ran is seen to have changed.
        let paths = scripts.iter().map(|file| &file.path);
        for path in paths.chain(&built.inputs) {
            files.digest(path);
        }
        described = built.described;
    }
    if let Some((cargo, krate)) = &krate {
        let built = rust::compile(request, krate, cargo, progress, &mut inputs)?;
        modules.push(built.module);
        tools.push(built.tool);
    }
    modules.sort_by(|a, b| a.path.cmp(&b.path));
    inputs.write(request)?;
    let fingerprint = inputs.fingerprint(request, &files)?;
    Ok(Sources {
        modules,
        tools,
        described,
        fingerprint: fingerprint.filter(|_| !files.changed()),
    })
}

/// Refuses functions of Numba where no source could have them.
fn expect_no_numba(request: &BuildRequest<'_>) -> Result<(), SourceError> {
    let mut functions = request.manifest.functions.iter();
    match functions.find(|function| !function.numba.is_empty()) {
        Some(function) => Err(SourceError::NoPython {
            manifest: request.manifest.path.clone(),
            function: function.name.to_string(),
        }),
        None => Ok(()),
    }
}

/// What the sources are, without compiling them: a digest of every input's content (headers and
/// Rust files included, as remembered in the cache folder by the last [`sources`]) and of the tools'
/// identity. `None` when that is not known yet, or an input is gone: then [`sources`] must run.
pub(crate) fn fingerprint(request: &BuildRequest<'_>) -> Result<Option<Digest>, SourceError> {
    match Inputs::read(request) {
        Some(inputs) => inputs.fingerprint(request, &Files::new(request.directory)),
        None => Ok(None),
    }
}
