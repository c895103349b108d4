//! What a build is asked for and what it gives.

use std::collections::BTreeMap;
use std::path::Path;

use puck_package::{Manifest, PackageDocument};

/// A package to build.
#[derive(Clone, Copy, Debug)]
pub struct BuildRequest<'a> {
    /// The package's manifest. It has a `[package]` section.
    pub manifest: &'a Manifest,
    /// The folder of the project; paths in the manifest are relative to it.
    pub directory: &'a Path,
    /// The installed packages that the manifest's `[dependencies]` name.
    pub dependencies: &'a [PackageDocument],
    /// The environment that these are installed in, with all that they call; `None` where nobody made
    /// one. For the front end for Python, which calls functions while it compiles.
    pub environment: Option<&'a Path>,
    /// A folder for what later builds may use again. Made when it is absent, safe to remove.
    pub cache: &'a Path,
    /// How many threads may work at once; at least 1.
    pub jobs: usize,
}

/// What a build gave: all that an archive holds.
#[derive(Clone, Debug)]
pub struct Built {
    /// The archive's `package.json`.
    pub document: PackageDocument,
    /// The archive's other files: path below `NAME-VERSION/` and content.
    pub files: BTreeMap<String, Vec<u8>>,
    /// How many objects were compiled by this build, and not taken from the cache.
    pub compiled: usize,
}

/// Told what a build is doing. Methods may be called from several threads at once.
pub trait Progress: Sync {
    /// A step begins: `Compiling src/dot.c`, `Generating x86-64-v3`.
    fn step(&self, what: &str);
    /// Something that does not stop the build but that the user should see, such as a compiler's
    /// warnings.
    fn warning(&self, message: &str);
}

/// Ignores everything.
impl Progress for () {
    fn step(&self, _what: &str) {}
    fn warning(&self, _message: &str) {}
}
