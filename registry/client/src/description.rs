//! `registry.json`: what a registry says of itself.

use puck_package::format::{self, Numbered};
use serde::Deserialize;
use url::Url;

use crate::settings::shown;
use crate::{Error, Result};

/// The longest description that is read, in bytes.
pub(crate) const MAX: u64 = 1 << 20;

/// The path of the description in a registry.
pub(crate) const PATH: &str = "registry.json";

/// `registry.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Description {
    format: u32,
    pub(crate) name: String,
    /// Where its API is, relative to the registry, if it has one.
    #[serde(default)]
    pub(crate) api: Option<String>,
}

impl Numbered for Description {
    fn format(&self) -> u32 {
        self.format
    }
}

impl Description {
    /// Reads what came from `url`.
    pub(crate) fn parse(url: &Url, bytes: &[u8]) -> Result<Self> {
        let what = shown(url);
        let not = |reason: String| Error::NotRegistry {
            url: what.clone(),
            reason,
        };
        match format::read_json(&what, bytes, format::REGISTRY) {
            Ok(description) => Ok(description),
            Err(format::DocumentError::Newer(newer)) => Err(Error::Newer(newer)),
            Err(error) => Err(not(error.to_string())),
        }
    }

    /// The address of the API of the registry at `base`, ending with a slash.
    pub(crate) fn api(&self, base: &Url) -> Result<Option<Url>> {
        let Some(api) = &self.api else {
            return Ok(None);
        };
        let joined = base
            .join(api)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        joined
            .map(|url| Some(crate::settings::base(&url)))
            .ok_or_else(|| Error::Content {
                url: shown(base),
                expected: "the address of its API under `api` in registry.json".to_owned(),
                found: format!("`{api}`"),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_apis() {
        let base: Url = "https://a.example/team/".parse().unwrap();
        for (api, expected) in [
            (None, Ok(None)),
            (Some("api/v1"), Ok(Some("https://a.example/team/api/v1/"))),
            (Some("/api/"), Ok(Some("https://a.example/api/"))),
            (
                Some("https://b.example/x"),
                Ok(Some("https://b.example/x/")),
            ),
            (Some("file:///etc/"), Err(())),
            (Some("http://[x"), Err(())),
        ] {
            let description = Description {
                format: 1,
                name: "team".to_owned(),
                api: api.map(str::to_owned),
            };
            let found = description.api(&base).map_err(drop);
            assert_eq!(
                found,
                expected.map(|url| url.map(|url| url.parse().unwrap()))
            );
        }
    }

    #[test]
    fn what_is_no_description() {
        let url: Url = "https://a.example/registry.json".parse().unwrap();
        let error = Description::parse(&url, b"<html>").unwrap_err();
        assert!(matches!(error, Error::NotRegistry { .. }), "{error}");
        let error = Description::parse(&url, br#"{"format": 99}"#).unwrap_err();
        assert!(matches!(error, Error::Newer(_)), "{error}");
    }
}
