//! Compatibility series: the versions that semantic versioning calls compatible with each other.

use std::fmt;
use std::str::FromStr;

use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

/// A compatibility series: `v1` for 1.x.y, `v0_3` for 0.3.x, `v0_0_7` for 0.0.7 alone.
///
/// An environment holds at most one version of a package's series; several series may coexist.
///
/// ```
/// use puck_package::Series;
/// let version = semver::Version::new(0, 3, 9);
/// assert_eq!(Series::of(&version).to_string(), "v0_3");
/// assert!("v0_3".parse::<Series>()?.contains(&version));
/// # Ok::<(), puck_package::SeriesError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Series {
    major: u64,
    // 0 where `major` is not
    minor: u64,
    // 0 where `major` or `minor` is not
    patch: u64,
}

/// A text that is no series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a compatibility series: expected `v1`, `v0_3` or `v0_0_7`")]
pub struct SeriesError(String);

impl Series {
    /// The series that `version` belongs to. Pre-releases belong to the release they precede.
    #[must_use]
    #[inline]
    pub fn of(version: &Version) -> Self {
        match (version.major, version.minor, version.patch) {
            (0, 0, patch) => Self {
                major: 0,
                minor: 0,
                patch,
            },
            (0, minor, _) => Self {
                major: 0,
                minor,
                patch: 0,
            },
            (major, _, _) => Self {
                major,
                minor: 0,
                patch: 0,
            },
        }
    }

    /// Whether `version` belongs to the series.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        Self::of(version) == *self
    }

    /// The requirement that the releases of the series meet, and no others.
    #[must_use]
    pub fn requirement(&self) -> VersionReq {
        let version = Version::new(self.major, self.minor, self.patch);
        VersionReq {
            comparators: vec![semver::Comparator {
                op: semver::Op::Caret,
                major: version.major,
                minor: Some(version.minor),
                patch: Some(version.patch),
                pre: semver::Prerelease::EMPTY,
            }],
        }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self {
                major: 0,
                minor: 0,
                patch,
            } => write!(f, "v0_0_{patch}"),
            Self {
                major: 0, minor, ..
            } => write!(f, "v0_{minor}"),
            Self { major, .. } => write!(f, "v{major}"),
        }
    }
}

impl FromStr for Series {
    type Err = SeriesError;

    fn from_str(text: &str) -> Result<Self, SeriesError> {
        let error = || SeriesError(text.to_owned());
        let numbers = text
            .strip_prefix('v')
            .ok_or_else(error)?
            .split('_')
            .map(str::parse::<u64>)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| error())?;
        let series = match numbers[..] {
            [major] => Self {
                major,
                minor: 0,
                patch: 0,
            },
            [0, minor] => Self {
                major: 0,
                minor,
                patch: 0,
            },
            [0, 0, patch] => Self {
                major: 0,
                minor: 0,
                patch,
            },
            _ => return Err(error()),
        };
        // `v01`, `v+1`, `v0`, `v0_0` read but do not write back: one text a series.
        if series.to_string() == text {
            Ok(series)
        } else {
            Err(error())
        }
    }
}

impl TryFrom<String> for Series {
    type Error = SeriesError;
    fn try_from(text: String) -> Result<Self, SeriesError> {
        text.parse()
    }
}

impl From<Series> for String {
    fn from(series: Series) -> Self {
        series.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts() {
        for (version, series) in [
            ("1.2.3", "v1"),
            ("10.0.0", "v10"),
            ("0.3.1", "v0_3"),
            ("0.0.7", "v0_0_7"),
            ("0.0.0", "v0_0_0"),
            ("1.0.0-alpha.1", "v1"),
        ] {
            let version: Version = version.parse().unwrap();
            assert_eq!(Series::of(&version).to_string(), series);
        }
        for bad in [
            "", "v", "1", "v0", "v0_0", "v1_2", "v01", "v+1", "v0_0_1_2", "v1.2",
        ] {
            assert!(bad.parse::<Series>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reads_back(major in 0u64..3, minor in 0u64..3, patch in 0u64..9) {
            let series = Series::of(&Version::new(major, minor, patch));
            prop_assert_eq!(series.to_string().parse::<Series>().unwrap(), series);
        }

        /// A series is exactly what Cargo's caret requirement calls compatible.
        #[test]
        fn is_what_caret_means(
            a in (0u64..3, 0u64..3, 0u64..4),
            b in (0u64..3, 0u64..3, 0u64..4),
        ) {
            let (a, b) = (Version::new(a.0, a.1, a.2), Version::new(b.0, b.1, b.2));
            let (low, high) = if a < b { (&a, &b) } else { (&b, &a) };
            let caret: VersionReq = format!("^{low}").parse().unwrap();
            prop_assert_eq!(Series::of(low) == Series::of(high), caret.matches(high));
            prop_assert_eq!(Series::of(&a).requirement().matches(&b), Series::of(&a).contains(&b));
        }
    }
}
