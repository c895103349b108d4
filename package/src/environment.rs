//! `environment.json`: what an environment holds. See `docs/environment.md`.
//!
//! The document is kept small, so that opening an environment costs microseconds: it lists
//! libraries, not functions. Those are found by their link names in the libraries themselves, and
//! described in `packages/NAME-VERSION.json` beside it.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::format::{self, DocumentError, Numbered};
use crate::{Digest, LinkMode, LinkName, PackageName, Processor, Series, Target};

/// The file's name in an environment.
pub const FILE: &str = "environment.json";
/// The largest document that is read, in bytes.
pub const MAX_SIZE: u64 = 64 << 20;

/// The libraries of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EnvironmentDocument {
    /// [`format::ENVIRONMENT`].
    pub format: u32,
    /// The digest of everything that went into the environment; the folder's name in the store.
    pub key: Digest,
    /// How the packages are linked.
    #[serde(default)]
    pub link: LinkMode,
    /// What the libraries that were compiled on this machine are for: they stand in the folder of
    /// its level ([`LinkMode::Lto`]: in `lib/`). `None` if all are made of packed objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor: Option<Processor>,
    /// What compiled them, with its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compiler: Option<String>,
    /// What was asked to be kept of packages that the project does not depend on itself, as it was
    /// written, sorted; [`LinkMode::Lto`] only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// The one library of all packages; `None` if each has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// By name, then series.
    pub packages: Vec<EnvironmentPackage>,
}

/// One library of all packages of an environment.
///
/// `lib/<package's soname>` is then a library without code that leads to it, for programs that are
/// linked to the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Image {
    /// Its name: `lib/<soname>`, and `lib/glibc-hwcaps/<target>/<soname>`. No other environment with
    /// other content has one of that name.
    pub soname: String,
    /// The key in the store of the library in each target's folder. Names unknown here are kept.
    pub libraries: BTreeMap<String, Digest>,
    /// Whether any of the packages has a host table: so that nobody needs to read all of them to know
    /// that there is none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub host_tables: bool,
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
    /// The names of what there are libraries for, the oldest first. Names unknown here are kept.
    pub targets: Vec<String>,
    /// The SONAMEs that the library needs of other packages.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Whether the project itself depends on it, rather than one of its dependencies.
    pub direct: bool,
    /// The key in the store of the library that was compiled for the environment's processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specialised: Option<Digest>,
    /// The symbol of the table that whoever loads the library must fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_table: Option<LinkName>,
}

impl Numbered for EnvironmentDocument {
    fn format(&self) -> u32 {
        self.format
    }
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

impl Image {
    /// The targets that this program knows, the oldest first.
    #[must_use]
    pub fn known_targets(&self) -> Vec<Target> {
        let mut known: Vec<_> = self
            .libraries
            .keys()
            .filter_map(|name| name.parse().ok())
            .collect();
        known.sort();
        known
    }

    /// The path of the library for `target`, relative to the environment.
    #[must_use]
    pub fn library_path(&self, target: Target) -> String {
        [&target.library_directory(), "/", &self.soname].concat()
    }
}

impl EnvironmentPackage {
    /// The targets that this program knows, in the order in which they are listed.
    #[inline]
    pub fn known_targets(&self) -> impl DoubleEndedIterator<Item = Target> + '_ {
        self.targets.iter().filter_map(|name| name.parse().ok())
    }

    /// The path of the package's description, relative to the environment.
    #[must_use]
    pub fn document_path(&self) -> String {
        format!("packages/{}-{}.json", self.name, self.version)
    }

    /// The path of the library for `target`, relative to the environment.
    #[must_use]
    #[inline]
    pub fn library_path(&self, target: Target) -> String {
        [&target.library_directory(), "/", &self.soname].concat()
    }

    /// The folder of what the package's archive has in its `share/`, relative to the environment.
    #[must_use]
    pub fn share_directory(&self) -> String {
        format!("share/{}.{}", self.name.symbol(), self.series)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> EnvironmentDocument {
        EnvironmentDocument {
            format: format::ENVIRONMENT,
            key: Digest::of(b""),
            link: LinkMode::Image,
            processor: Some(Processor::of(Target::X86_64V3)),
            compiler: Some("LLVM 23.1.2".to_owned()),
            keep: vec!["base::sum".to_owned()],
            image: Some(Image {
                soname: "puck.0123456789abcdef.so".to_owned(),
                libraries: [("x86-64".to_owned(), Digest::of(b"image"))].into(),
                host_tables: true,
            }),
            packages: vec![EnvironmentPackage {
                name: "demo".parse().unwrap(),
                version: Version::new(1, 2, 3),
                series: "v1".parse().unwrap(),
                soname: "demo.v1.so".to_owned(),
                sha256: Digest::of(b"demo"),
                directory: "demo-1.2.3-0123456789abcdef".to_owned(),
                targets: ["x86-64", "aarch64", "x86-64-v3"]
                    .map(str::to_owned)
                    .to_vec(),
                needs: vec!["base.v0_3.so".to_owned()],
                direct: true,
                specialised: None,
                host_table: None,
            }],
        }
    }

    #[test]
    fn targets_of_later_programs_are_kept_and_passed_over() {
        let read = EnvironmentDocument::parse(FILE, &sample().to_json()).unwrap();
        assert_eq!(read, sample());
        let known: Vec<_> = read.packages[0].known_targets().collect();
        assert_eq!(known, [Target::X86_64, Target::X86_64V3]);
    }

    #[test]
    fn newer_formats_are_refused() {
        let mut newer = sample();
        newer.format = 2;
        let error = EnvironmentDocument::parse(FILE, &newer.to_json()).unwrap_err();
        assert!(matches!(error, DocumentError::Newer(_)), "{error}");
    }

    proptest! {
        /// Cut or spoilt at any place, a document is read or refused, never a panic.
        #[test]
        fn spoilt_text_is_refused(at in 0usize..1200, len in 0usize..40, text in "[a-z\\[\\]:\"{}0-9.,]{0,3}") {
            let json = String::from_utf8(sample().to_json()).unwrap();
            let (at, end) = (at.min(json.len()), (at + len).min(json.len()));
            let spoilt = format!("{}{text}{}", &json[..at], &json[end..]);
            if let Ok(document) = EnvironmentDocument::parse(FILE, spoilt.as_bytes()) {
                let again = EnvironmentDocument::parse(FILE, &document.to_json()).unwrap();
                prop_assert_eq!(again, document);
            }
        }
    }
}
