//! What a client is told: where the registry is, who asks, and how patient to be.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use puck_package::{Digest, variables};
use url::{Host, Url};

use crate::Error;

/// How a registry is reached.
#[derive(Clone)]
pub struct Settings {
    /// Where the registry is: the address of what holds `registry.json`.
    pub url: Url,
    /// The directory that keeps what was read of this registry's index, as [`cache_directory`] names
    /// it; `None` keeps nothing.
    pub cache: Option<PathBuf>,
    /// What the registry knows the user by.
    pub token: Option<Token>,
    /// A PEM file of certificates to trust besides those of the system.
    pub certificates: Option<PathBuf>,
    /// Send the token over plain HTTP to other machines, too.
    pub plain_http_token: bool,
    /// Ask the registry nothing: what the cache holds is all there is.
    pub offline: bool,
    /// How often and when a request that failed in passing is sent again.
    pub retry: Retry,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long to wait for the next byte.
    pub stall_timeout: Duration,
    /// Told what takes long: "retrying in 2 s: …".
    pub notices: Option<Notices>,
}

/// What is told, by and by, what takes long.
pub type Notices = Arc<dyn Fn(&str) + Send + Sync>;

/// How often and when a request that failed in passing is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many times; 0 never.
    pub count: u32,
    /// The longest wait before the first time; each further one may be twice as long.
    pub base: Duration,
    /// The longest wait of all, whatever the registry asks for.
    pub longest: Duration,
}

/// What a registry knows a user by. Shown as `puck_…`, never as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Settings {
    /// The usual ones for the registry at `url`, without cache and token.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            cache: None,
            token: None,
            certificates: None,
            plain_http_token: false,
            offline: false,
            retry: Retry::default(),
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            notices: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("url", &shown(&self.url))
            .field("cache", &self.cache)
            .field("token", &self.token)
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            count: 4,
            base: Duration::from_millis(250),
            longest: Duration::from_secs(60),
        }
    }
}

impl Retry {
    /// The default, with the count that `PUCK_HTTP_RETRIES` gives, if it is set.
    ///
    /// # Errors
    /// If the variable holds no number from 0 to 100.
    pub fn from_environment() -> Result<Self, Error> {
        match variables::get(variables::PUCK_HTTP_RETRIES) {
            None => Ok(Self::default()),
            Some(value) => Self::default().with_count(&value.to_string_lossy()),
        }
    }

    fn with_count(self, text: &str) -> Result<Self, Error> {
        match text.parse() {
            Ok(count @ 0..=100) => Ok(Self { count, ..self }),
            _ => Err(Error::Retries {
                found: text.to_owned(),
            }),
        }
    }
}

impl Token {
    /// A token, as the registry gave it.
    ///
    /// # Errors
    /// If it is empty, or holds anything but visible ASCII: such a text cannot be sent.
    pub fn new(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() || text.len() > 4096 || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::Token);
        }
        Ok(Self(text.to_owned()))
    }

    /// The secret itself. Not to be shown to anybody but the registry.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("puck_…")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({self})")
    }
}

/// Where to keep what was read of the index of the registry at `url`, known here as `name`:
/// a directory in `index`, which is `$PUCK_HOME/index`.
#[must_use]
pub fn cache_directory(index: &Path, name: &str, url: &Url) -> PathBuf {
    let url = base(url);
    let name: String = name
        .chars()
        .take(64)
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    index.join(format!(
        "{name}-{}",
        Digest::of(url.as_str().as_bytes()).prefix(8)
    ))
}

/// `url` as it is looked up, compared and joined: ending with a slash, naming a directory.
pub(crate) fn base(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

/// `url` as it may be shown: without what names a user, and without a query, which may hold secrets.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.query().is_some() {
        url.set_query(Some("…"));
    }
    url.set_fragment(None);
    url.to_string().replace("?%E2%80%A6", "?…")
}

/// Whether `url` is of this machine, so that nobody listens on the way.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn secrets_are_not_shown() {
        let token = Token::new(" puck_s3cret\n").unwrap();
        assert_eq!(token.secret(), "puck_s3cret");
        let mut settings = Settings::new(url("https://me:s3cret@a.example/x?sig=s3cret#s3cret"));
        settings.token = Some(token.clone());
        for text in [
            format!("{token} {token:?}"),
            format!("{settings:?}"),
            shown(&settings.url),
        ] {
            assert!(!text.contains("s3cret"), "{text}");
        }
        assert_eq!(shown(&settings.url), "https://a.example/x?…");
    }

    #[test]
    fn what_cannot_be_sent_is_no_token() {
        for bad in ["", "  ", "a b", "a\r\nX: y", "ä", &"x".repeat(5000)] {
            assert!(Token::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn one_registry_has_one_cache() {
        let index = Path::new("/index");
        let one = cache_directory(index, "team", &url("https://a.example/puck"));
        assert_eq!(
            one,
            cache_directory(index, "team", &url("https://a.example/puck/"))
        );
        assert_ne!(
            one,
            cache_directory(index, "team", &url("https://b.example/puck/"))
        );
        let odd = cache_directory(index, "../x", &url("https://a.example"));
        assert_eq!(odd.parent(), Some(index));
    }

    #[test]
    fn this_machine() {
        for (text, expected) in [
            ("http://localhost:1/", true),
            ("http://127.0.0.9/", true),
            ("http://[::1]/", true),
            ("http://a.localhost/", true),
            ("http://localhost.example/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_loopback(&url(text)), expected, "{text}");
        }
    }

    #[test]
    fn counts() {
        for (text, expected) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("-1", None),
            ("1000", None),
            ("x", None),
        ] {
            let found = Retry::default().with_count(text).ok().map(|r| r.count);
            assert_eq!(found, expected, "{text}");
        }
    }
}
