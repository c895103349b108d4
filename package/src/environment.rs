//! `environment.json`: what an environment holds. See `docs/environment.md`.
//!
//! The document is kept small, so that opening an environment costs microseconds: it lists
//! libraries, not functions. Those are found by their link names in the libraries themselves, and
//! described in `packages/NAME-VERSION.json` beside it.

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::format::{self, DocumentError};
use crate::{Digest, PackageName, Series, Target};

/// The file's name in an environment.
pub const FILE: &str = "environment.json";
/// The largest document that is read, in bytes.
pub const MAX_SIZE: u64 = 64 << 20;
/// The link mode with a library per package.
pub const LINK_DYNAMIC: &str = "dynamic";

/// The libraries of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EnvironmentDocument {
    /// [`format::ENVIRONMENT`].
    pub format: u32,
    /// The digest of everything that went into the environment; the folder's name in the store.
    pub key: Digest,
    /// How the packages are linked; [`LINK_DYNAMIC`].
    pub link: String,
    /// By name, then series.
    pub packages: Vec<EnvironmentPackage>,
}

/// A package in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EnvironmentPackage {
    /// The package's name.
    pub name: PackageName,
    /// The chosen version.
    pub version: Version,
    /// The version's compatibility series.
    pub series: Series,
    /// The name of the library: `lib/<soname>`, and `lib/glibc-hwcaps/<target>/<soname>`.
    pub soname: String,
    /// Of the archive.
    pub sha256: Digest,
    /// The package's folder in the store.
    pub directory: String,
    /// What there are libraries for, the oldest first.
    pub targets: Vec<Target>,
    /// The SONAMEs that the library needs of other packages.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Whether the project itself depends on it, rather than one of its dependencies.
    pub direct: bool,
}

impl EnvironmentDocument {
    /// Reads a document; `what` names it in errors.
    ///
    /// # Errors
    /// If it is not JSON or of a newer format.
    pub fn parse(what: &str, bytes: &[u8]) -> Result<Self, DocumentError> {
        format::read_json(what, bytes, format::ENVIRONMENT)
    }

    /// The document as written: indented JSON and a last line feed.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("all keys are strings");
        bytes.push(b'\n');
        bytes
    }
}

impl EnvironmentPackage {
    /// The path of the package's description, relative to the environment.
    #[must_use]
    pub fn document_path(&self) -> String {
        format!("packages/{}-{}.json", self.name, self.version)
    }

    /// The path of the library for `target`, relative to the environment.
    #[must_use]
    pub fn library_path(&self, target: Target) -> String {
        format!("{}/{}", target.library_directory(), self.soname)
    }
}
