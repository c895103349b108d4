//! Tokens as they are stored: what their secret hashes to, and what it allows.

use std::collections::BTreeSet;

use jiff::Timestamp;
use puck_package::Digest;
use puck_package::format::Numbered;
use serde::{Deserialize, Serialize};

use super::{Pattern, User};

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// To publish the first version of a package.
    PublishNew,
    /// To publish more versions of packages that one owns.
    PublishUpdate,
    /// To yank versions of packages that one owns, and to take that back.
    Yank,
    /// To change who owns the packages that one owns.
    Owners,
    /// To read a registry that is not for everybody.
    Read,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::PublishNew,
        Self::PublishUpdate,
        Self::Yank,
        Self::Owners,
        Self::Read,
    ];

    /// Its name: `publish-new`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PublishNew => "publish-new",
            Self::PublishUpdate => "publish-update",
            Self::Yank => "yank",
            Self::Owners => "owners",
            Self::Read => "read",
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the name of a scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope: expected publish-new, publish-update, yank, owners or read")]
pub struct InvalidScope(String);

impl std::str::FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let named = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        named.ok_or_else(|| InvalidScope(text.to_owned()))
    }
}

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Who will hold it.
    pub user: User,
    /// What it allows.
    pub scopes: BTreeSet<Scope>,
    /// With which packages.
    pub packages: Vec<Pattern>,
    /// When it ceases to be good, if ever.
    pub expires: Option<Timestamp>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Token {
    /// [`puck_package::format::REGISTRY`].
    pub format: u32,
    /// By which it is revoked.
    pub id: String,
    /// Who holds it.
    pub user: User,
    /// What it allows.
    pub scopes: BTreeSet<Scope>,
    /// With which packages.
    pub packages: Vec<Pattern>,
    /// When it was made.
    #[serde(with = "moment")]
    pub created: Timestamp,
    /// When it ceases to be good, if ever.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_moment"
    )]
    pub expires: Option<Timestamp>,
    /// Of the secret.
    pub sha256: Digest,
}

impl Numbered for Token {
    fn format(&self) -> u32 {
        self.format
    }
}

mod moment {
    use super::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

mod optional_moment {
    use super::Timestamp;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::moment::serialize(time, to),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        super::moment::deserialize(from).map(Some)
    }
}
