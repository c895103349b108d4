//! What a registry with an API does when it is asked to: publish, yank, owners, search.

use std::path::Path;

use puck_package::{Digest, IndexLine, PackageName};
use puck_registry::{Hit, Query, shown_version};
use reqwest::Method;
use reqwest::header::HeaderName;
use semver::Version;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::settings::shown;
use crate::transport::{Body, Request};
use crate::{Client, Error, Result, look};

/// The longest answer that is read, in bytes.
const MAX: u64 = 64 << 20;

/// The SHA-256 of what is published, so that what was damaged on the way is refused.
const PUCK_SHA256: HeaderName = HeaderName::from_static("puck-sha256");

/// A version that is published.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Published {
    /// What the index says of it, or would say, in a dry run.
    pub line: IndexLine,
    /// Whether this publish put it there; if not, the very same archive was published before.
    pub new: bool,
}

/// Whom a registry takes somebody for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Me {
    /// The user's name.
    pub user: String,
    /// What the token allows, like `publish-new`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Which packages it allows that for; with none, for all.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Until when, RFC 3339; `None` for ever.
    #[serde(default)]
    pub expires: Option<String>,
}

#[derive(Deserialize)]
struct Changed {
    changed: bool,
}

#[derive(Deserialize)]
struct Owners {
    owners: Vec<String>,
}

#[derive(Deserialize)]
struct Names {
    names: Vec<PackageName>,
}

#[derive(Deserialize)]
struct Hits {
    hits: Vec<Hit>,
}

impl Client {
    /// Publishes the archive at `path`; in a dry run, only checks whether that would succeed.
    ///
    /// An archive that is published already, byte for byte, is no error.
    ///
    /// # Errors
    /// If the registry can only be read, refuses it, or cannot be reached; if the file cannot be read.
    pub fn publish(&self, path: &Path, dry_run: bool) -> Result<Published> {
        let mut url = self.api(&["publish"])?;
        if dry_run {
            url.set_query(Some("dry-run=true"));
        }
        let sha256 = Digest::of_file(path)?.hex();
        let mut request = Request::new(Method::POST, url).with(PUCK_SHA256, &sha256);
        request.body = Body::File(path.to_owned());
        self.call(&request)
    }

    /// Withdraws a version, or takes that back; whether that changed anything.
    ///
    /// # Errors
    /// If the registry can only be read, refuses it, or cannot be reached.
    pub fn yank(
        &self,
        name: &PackageName,
        version: &Version,
        yanked: bool,
        reason: Option<&str>,
    ) -> Result<bool> {
        let url = self.api(&["packages", name.as_str(), &version.to_string(), "yank"])?;
        let method = if yanked { Method::PUT } else { Method::DELETE };
        let mut request = Request::new(method, url);
        if yanked {
            let body = serde_json::json!({ "reason": reason });
            request.body = Body::Json(body.to_string().into_bytes());
        }
        self.call(&request).map(|Changed { changed }| changed)
    }

    /// Who may publish versions of `name`.
    ///
    /// # Errors
    /// If the registry has no API, refuses it, or cannot be reached.
    pub fn owners(&self, name: &PackageName) -> Result<Vec<String>> {
        let url = self.api(&["packages", name.as_str(), "owners"])?;
        let request = Request::get(url);
        self.call(&request).map(|Owners { owners }| owners)
    }

    /// Lets `user` publish versions of `name`, too; who may then.
    ///
    /// # Errors
    /// As [`Client::owners`].
    pub fn add_owner(&self, name: &PackageName, user: &str) -> Result<Vec<String>> {
        self.owner(Method::PUT, name, user)
    }

    /// Lets `user` publish versions of `name` no more; who may then.
    ///
    /// # Errors
    /// As [`Client::owners`].
    pub fn remove_owner(&self, name: &PackageName, user: &str) -> Result<Vec<String>> {
        self.owner(Method::DELETE, name, user)
    }

    fn owner(&self, method: Method, name: &PackageName, user: &str) -> Result<Vec<String>> {
        let url = self.api(&["packages", name.as_str(), "owners", user])?;
        let request = Request::new(method, url);
        self.call(&request).map(|Owners { owners }| owners)
    }

    /// Whom the registry takes the bearer of the token for.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] without a good token; if the registry has no API or cannot be reached.
    pub fn me(&self) -> Result<Me> {
        self.call(&Request::get(self.api(&["me"])?))
    }

    /// The packages that match `query`, the best first. Of a registry without an API, the whole
    /// index is read.
    ///
    /// # Errors
    /// If the registry cannot be reached, or is damaged.
    pub fn search(&self, query: &Query) -> Result<Vec<Hit>> {
        if !self.has_api()? {
            let names = self.names()?;
            self.prefetch(&names)?;
            let lines = names
                .iter()
                .map(|name| self.lines(name))
                .collect::<Result<Vec<_>>>()?;
            return Ok(query.among(lines.iter().filter_map(|lines| shown_version(lines))));
        }
        let mut url = self.api(&["search"])?;
        url.query_pairs_mut().append_pair("q", &query.text);
        if let Some(signature) = &query.signature {
            url.query_pairs_mut()
                .append_pair("signature", &signature.to_string());
        }
        self.call(&Request::get(url)).map(|Hits { hits }| hits)
    }

    /// The names of all packages, sorted. Of a registry without an API, the whole log is read.
    ///
    /// # Errors
    /// If the registry cannot be reached, or is damaged.
    pub fn names(&self) -> Result<Vec<PackageName>> {
        let mut names = if self.has_api()? {
            self.call::<Names>(&Request::get(self.api(&["names"])?))?
                .names
        } else {
            let entries = look::whole(self.transport())?;
            entries.into_iter().map(|entry| entry.name).collect()
        };
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// Whether it can be asked to do things, rather than only be read.
    ///
    /// # Errors
    /// If the registry cannot be reached, or is none.
    pub fn has_api(&self) -> Result<bool> {
        Ok(self.description(true)?.api.is_some())
    }

    /// The address of the API, with `path` below.
    fn api(&self, path: &[&str]) -> Result<Url> {
        let base = &self.transport().settings().url;
        let Some(mut url) = self.description(true)?.api(base)? else {
            return Err(Error::ReadOnly { url: shown(base) });
        };
        if url.origin() != base.origin() && self.transport().settings().token.is_some() {
            return Err(Error::OtherHost {
                url: shown(base),
                api: shown(&url),
            });
        }
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        Ok(url)
    }

    fn call<T: DeserializeOwned>(&self, request: &Request) -> Result<T> {
        let answer = self.transport().fetch(request, MAX)?;
        if !answer.status.is_success() {
            return Err(self.transport().refusal(&answer));
        }
        serde_json::from_slice(&answer.body).map_err(|error| Error::Content {
            url: shown(&answer.url),
            expected: "the answer of a registry's API".to_owned(),
            found: error.to_string(),
        })
    }
}
