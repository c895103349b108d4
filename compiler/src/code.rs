//! What is compiled again on the machine that runs it, and what comes of it.

use std::path::Path;

use puck_package::{PackageDocument, SystemImport};

/// A package's IR.
#[derive(Clone, Copy, Debug)]
pub struct Ir<'a> {
    /// The package's description.
    pub document: &'a PackageDocument,
    /// The content of its `ir/NAME.bc`.
    pub bitcode: &'a [u8],
}

/// Code for one processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Relocatable objects, to be linked together in this order.
    pub objects: Vec<Vec<u8>>,
    /// What they need of the system, by symbol.
    pub system_imports: Vec<SystemImport>,
}

/// How to compile.
#[derive(Clone, Copy, Debug)]
pub struct CodeOptions<'a> {
    /// How many threads may work at once; at least 1. The result does not depend on it.
    pub jobs: usize,
    /// A folder for what later runs may use again. Made when it is absent, safe to remove.
    pub cache: &'a Path,
}
