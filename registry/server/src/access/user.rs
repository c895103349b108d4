//! Names of users.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name.
const MAX: usize = 64;

/// Somebody who holds tokens and owns packages: `alice`, `ci-bot`, `bob@example.org`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct User(String);

/// Not the name of a user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no user's name: it must be 1 to 64 of a-z, 0-9, `-`, `_`, `.` and `@`, and begin with \
     a letter or digit"
)]
pub struct InvalidUser(String);

impl User {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for User {
    type Err = InvalidUser;

    fn from_str(text: &str) -> Result<Self, InvalidUser> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let sound = text.len() <= MAX
            && text.bytes().next().is_some_and(plain)
            && text
                .bytes()
                .all(|byte| plain(byte) || b"-_.@".contains(&byte));
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUser(text.chars().take(MAX).collect()))
        }
    }
}

impl TryFrom<String> for User {
    type Error = InvalidUser;

    fn try_from(text: String) -> Result<Self, InvalidUser> {
        text.parse()
    }
}

impl From<User> for String {
    fn from(user: User) -> Self {
        user.0
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (text, sound) in [
            ("alice", true),
            ("bob@example.org", true),
            ("0-day_x", true),
            ("", false),
            ("Alice", false),
            ("-a", false),
            ("a/b", false),
            ("a b", false),
            (&"a".repeat(64), true),
            (&"a".repeat(65), false),
        ] {
            assert_eq!(text.parse::<User>().is_ok(), sound, "{text}");
        }
    }
}
