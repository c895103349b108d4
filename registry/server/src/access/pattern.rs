//! Patterns of package names, by which a token is bound to packages.

use std::fmt;
use std::str::FromStr;

use puck_package::PackageName;
use serde::{Deserialize, Serialize};

/// A package's name, or the beginning of names followed by `*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

/// Neither a name nor the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no pattern of package names: expected a name, `*`, or the beginning of a name and `*`"
)]
pub struct InvalidPattern(String);

impl Pattern {
    /// Matches every name.
    #[must_use]
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Whether `name` matches.
    #[must_use]
    pub fn matches(&self, name: &PackageName) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.as_str().starts_with(beginning),
            None => name.as_str() == self.0,
        }
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let sound = match text.strip_suffix('*') {
            Some("") => true,
            // `lin-` is no name, but names begin like that.
            Some(beginning) => beginning
                .trim_end_matches('-')
                .parse::<PackageName>()
                .is_ok(),
            None => text.parse::<PackageName>().is_ok(),
        };
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPattern(text.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for Pattern {
    type Error = InvalidPattern;

    fn try_from(text: String) -> Result<Self, InvalidPattern> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching() {
        for (pattern, name, expected) in [
            ("*", "linalg", true),
            ("lin*", "linalg", true),
            ("lin*", "lin", true),
            ("lin*", "li", false),
            ("lin-*", "lin-alg", true),
            ("lin-*", "linalg", false),
            ("linalg", "linalg", true),
            ("linalg", "linalg2", false),
        ] {
            let pattern: Pattern = pattern.parse().unwrap();
            assert_eq!(
                pattern.matches(&name.parse().unwrap()),
                expected,
                "{pattern} {name}"
            );
        }
        for pattern in ["", "**", "a*b", "Lin*", "../x", "*a"] {
            assert!(pattern.parse::<Pattern>().is_err(), "{pattern}");
        }
    }
}
