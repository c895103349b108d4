//! Where what is served comes from: a registry of this server's own, or the copy of another.

use std::ops::Range;
use std::sync::Arc;

use axum::http::HeaderValue;

use super::mirror::Mirror;
use super::readable::Kind;
use super::refusal::Refusal;
use crate::Error;
use crate::access::Identity;
use crate::service::Service;
use crate::storage::{Content, Facts};

/// See the module's documentation.
pub(crate) struct Source {
    service: Service,
    mirror: Option<Arc<Mirror>>,
}

impl Source {
    /// What `service` keeps; it may be changed unless it is the copy of a mirror.
    pub(crate) fn new(service: Service, mirror: Option<Arc<Mirror>>) -> Self {
        Self { service, mirror }
    }

    /// The registry, to be read.
    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// The mirror, if this is one.
    pub(crate) fn mirror(&self) -> Option<&Arc<Mirror>> {
        self.mirror.as_ref()
    }

    /// The registry, to be changed: a mirror refuses that.
    pub(crate) fn writable(&self) -> Result<&Service, Refusal> {
        match &self.mirror {
            None => Ok(&self.service),
            Some(mirror) => Err(mirror.read_only()),
        }
    }

    /// The facts of the file at `path` now, and what is to be said of its freshness.
    pub(crate) async fn facts(
        &self,
        path: &str,
        kind: &Kind,
    ) -> Result<Option<(Facts, Option<HeaderValue>)>, Refusal> {
        match &self.mirror {
            None => Ok(present(self.service.facts(path).await)?.map(|facts| (facts, None))),
            Some(mirror) => mirror.facts(path, kind).await,
        }
    }

    /// The file at `path`, or some of its bytes.
    pub(crate) async fn read(
        &self,
        path: &str,
        range: Option<Range<u64>>,
    ) -> Result<Option<Content>, Refusal> {
        Ok(present(self.service.read(path, range).await)?)
    }

    /// Who holds the token `secret`.
    pub(crate) async fn authenticate(&self, secret: &str) -> Result<Identity, Refusal> {
        Ok(self.service.authenticate(secret).await?)
    }

    /// Whether the registry can be read.
    pub(crate) async fn check(&self) -> Result<(), Refusal> {
        Ok(self.service.check().await?)
    }
}

/// What there is, or `None`.
pub(crate) fn present<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
