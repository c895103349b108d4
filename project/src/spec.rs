//! Packages and versions as they are typed.

use std::str::FromStr;

use puck_package::PackageName;
use semver::{Version, VersionReq};

/// `NAME` or `NAME@REQUIREMENT`, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSpec {
    /// The package's name.
    pub name: PackageName,
    /// The versions that will do.
    pub requirement: Option<VersionReq>,
}

impl FromStr for PackageSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, requirement) = match text.split_once('@') {
            Some((name, requirement)) => (name, Some(requirement)),
            None => (text, None),
        };
        let requirement = requirement
            .map(|requirement| {
                requirement.parse().map_err(|error| {
                    format!("`{requirement}` is not a version requirement such as `1.2`: {error}")
                })
            })
            .transpose()?;
        Ok(Self {
            name: name.parse().map_err(|error| format!("{error}"))?,
            requirement,
        })
    }
}

/// `NAME@VERSION`, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSpec {
    /// The package's name.
    pub name: PackageName,
    /// The one version that is meant.
    pub version: Version,
}

impl FromStr for VersionSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = text
            .split_once('@')
            .ok_or_else(|| format!("expected NAME@VERSION, found `{text}`"))?;
        let version = version
            .parse()
            .map_err(|error| format!("`{version}` is not a version such as `1.2.0`: {error}"))?;
        Ok(Self {
            name: name.parse().map_err(|error| format!("{error}"))?,
            version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs() {
        let spec: PackageSpec = "linalg@>=1, <3".parse().unwrap();
        assert_eq!(spec.requirement, Some(">=1, <3".parse().unwrap()));
        assert_eq!("linalg".parse::<PackageSpec>().unwrap().requirement, None);
        assert!(
            "Linalg"
                .parse::<PackageSpec>()
                .unwrap_err()
                .contains("not a package name")
        );
        assert!(
            "linalg@newest"
                .parse::<PackageSpec>()
                .unwrap_err()
                .contains("not a version")
        );
    }

    #[test]
    fn exact_versions() {
        let spec: VersionSpec = "linalg@1.2.0".parse().unwrap();
        assert_eq!(
            (spec.name.as_str(), spec.version),
            ("linalg", Version::new(1, 2, 0))
        );
        for (text, expected) in [
            ("linalg", "expected NAME@VERSION"),
            ("linalg@1.2", "`1.2` is not a version"),
            ("Lin@1.2.0", "not a package name"),
        ] {
            let error = text.parse::<VersionSpec>().unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
