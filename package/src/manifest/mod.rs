//! `Puck.toml`: what a package is made of, or what a project needs. See `docs/manifest.md`.
//!
//! Read by hand from a TOML tree with positions, rather than derived, so that every error names
//! the key, the file and the line, and the nearest known key.

mod cargo;
mod environment;
mod function_path;
mod functions;
mod sections;
pub(crate) mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};

use crate::format::NewerFormat;
use crate::positioned::{Placed, Source};
use crate::{Capability, FunctionName, PackageName, RegistryLocation, Signature, Target};

pub use environment::EnvironmentSection;
pub use function_path::{FunctionPath, FunctionPathError};

/// The file's name.
pub const FILE: &str = "Puck.toml";
/// The largest manifest that is read, in bytes.
pub const MAX_SIZE: u64 = 8 << 20;

/// A manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The file it was read from.
    pub path: PathBuf,
    /// What the package is; `None` for a project that only consumes packages.
    pub package: Option<PackageSection>,
    /// How the package is built.
    pub build: BuildSection,
    /// What is exported; if empty, every external definition.
    pub functions: Vec<FunctionSection>,
    /// What is needed.
    pub dependencies: BTreeMap<PackageName, Dependency>,
    /// Registries by the names that dependencies use; folders are joined to the manifest's own.
    pub registries: BTreeMap<String, Placed<RegistryLocation>>,
    /// What is taken in place of what a registry has, wherever it is needed.
    pub patches: BTreeMap<PackageName, Patch>,
    /// The projects that share this one's lockfile.
    pub workspace: Option<WorkspaceSection>,
    /// What installed packages must not do.
    pub policy: PolicySection,
    /// How the environment is linked, if it says so.
    pub environment: Option<EnvironmentSection>,
}

/// `[package]`
#[derive(Clone, Debug, PartialEq)]
pub struct PackageSection {
    /// The package's name.
    pub name: PackageName,
    /// Its version, without build metadata.
    pub version: Version,
    /// One line for listings.
    pub description: String,
    /// An SPDX expression.
    pub license: String,
    /// People, as `Name <address>`.
    pub authors: Vec<String>,
    /// Where the source is.
    pub repository: String,
    /// A file to be packed along, relative to the manifest.
    pub readme: Option<String>,
    /// Words to be found by.
    pub keywords: Vec<String>,
}

/// `[build]`
#[derive(Clone, Debug, PartialEq)]
pub struct BuildSection {
    /// Patterns of source files, relative to the manifest.
    pub sources: Vec<String>,
    /// In place of `sources`: a crate's `Cargo.toml`, relative to the manifest.
    pub cargo: Option<String>,
    /// What objects are made for, sorted; never empty, always with the base target.
    pub targets: Vec<Target>,
    /// 0 to 3.
    pub opt_level: u8,
    /// More flags for the compilers of the sources: clang, or rustc where `cargo` is used.
    pub flags: Vec<String>,
    /// Whether IR and objects keep debug information.
    pub debug: bool,
    /// The interpreter that reads Python sources, relative to the manifest.
    pub python: Option<String>,
}

/// `[[function]]`
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSection {
    /// The exported name.
    pub name: FunctionName,
    /// The symbol in the sources; the name if `None`. For a function of Python `name` or
    /// `module.name`.
    pub symbol: Option<String>,
    /// The types; read from debug information if `None`.
    pub signature: Option<Signature>,
    /// For a function that Numba compiles: its types, as Numba writes them; one signature an
    /// overload. Empty for all others.
    pub numba: Vec<String>,
    /// What it does.
    pub doc: Option<String>,
}

/// A line of `[dependencies]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// The versions that will do.
    pub requirement: VersionReq,
    /// The registry it comes from; the default one if `None`.
    pub registry: Option<String>,
    /// A folder with its sources, relative to the manifest.
    pub path: Option<PathBuf>,
}

/// A line of `[patch]`: what is taken in place of a package.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// What is built from a folder, relative to the manifest.
    Path(PathBuf),
    /// What a registry has.
    Registry {
        /// The registry; where the package comes from anyway if `None`.
        registry: Option<String>,
        /// The versions that will do.
        requirement: VersionReq,
    },
}

/// `[workspace]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceSection {
    /// Folders of projects, or patterns of such, relative to the manifest.
    pub members: Vec<String>,
}

/// `[policy]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySection {
    /// What no installed package may touch.
    pub deny: BTreeSet<Capability>,
}

/// Why a manifest, or the file of settings, could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is of a newer format.
    #[error(transparent)]
    Newer(#[from] NewerFormat),
    /// It is not TOML.
    #[error("{path} is not valid TOML\n{message}")]
    Toml {
        /// The file.
        path: String,
        /// The reader's message, with the line.
        message: String,
    },
    /// A key or a value is not what is expected there.
    #[error("{path}:{line}: {message}")]
    Invalid {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What was expected and what was found.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl ManifestError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Invalid { hint, .. } => hint.clone(),
            _ => None,
        }
    }
}

impl Default for BuildSection {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            cargo: None,
            targets: Target::DEFAULTS.to_vec(),
            opt_level: 3,
            flags: Vec::new(),
            debug: false,
            python: None,
        }
    }
}

impl BuildSection {
    /// Whether a file that `sources` matches may be of Python, going by the patterns alone.
    #[must_use]
    pub fn may_have_python(&self) -> bool {
        let may_match = |pattern: &String| {
            let extension = pattern.rsplit(['.', '/']).next().unwrap_or_default();
            extension == "py" || extension.contains(['*', '?', '['])
        };
        self.sources.iter().any(may_match)
    }
}

impl Manifest {
    /// Reads the manifest at `path`.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML, is of a newer format, or has a key or a value that does not belong.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        Self::parse(&read_text(path)?, path)
    }

    /// Reads a manifest's text; `path` names it in errors.
    ///
    /// # Errors
    /// If the text is not TOML, is of a newer format, or has a key or a value that does not belong.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ManifestError> {
        let source = Source::new(text, path);
        sections::manifest(&source, &source.root()?)
    }

    /// Reads `[package.metadata.puck]` of a `Cargo.toml`; `package` holds what Cargo says of the
    /// crate. `None` if the table is missing.
    ///
    /// # Errors
    /// If the text is not TOML, or the table is of a newer format or has a key or a value that does not belong.
    pub fn parse_cargo(
        text: &str,
        path: &Path,
        package: PackageSection,
    ) -> Result<Option<Self>, ManifestError> {
        cargo::manifest(&Source::new(text, path), package)
    }

    /// The folder of the manifest.
    #[must_use]
    pub fn directory(&self) -> &Path {
        sources::directory(&self.path)
    }
}

/// The text of a manifest, bounded in size.
///
/// # Errors
/// If the file cannot be read, is too large or not UTF-8.
pub fn read_text(path: &Path) -> Result<String, ManifestError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let invalid = |what: String| {
        let message = format!("{} {what}", path.display());
        ManifestError::from(io::Error::new(io::ErrorKind::InvalidData, message))
    };
    fs_err::File::open(path)?
        .take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(invalid(format!("is larger than {MAX_SIZE} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        invalid(format!(
            "is not text in UTF-8: byte {at} (from 0) cannot stand there"
        ))
    })
}

#[cfg(test)]
mod tests;
