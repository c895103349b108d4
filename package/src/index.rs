//! Index lines: what a registry says of a version, one JSON line each. See `docs/registry.md`.

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::document::{abi_c, is_abi_c};
use crate::format::{self, DocumentError, Numbered};
use crate::{
    Digest, Function, FunctionName, LinkName, PackageDependency, PackageDocument, PackageName,
    Signature, version,
};

/// The longest index line that is read, in bytes.
pub const MAX_LINE: usize = 16 << 20;

/// A published version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct IndexLine {
    /// [`format::INDEX`].
    pub format: u32,
    /// The package's name.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// Of the archive.
    pub sha256: Digest,
    /// Of the archive, in bytes.
    pub size: u64,
    /// One line for listings.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Words to be found by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// What it needs.
    #[serde(default)]
    pub dependencies: Vec<PackageDependency>,
    /// What it offers.
    pub exports: Vec<Export>,
    /// What it calls of what it needs.
    #[serde(default)]
    pub imports: Vec<IndexImport>,
    /// What it was compiled for, by name.
    pub targets: Vec<String>,
    /// Whether it may be chosen only by lockfiles that name it already.
    #[serde(default)]
    pub yanked: bool,
    /// Why it was yanked, if it is and whoever did it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yank_reason: Option<String>,
    /// The number of the log line by which `yanked` changed last; none if it never did.
    ///
    /// So no two states of an index file have the same bytes, even where a yank was taken back:
    /// whoever replaces a file on condition that it did not change can go by its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
    /// When it was published, RFC 3339 in UTC.
    pub time: String,
}

/// An exported function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Export {
    /// Its name.
    pub name: FunctionName,
    /// The calling convention, as for [`Function::abi`](crate::Function::abi).
    #[serde(default = "abi_c", skip_serializing_if = "is_abi_c")]
    pub abi: String,
    /// Its types.
    pub signature: Signature,
    /// Its type as people know it, as for [`Function::declared`](crate::Function::declared).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<String>,
    /// Whom it needs, as for [`Function::needs`](crate::Function::needs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Vec<String>>,
    /// Its symbol, where it does not follow from the signature: with other conventions than C's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_name: Option<LinkName>,
}

impl Export {
    /// What an index says of a function.
    #[must_use]
    pub fn of(function: &Function) -> Self {
        Self {
            name: function.name.clone(),
            abi: function.abi.clone(),
            signature: function.signature.clone(),
            declared: function.declared.clone(),
            needs: function.needs.clone(),
            link_name: (!function.is_c()).then(|| function.link_name.clone()),
        }
    }
}

/// A function of another package that this one calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct IndexImport {
    /// The package that exports it.
    pub package: PackageName,
    /// Its symbol.
    pub link_name: LinkName,
}

impl Numbered for IndexLine {
    fn format(&self) -> u32 {
        self.format
    }
}

impl IndexLine {
    /// The line of the package that `document` describes, whose archive has `sha256` and `size`.
    #[must_use]
    pub fn new(document: &PackageDocument, sha256: Digest, size: u64, time: String) -> Self {
        Self {
            format: format::INDEX,
            name: document.name.clone(),
            version: document.version.clone(),
            sha256,
            size,
            description: document.description.clone(),
            keywords: document.keywords.clone(),
            dependencies: document.dependencies.clone(),
            exports: document.functions.iter().map(Export::of).collect(),
            imports: document
                .imports
                .iter()
                .map(|i| IndexImport {
                    package: i.package.clone(),
                    link_name: i.link_name.clone(),
                })
                .collect(),
            targets: document.targets.keys().cloned().collect(),
            yanked: false,
            yank_reason: None,
            changed: None,
            time,
        }
    }

