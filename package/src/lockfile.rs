//! `Puck.lock`: the versions that a project was resolved to. See `docs/lockfile.md`.
//!
//! The file is written whole, sorted, and always in the same way, so that it changes only where
//! the resolution did. It is a record, not an input: what it says is checked for agreement with
//! itself here, and against archives by their digests wherever they are used.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::format::{self, NewerFormat};
use crate::{Digest, PackageName, version};

/// The file's name, beside the manifest.
pub const FILE: &str = "Puck.lock";

const HEADING: &str = "# Written by puck; not meant to be edited.\n";

/// A resolved set of packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lockfile {
    /// What the project itself depends on; sorted.
    pub dependencies: Vec<PackageId>,
    /// The patches that were in force, as text, by the package that each replaces.
    pub patches: BTreeMap<PackageName, String>,
    /// Everything that is needed; sorted by name, then version.
    pub packages: Vec<LockedPackage>,
}

/// A resolved package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPackage {
    /// Its name.
    pub name: PackageName,
    /// The chosen version.
    pub version: Version,
    /// Where it comes from.
    pub source: PackageSource,
    /// Of the archive; absent for a package that is built from a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// What it depends on; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<PackageId>,
}

/// A package's name and version, written `linalg 1.2.0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageId {
    /// The name.
    pub name: PackageName,
    /// The version.
    pub version: Version,
}

/// Where a package comes from: `registry+NAME` or `path+FOLDER`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PackageSource {
    /// A registry, by its name.
    Registry(String),
    /// A folder with the package's sources, relative to the project.
    Path(String),
}

/// A text that names no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a package: expected `NAME VERSION`")]
pub struct PackageIdError(String);

/// A text that names no place that packages come from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a source: expected `registry+NAME` or `path+FOLDER`")]
pub struct PackageSourceError(String);

/// Why a lockfile could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LockfileError {
    /// The file could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It is of a newer format.
    #[error(transparent)]
    Newer(#[from] NewerFormat),
    /// It is not TOML, or not a lockfile.
    #[error("{path} is not a valid lockfile: {reason}")]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong, and where.
        reason: String,
    },
}

impl LockfileError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        matches!(self, Self::Invalid { .. })
            .then(|| "restore it from version control, or delete it and run `puck lock`".to_owned())
    }
}

/// The file as TOML has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default)]
    dependencies: Vec<PackageId>,
    #[serde(default, rename = "patch", skip_serializing_if = "BTreeMap::is_empty")]
    patches: BTreeMap<PackageName, String>,
    #[serde(default, rename = "package", skip_serializing_if = "Vec::is_empty")]
    packages: Vec<LockedPackage>,
}

impl Lockfile {
    /// A lockfile of these packages, sorted.
    #[must_use]
    pub fn new(mut dependencies: Vec<PackageId>, mut packages: Vec<LockedPackage>) -> Self {
        dependencies.sort();
        for package in &mut packages {
            package.dependencies.sort();
        }
        packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        Self {
            dependencies,
            patches: BTreeMap::new(),
            packages,
        }
    }

    /// Reads the lockfile at `path`; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, is of a newer format, or contradicts itself.
    pub fn read(path: &Path) -> Result<Option<Self>, LockfileError> {
        match fs_err::read_to_string(path) {
            Ok(text) => Self::parse(&text, &path.display().to_string()).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(invalid(
                &path.display().to_string(),
                "it is not UTF-8 text".to_owned(),
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a lockfile's text; `path` names it in errors.
    ///
    /// # Errors
    /// If it is of a newer format or contradicts itself.
    pub fn parse(text: &str, path: &str) -> Result<Self, LockfileError> {
        #[derive(Deserialize)]
        struct Numbered {
            version: u32,
        }
        let toml = |error: toml::de::Error| invalid(path, error.to_string().trim_end().to_owned());
        let document = toml::from_str::<Document>(text);
        let Numbered { version } = toml::from_str(text).map_err(toml)?;
        format::check(path, version, format::LOCKFILE)?;
        let document = document.map_err(toml)?;
        let mut lockfile = Self::new(document.dependencies, document.packages);
        lockfile.patches = document.patches;
        lockfile.check().map_err(|reason| invalid(path, reason))?;
        Ok(lockfile)
    }

    /// The file's text.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let document = Document {
            version: format::LOCKFILE,
            dependencies: self.dependencies.clone(),
            patches: self.patches.clone(),
            packages: self.packages.clone(),
        };
        let body = toml::to_string_pretty(&document).expect("all keys are strings");
        format!("{HEADING}{body}")
    }

    /// The package of that name and version.
    #[must_use]
    pub fn package(&self, id: &PackageId) -> Option<&LockedPackage> {
        self.packages
            .iter()
            .find(|p| p.name == id.name && p.version == id.version)
    }

    /// Whether the project itself depends on `package`.
    #[must_use]
    pub fn is_direct(&self, package: &LockedPackage) -> bool {
        self.dependencies.contains(&package.id())
    }

    fn check(&self) -> Result<(), String> {
        let mut series = BTreeMap::new();
        for package in &self.packages {
            version::check(&package.version).map_err(|error| error.to_string())?;
            let id = package.id();
            let key = (&package.name, crate::Series::of(&package.version));
            if let Some(other) = series.insert(key, &package.version) {
                return Err(format!(
                    "it has two versions of one series, `{id}` and {other}"
                ));
            }
            match (&package.source, package.sha256) {
                (PackageSource::Registry(_), None) => {
                    return Err(format!("`{id}` comes from a registry but has no sha256"));
                }
                (PackageSource::Path(_), Some(_)) => {
                    return Err(format!("`{id}` comes from a path but has a sha256"));
                }
                _ => {}
            }
        }
        let needed = self
            .packages
            .iter()
            .flat_map(|package| &package.dependencies);
        for id in self.dependencies.iter().chain(needed) {
            if self.package(id).is_none() {
                return Err(format!("it needs `{id}` but does not list it"));
            }
        }
        Ok(())
    }
}

fn invalid(path: &str, reason: String) -> LockfileError {
    LockfileError::Invalid {
        path: path.to_owned(),
        reason,
    }
}

impl LockedPackage {
    /// The package's name and version.
    #[must_use]
    pub fn id(&self) -> PackageId {
        PackageId {
            name: self.name.clone(),
            version: self.version.clone(),
        }
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

impl FromStr for PackageId {
    type Err = PackageIdError;

    fn from_str(text: &str) -> Result<Self, PackageIdError> {
        let error = || PackageIdError(text.to_owned());
        let (name, version) = text.split_once(' ').ok_or_else(error)?;
        Ok(Self {
            name: name.parse().map_err(|_| error())?,
            version: version.parse().map_err(|_| error())?,
        })
    }
}

impl fmt::Display for PackageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(name) => write!(f, "registry+{name}"),
            Self::Path(path) => write!(f, "path+{path}"),
        }
    }
}

impl FromStr for PackageSource {
    type Err = PackageSourceError;

    fn from_str(text: &str) -> Result<Self, PackageSourceError> {
        match text.split_once('+') {
            Some(("registry", name)) if !name.is_empty() => Ok(Self::Registry(name.to_owned())),
            Some(("path", path)) if !path.is_empty() => Ok(Self::Path(path.to_owned())),
            _ => Err(PackageSourceError(text.to_owned())),
        }
    }
}

macro_rules! string_conversions {
    ($name:ty, $error:ty) => {
        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}
string_conversions!(PackageId, PackageIdError);
string_conversions!(PackageSource, PackageSourceError);

#[cfg(test)]
mod tests;
