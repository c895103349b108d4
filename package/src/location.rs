//! Where a registry is: an address, or a folder.

use std::fmt;
use std::path::{Path, PathBuf};

/// The longest name of a registry, in bytes.
const MAX_NAME: usize = 64;

/// The place of a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegistryLocation {
    /// An address, `http://…` or `https://…`, without credentials, query or fragment, and without
    /// `/` at its end.
    Url(String),
    /// A folder.
    Directory(PathBuf),
}

/// Why a text names no registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It is an address of another kind.
    #[error(
        "`{0}` is not a registry: expected an address that begins with `https://` or `http://`, or a folder"
    )]
    Scheme(String),
    /// It is an address with something that has no place in one.
    #[error("`{shown}` is not a registry's address: {reason}")]
    Address {
        /// The address, without what may be secret in it.
        shown: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is nothing.
    #[error("expected a registry's address or folder, found nothing")]
    Empty,
    /// It is no name of a registry.
    #[error(
        "`{0}` is not a registry's name: expected a letter or digit, then letters, digits, `-` \
         and `_`, at most {MAX_NAME} characters"
    )]
    Name(String),
}

impl RegistryLocation {
    /// Reads an address, or a path as seen from the folder `base`.
    ///
    /// # Errors
    /// If it is neither; an address with a password in it is refused, too.
    pub fn parse(text: &str, base: &Path) -> Result<Self, LocationError> {
        if text.is_empty() {
            return Err(LocationError::Empty);
        }
        if text.contains("://") {
            Self::parse_url(text)
        } else {
            Ok(Self::Directory(base.join(text)))
        }
    }

    /// Reads an address.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse_url(text: &str) -> Result<Self, LocationError> {
        let (scheme, rest) = text
            .split_once("://")
            .filter(|(scheme, _)| ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()))
            .ok_or_else(|| LocationError::Scheme(without_secret(text)))?;
        let bad = |reason| LocationError::Address {
            shown: without_secret(text),
            reason,
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.contains('@') {
            return Err(bad("it has a user or password in it; use `puck login`"));
        }
        if host.is_empty() || host.starts_with(':') {
            return Err(bad("it has no host"));
        }
        if rest.contains(['?', '#']) {
            return Err(bad("it has a query or a fragment"));
        }
        if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(bad("it has white space in it"));
        }
        let (scheme, rest) = (scheme.to_ascii_lowercase(), rest.trim_end_matches('/'));
        Ok(Self::Url(format!("{scheme}://{rest}")))
    }

    /// Whether the network has to be asked.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Url(_))
    }
}

impl fmt::Display for RegistryLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::Directory(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Checks a name that a registry is given in a manifest or in settings.
///
/// # Errors
/// [`LocationError::Name`].
pub fn check_registry_name(name: &str) -> Result<(), LocationError> {
    let valid = name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if valid {
        Ok(())
    } else {
        Err(LocationError::Name(name.to_owned()))
    }
}

/// The address without what stands before an `@`.
fn without_secret(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://…{}", &rest[at..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<String, String> {
        RegistryLocation::parse(text, Path::new("/base"))
            .map(|location| location.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_and_folders() {
        for (text, expected) in [
            ("https://registry.example", "https://registry.example"),
            ("HTTPS://registry.example/", "https://registry.example"),
            ("http://127.0.0.1:8080/a/b//", "http://127.0.0.1:8080/a/b"),
            ("shared", "/base/shared"),
            ("../shared", "/base/../shared"),
            ("/srv/registry", "/srv/registry"),
        ] {
            assert_eq!(parse(text).unwrap(), expected);
        }
        for (text, expected) in [
            ("", "found nothing"),
            ("ftp://x", "begins with `https://`"),
            ("https://", "has no host"),
            ("https://:80/", "has no host"),
            ("https://a/?b", "query or a fragment"),
            ("https://a b", "white space"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn passwords_are_not_repeated() {
        for text in ["https://u:secret@host/x", "ftp://secret@host"] {
            let error = parse(text).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn names() {
        for good in ["team", "a", "Team_2", "0-x"] {
            check_registry_name(good).unwrap();
        }
        for bad in ["", "-a", "a.b", "a/b", "ä", "a b", &"a".repeat(65)] {
            check_registry_name(bad).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(https?://)?\\PC{0,20}") {
            let _ = parse(&text);
        }
    }
}
