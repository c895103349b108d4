//! How the packages of an environment are linked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::nearest;

/// How the packages of an environment are linked.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub enum LinkMode {
    /// A library for each package, which all environments of the machine share.
    #[default]
    Dynamic,
    /// One library of all packages' objects; calls between packages are direct.
    Image,
    /// One library compiled from all packages' IR, inlined across packages.
    Lto,
}

/// A text that names no link mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown link mode `{0}`: expected one of dynamic, image, lto{hint}", hint = did_you_mean(.0))]
pub struct LinkModeError(pub String);

fn did_you_mean(text: &str) -> String {
    nearest(text, LinkMode::ALL.iter().map(|mode| mode.name()))
        .map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

impl LinkMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Dynamic, Self::Image, Self::Lto];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dynamic => "dynamic",
            Self::Image => "image",
            Self::Lto => "lto",
        }
    }
}

impl fmt::Display for LinkMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for LinkMode {
    type Err = LinkModeError;

    fn from_str(text: &str) -> Result<Self, LinkModeError> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.name() == text)
            .ok_or_else(|| LinkModeError(text.to_owned()))
    }
}

impl TryFrom<String> for LinkMode {
    type Error = LinkModeError;
    fn try_from(text: String) -> Result<Self, LinkModeError> {
        text.parse()
    }
}

impl From<LinkMode> for String {
    fn from(mode: LinkMode) -> Self {
        mode.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for mode in LinkMode::ALL {
            assert_eq!(mode.to_string().parse::<LinkMode>().unwrap(), mode);
        }
        let error = "lot".parse::<LinkMode>().unwrap_err().to_string();
        assert!(error.contains("did you mean `lto`?"), "{error}");
    }
}
