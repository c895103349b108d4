//! Sources: from the files of a package to one bitcode module each.

use puck_package::{Digest, Signature};

use crate::BuildRequest;

/// Why sources could not be compiled or read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {}

/// The modules of a package.
#[derive(Debug)]
pub(crate) struct Sources {
    /// In the order of their paths.
    pub(crate) modules: Vec<SourceModule>,
    /// The compilers that were used: `clang 22.1.8`, `rustc 1.95.0`.
    pub(crate) tools: Vec<String>,
}

/// One module, not optimised, with debug information where the language gives any.
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
}

/// A function as its debug information describes it.
#[derive(Debug)]
pub(crate) struct DebugFunction {
    /// The symbol (linkage name, else the name).
    pub(crate) symbol: String,
    /// The name in the source, without scopes and parameters.
    pub(crate) name: String,
    /// Its signature, or why it cannot be expressed: ``parameter `p` is the struct `Point` by value``.
    pub(crate) signature: Result<Signature, String>,
    /// Whether it is a function outside of classes (C++); `true` in C.
    pub(crate) free_function: bool,
    /// `src/dot.c:12`.
    pub(crate) declared_at: Option<String>,
}

/// Compiles or reads all sources.
pub(crate) fn sources(_request: &BuildRequest<'_>, _progress: &dyn crate::Progress) -> Result<Sources, SourceError> {
    todo!("front end")
}

/// What the sources are, without compiling them: a digest of every input's content (headers and
/// Rust files included, as remembered in the cache folder by the last [`sources`]) and of the tools'
/// identity. `None` when that is not known yet, or an input is gone: then [`sources`] must run.
/// Must take few milliseconds for a thousand files.
pub(crate) fn fingerprint(_request: &BuildRequest<'_>) -> Result<Option<Digest>, SourceError> {
    Ok(None)
}

/// The functions that the DWARF of `object` (x86-64 ELF, relocatable) describes.
pub(crate) fn signatures_from_debug(_object: &[u8]) -> Result<Vec<DebugFunction>, SourceError> {
    Ok(Vec::new())
}
