//! `package.json`: what an archive says of itself. See `docs/archive.md`.

mod check;
mod convention;
mod host;

pub use convention::{expect_form, is_imported};
pub use host::{HostSection, PROVIDERS, check_host_imports, host_table};

use std::collections::{BTreeMap, BTreeSet};

use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

use crate::format::{self, DocumentError, Numbered};
use crate::{Digest, FunctionName, LinkName, PackageName, Series, Signature, Target};

/// The calling convention of C: the one that this program can call, and that signatures describe.
pub const ABI_C: &str = "c";
/// Numba's own convention for processors: a status, a pointer for the result, one for the exception,
/// then the arguments, flat.
pub const ABI_NUMBA: &str = "numba-cpu-1";
/// The convention of functions that a Python interpreter calls.
pub const ABI_CPYTHON: &str = "cpython-1";

/// The facts of a packed package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageDocument {
    /// [`format::PACKAGE`].
    pub format: u32,
    /// The package's name.
    pub name: PackageName,
    /// The package's version.
    pub version: Version,
    /// One line for listings.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// An SPDX expression.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub license: String,
    /// People, as `Name <address>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Where the source is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repository: String,
    /// Words to be found by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// What the package offers, by name, then signature.
    pub functions: Vec<Function>,
    /// What it calls of other packages, by link name.
    #[serde(default)]
    pub imports: Vec<Import>,
    /// What it calls of the system's libraries, by symbol; for all targets together.
    #[serde(default)]
    pub system_imports: Vec<SystemImport>,
    /// What the process that loads it must provide, by symbol.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_imports: Vec<HostImport>,
    /// The packages that it imports from, by name.
    #[serde(default)]
    pub dependencies: Vec<PackageDependency>,
    /// The object of each target, by the target's name. Names unknown here are kept.
    pub targets: BTreeMap<String, TargetObject>,
    /// Every other file of the archive, by path.
    pub files: BTreeMap<String, FileFacts>,
    /// What it was built with.
    pub tools: Tools,
    /// The optimisation level, 0 to 3.
    pub opt_level: u8,
    /// Whether the IR and the objects carry debug information.
    #[serde(default)]
    pub debug: bool,
}

/// An exported function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Function {
    /// Its name; several functions may share one if their signatures differ.
    pub name: FunctionName,
    /// The calling convention: [`ABI_C`], [`ABI_NUMBA`], [`ABI_CPYTHON`], or one that this program
    /// does not know. A function of such is kept and listed, but not called.
    #[serde(default = "abi_c")]
    pub abi: String,
    /// Its types, with parameter names where they are known.
    pub signature: Signature,
    /// Its symbol.
    pub link_name: LinkName,
    /// Its type as people know it in the language that it was written in, where that is not C's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Who must provide something to the process that calls it: some of [`PROVIDERS`]; `None` where that
    /// is not known, as of functions of C's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<String>>,
    /// The size in bytes of its machine code, by target.
    #[serde(default)]
    pub sizes: BTreeMap<String, u64>,
}

pub(crate) fn abi_c() -> String {
    ABI_C.to_owned()
}

pub(crate) fn is_abi_c(abi: &str) -> bool {
    abi == ABI_C
}

/// A function of another package that this one calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Import {
    /// The package that exports it.
    pub package: PackageName,
    /// Its name there.
    pub function: FunctionName,
    /// The calling convention, as for [`Function::abi`].
    #[serde(default = "abi_c", skip_serializing_if = "is_abi_c")]
    pub abi: String,
    /// Its types, as the package that exports it states them, parameter names included.
    pub signature: Signature,
    /// Its symbol.
    pub link_name: LinkName,
}

/// A symbol of the system's libraries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SystemImport {
    /// The symbol, without its version.
    pub symbol: String,
    /// The library that provides it, by SONAME: `libm.so.6`.
    pub library: String,
    /// The version of the symbol that is bound to: `GLIBC_2.29`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A symbol that the process itself must provide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostImport {
    /// The symbol.
    pub symbol: String,
    /// Who is known to provide it: one of [`PROVIDERS`], or one that this program does not know.
    pub provider: String,
}

/// A package that this one needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageDependency {
    /// Its name.
    pub name: PackageName,
    /// The versions that the manifest allows.
    pub requirement: VersionReq,
    /// The series that it was compiled against: of the versions allowed, only these can be linked.
    pub series: Series,
    /// The registry it comes from, where it is not the package's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
}

/// What was compiled for a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TargetObject {
    /// The path of the relocatable object in the archive. Targets may share one.
    pub object: String,
}

