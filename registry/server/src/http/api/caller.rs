//! Whoever asks, as far as it matters.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use puck_package::PackageName;

use crate::access::{Identity, Pattern, Scope};
use crate::http::app::App;
use crate::http::refusal::Refusal;

/// The owner of the token that came with a request; without a good token the request is refused.
pub(crate) struct Caller(pub(crate) Identity);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        // A private registry has asked already. To ask twice would count twice.
        if let Some(identity) = parts.extensions.get::<Identity>() {
            return Ok(Self(identity.clone()));
        }
        match app.identity(&parts.headers).await? {
            Some(identity) => Ok(Self(identity)),
            None => Err(Refusal::unauthorized("this needs a token")),
        }
    }
}

/// Who reads: in a private registry the holder of a token, elsewhere anybody.
pub(crate) struct Reader(Option<Identity>);

impl Reader {
    /// Checks that he may read of `package`.
    pub(crate) fn require(&self, package: &PackageName) -> Result<(), Refusal> {
        match &self.0 {
            Some(identity) => Ok(identity.require(Scope::Read, package)?),
            None => Ok(()),
        }
    }

    /// Whether he may read of `package`.
    pub(crate) fn may_read(&self, package: &PackageName) -> bool {
        self.0
            .as_ref()
            .is_none_or(|identity| identity.is_for(package))
    }

    /// Whether he may read of every package.
    pub(crate) fn may_read_all(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|identity| identity.packages().contains(&Pattern::all()))
    }
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Identity>().cloned()))
    }
}

/// A change that this server can make at all: a mirror refuses before it looks at tokens.
pub(crate) struct Writer(pub(crate) Identity);

impl FromRequestParts<Arc<App>> for Writer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        app.source.writable()?;
        let Caller(identity) = Caller::from_request_parts(parts, app).await?;
        Ok(Self(identity))
    }
}