    /// Reads one line; `what` names it in errors, by file and line number.
    ///
    /// # Errors
    /// If it is not JSON, of a newer format, or its version is too long.
    pub fn parse(what: &str, line: &str) -> Result<Self, DocumentError> {
        if line.len() > MAX_LINE {
            return Err(DocumentError::TooLarge {
                what: what.to_owned(),
                limit: MAX_LINE as u64,
            });
        }
        let line: Self = format::read_json(what, line.as_bytes(), format::INDEX)?;
        version::check(&line.version).map_err(|error| DocumentError::Invalid {
            what: what.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(line)
    }

    /// The line as written, without a line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("all keys are strings")
    }
}

/// The path of a package's index file in a registry: `index/li/na/linalg`.
///
/// Names of one to three letters have `index/1/x`, `index/2/xy`, `index/3/a/abc`.
#[must_use]
pub fn path(name: &PackageName) -> String {
    let name = name.as_str();
    match name.len() {
        1 => format!("index/1/{name}"),
        2 => format!("index/2/{name}"),
        3 => format!("index/3/{}/{name}", &name[..1]),
        _ => format!("index/{}/{}/{name}", &name[..2], &name[2..4]),
    }
}

/// The path of a version's archive in a registry: `archives/linalg/linalg-1.2.0.puck`.
#[must_use]
pub fn archive_path(name: &PackageName, version: &Version) -> String {
    format!("archives/{name}/{name}-{version}.puck")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::tests::sample;

    #[test]
    fn reads_back_on_one_line() {
        let line = line();
        let text = line.to_json();
        assert!(!text.contains('\n'));
        assert_eq!(IndexLine::parse("index/de/mo/demo:1", &text).unwrap(), line);
    }

    #[test]
    fn errors_name_the_line() {
        let error = IndexLine::parse("index/de/mo/demo:3", "{\"format\":9}").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("index/de/mo/demo:3 has format 9"),
            "{error}"
        );
        let error = IndexLine::parse("index/de/mo/demo:3", "oops").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("index/de/mo/demo:3 is not valid"),
            "{error}"
        );
    }

    fn line() -> IndexLine {
        let time = "2026-01-02T03:04:05Z".to_owned();
        IndexLine::new(&sample().0, Digest::of(b""), 12, time)
    }

    #[test]
    fn conventions_are_kept_and_that_of_c_goes_without_saying() {
        let mut line = line();
        assert!(!line.to_json().contains("abi"));
        line.exports[0].abi = "numba-cpu-1".to_owned();
        assert_eq!(IndexLine::parse("x", &line.to_json()).unwrap(), line);
    }

    #[test]
    fn long_versions_are_refused() {
        let mut line = line();
        line.version = version::of_length(64);
        IndexLine::parse("x:1", &line.to_json()).unwrap();
        line.version = version::of_length(65);
        let error = IndexLine::parse("x:1", &line.to_json()).unwrap_err();
        assert!(
            error.to_string().starts_with("x:1 is not valid: version"),
            "{error}"
        );
    }

    #[test]
    fn paths() {
        for (name, expected) in [
            ("a", "index/1/a"),
            ("ab", "index/2/ab"),
            ("abc", "index/3/a/abc"),
            ("abcd", "index/ab/cd/abcd"),
            ("linalg", "index/li/na/linalg"),
        ] {
            assert_eq!(path(&name.parse().unwrap()), expected);
        }
        assert_eq!(
            archive_path(&"linalg".parse().unwrap(), &Version::new(1, 2, 0)),
            "archives/linalg/linalg-1.2.0.puck"
        );
    }

    proptest! {
        /// Cut or spoilt at any place, a line is read or refused, never a panic.
        #[test]
        fn spoilt_text_is_refused(at in 0usize..700, len in 0usize..40, text in "[a-z\\[\\]:\"{}0-9.,]{0,3}") {
            let json = line().to_json();
            let (at, end) = (at.min(json.len()), (at + len).min(json.len()));
            let spoilt = format!("{}{text}{}", &json[..at], &json[end..]);
            if let Ok(line) = IndexLine::parse("x", &spoilt) {
                prop_assert_eq!(IndexLine::parse("x", &line.to_json()).unwrap(), line);
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = IndexLine::parse("x", &text);
        }
    }
}