/// The content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileFacts {
    /// Of the whole file.
    pub sha256: Digest,
    /// In bytes.
    pub size: u64,
}

/// The versions of what built a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tools {
    /// Puck's own version.
    pub puck: String,
    /// The LLVM that made the objects.
    pub llvm: String,
    /// The compilers of the sources: `clang 22.1.8`, `rustc 1.95.0`.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// What is contradictory in a document.
#[derive(Debug, thiserror::Error)]
pub enum InvalidDocument {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] DocumentError),
    /// It contradicts itself.
    #[error("package.json of {name} {version} is not valid: {reason}")]
    Contradiction {
        /// The package it claims to be.
        name: PackageName,
        /// The version it claims to be.
        version: Version,
        /// What does not fit.
        reason: String,
    },
}

impl Numbered for PackageDocument {
    fn format(&self) -> u32 {
        self.format
    }
}

impl Function {
    /// Whether it has C's calling convention, and so can be called from here.
    #[must_use]
    pub fn is_c(&self) -> bool {
        is_abi_c(&self.abi)
    }
}

impl PackageDocument {
    /// Reads a document and checks that it agrees with itself.
    ///
    /// # Errors
    /// If it is not JSON, of a newer format, or contradictory.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidDocument> {
        let document: Self = format::read_json("package.json", bytes, format::PACKAGE)?;
        document.check()?;
        Ok(document)
    }

    /// Checks that the document agrees with itself.
    ///
    /// # Errors
    /// [`InvalidDocument::Contradiction`].
    pub fn check(&self) -> Result<(), InvalidDocument> {
        check::check(self).map_err(|reason| InvalidDocument::Contradiction {
            name: self.name.clone(),
            version: self.version.clone(),
            reason,
        })
    }

    /// The document as it stands in an archive: indented JSON and a last line feed.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("all keys are strings");
        bytes.push(b'\n');
        bytes
    }

    /// The package's compatibility series.
    #[must_use]
    pub fn series(&self) -> Series {
        Series::of(&self.version)
    }

    /// The SONAME of the package's library.
    #[must_use]
    pub fn soname(&self) -> String {
        crate::soname(&self.name, &self.series())
    }

    /// The path of the package's IR in the archive.
    #[must_use]
    pub fn ir_path(&self) -> String {
        format!("ir/{}.bc", self.name)
    }

    /// The path of the package's C header in the archive.
    #[must_use]
    pub fn header_path(&self) -> String {
        format!("include/{}.h", self.name)
    }

    /// The symbol of the table that a loader fills with the addresses of [`Self::host_imports`], in
    /// their order; `None` if there are none.
    ///
    /// It is named after them, so that a table is never taken for one with other entries.
    #[must_use]
    pub fn host_table(&self) -> Option<LinkName> {
        host_table(&self.name, &self.series(), &self.host_imports)
    }

    /// All symbols that the package's objects define for others: its functions, and the table of its
    /// host imports.
    #[must_use]
    pub fn exported_symbols(&self) -> Vec<LinkName> {
        let functions = self.functions.iter();
        functions
            .map(|function| function.link_name.clone())
            .chain(self.host_table())
            .collect()
    }

    /// The functions of that name, whatever their calling conventions.
    pub fn overloads<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Function> {
        self.functions
            .iter()
            .filter(move |function| function.name.as_str() == name)
    }

    /// The targets that this program knows, the oldest first, with their objects.
    #[must_use]
    pub fn known_targets(&self) -> Vec<(Target, &TargetObject)> {
        let mut known: Vec<_> = self
            .targets
            .iter()
            .filter_map(|(name, object)| Some((name.parse().ok()?, object)))
            .collect();
        known.sort_by_key(|(target, _)| *target);
        known
    }

    /// The newest glibc version that a system import needs, as (major, minor).
    #[must_use]
    pub fn glibc(&self) -> Option<(u32, u32)> {
        self.system_imports
            .iter()
            .filter_map(|import| glibc_version(import.version.as_deref()?))
            .max()
    }

    /// The SONAMEs of the packages that are imported from, sorted.
    #[must_use]
    pub fn imported_sonames(&self) -> BTreeSet<String> {
        self.imports
            .iter()
            .map(|import| import.link_name.soname())
            .collect()
    }
}

/// (2, 29) of `GLIBC_2.29`; `None` for the versions of other libraries.
#[must_use]
pub fn glibc_version(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix("GLIBC_")?.split('.');
    let (major, minor) = (numbers.next()?, numbers.next()?);
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
pub(crate) mod tests;
