//! Names of functions of installed packages, as `keep` lists them.

use std::fmt;
use std::str::FromStr;

use crate::{FunctionName, NameError, PackageName, Series};

/// A function of a package, or all of its functions, of one series or of all: `linalg::dot`,
/// `linalg.v1::dot`, `linalg`, `linalg.v1`.
///
/// ```
/// use puck_package::FunctionPath;
/// let path: FunctionPath = "linalg.v1::dot".parse()?;
/// assert_eq!(path.package.as_str(), "linalg");
/// assert_eq!(path.to_string(), "linalg.v1::dot");
/// # Ok::<(), puck_package::FunctionPathError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionPath {
    /// The package.
    pub package: PackageName,
    /// One of its series; all that are installed if `None`.
    pub series: Option<Series>,
    /// One of its functions, with all overloads; all functions if `None`.
    pub function: Option<FunctionName>,
}

/// Why a text names no function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` names no function such as `linalg::dot`, `linalg.v1::dot` or `linalg`: {reason}")]
pub struct FunctionPathError {
    text: String,
    reason: String,
}

impl FromStr for FunctionPath {
    type Err = FunctionPathError;

    fn from_str(text: &str) -> Result<Self, FunctionPathError> {
        let wrong = |reason: String| FunctionPathError {
            text: text.to_owned(),
            reason,
        };
        let (package, function) = match text.split_once("::") {
            Some((package, function)) => (package, Some(function)),
            None => (text, None),
        };
        let (package, series) = match package.split_once('.') {
            Some((package, series)) => (package, Some(series)),
            None => (package, None),
        };
        let named = |error: NameError| wrong(error.to_string());
        Ok(Self {
            package: package.parse().map_err(named)?,
            series: series
                .map(|series| series.parse().map_err(|e| wrong(format!("{e}"))))
                .transpose()?,
            function: function
                .map(|function| function.parse().map_err(named))
                .transpose()?,
        })
    }
}

impl fmt::Display for FunctionPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            package,
            series,
            function,
        } = self;
        f.write_str(package.as_str())?;
        if let Some(series) = series {
            write!(f, ".{series}")?;
        }
        if let Some(function) = function {
            write!(f, "::{function}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts() {
        for good in [
            "linalg",
            "linalg.v1",
            "linalg::dot",
            "fast-sums.v0_3::sum_2",
        ] {
            assert_eq!(good.parse::<FunctionPath>().unwrap().to_string(), good);
        }
        for (bad, reason) in [
            ("", "`` is not a package name"),
            ("::dot", "`` is not a package name"),
            ("Linalg::dot", "`Linalg` is not a package name"),
            ("linalg::", "`` is not a function name"),
            ("linalg::a::b", "`a::b` is not a function name"),
            ("linalg:dot", "`linalg:dot` is not a package name"),
            ("linalg.1::dot", "`1` is not a compatibility series"),
            ("linalg.v1.dot", "`v1.dot` is not a compatibility series"),
        ] {
            let error = bad.parse::<FunctionPath>().unwrap_err().to_string();
            assert!(error.contains(reason), "{bad}: {error}");
        }
    }

    proptest! {
        /// What is read is written back as it was.
        #[test]
        fn reads_back(text in "[a-z.:_v0-9]{0,24}") {
            if let Ok(path) = text.parse::<FunctionPath>() {
                prop_assert_eq!(path.to_string(), text);
            }
        }
    }
}
