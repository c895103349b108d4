//! Names of packages and of functions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest package name, in bytes.
const MAX_PACKAGE: usize = 64;
/// The longest function name, in bytes: a mangled name must still fit a file name or a table cell.
const MAX_FUNCTION: usize = 255;

/// A package's name: `[a-z][a-z0-9-]*`, at most 64 characters.
///
/// ```
/// use puck_package::PackageName;
/// let name: PackageName = "fast-sums".parse()?;
/// assert_eq!(name.symbol(), "fast_sums");
/// assert!("Fast".parse::<PackageName>().is_err());
/// # Ok::<(), puck_package::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageName(String);

/// A function's name: a C identifier, at most 255 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FunctionName(String);

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not of the form of a package name.
    #[error(
        "`{0}` is not a package name: expected a lower-case letter, then lower-case letters, \
         digits and `-`, at most {MAX_PACKAGE} characters"
    )]
    Package(String),
    /// Not of the form of a function name.
    #[error(
        "`{0}` is not a function name: expected a letter or `_`, then letters, digits and `_`, \
         at most {MAX_FUNCTION} characters"
    )]
    Function(String),
}

impl PackageName {
    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it stands in symbols, file names of headers and C identifiers: `-` becomes `_`.
    #[must_use]
    pub fn symbol(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl FunctionName {
    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PackageName {
    type Err = NameError;

    // Inlined into the runtime, which reads environments.
    #[inline]
    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut bytes = text.bytes();
        let valid = text.len() <= MAX_PACKAGE
            && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Package(text.to_owned()))
        }
    }
}

impl FromStr for FunctionName {
    type Err = NameError;

    #[inline]
    fn from_str(text: &str) -> Result<Self, NameError> {
        if is_identifier(text) && text.len() <= MAX_FUNCTION {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Function(text.to_owned()))
        }
    }
}

/// Whether `text` is a C identifier in ASCII.
#[inline]
pub(crate) fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

macro_rules! string_conversions {
    ($name:ty) => {
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}
string_conversions!(PackageName);
string_conversions!(FunctionName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_names() {
        for good in ["a", "linalg", "fast-sums", "x86-64", "a-", &"a".repeat(64)] {
            assert!(good.parse::<PackageName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "A",
            "1a",
            "-a",
            "a_b",
            "a.b",
            "ä",
            "a b",
            "a/b",
            &"a".repeat(65),
        ] {
            assert!(bad.parse::<PackageName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn function_names() {
        for good in ["a", "_x", "dot2", "Dot_f64"] {
            assert!(good.parse::<FunctionName>().is_ok(), "{good}");
        }
        for bad in ["", "2a", "a.b", "a::b", "a-b", "é", &"f".repeat(256)] {
            assert!(bad.parse::<FunctionName>().is_err(), "{bad}");
        }
    }
}
