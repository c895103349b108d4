//! Whoever asks for a change.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::access::Identity;
use crate::http::app::App;
use crate::http::refusal::Refusal;

/// The owner of the token that came with a request; without a good token the request is refused.
pub(crate) struct Caller(pub(crate) Identity);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        match app.identity(&parts.headers).await? {
            Some(identity) => Ok(Self(identity)),
            None => Err(Refusal::unauthorized("this needs a token")),
        }
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
