//! Uploads: into a file beside the registry first, hashed on the way, then all at once.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use puck_package::{Digest, IndexLine};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::caller::Writer;
use crate::access::Scope;
use crate::http::app::App;
use crate::http::gate::Place;
use crate::http::options::Limits;
use crate::http::refusal::{Code, ErrorBody, Refusal};

/// The header with the digest that the client has computed.
const SHA256: &str = "puck-sha256";

/// How an upload is to be taken.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "kebab-case")]
#[into_params(parameter_in = Query)]
pub(crate) struct PublishQuery {
    /// Check everything and publish nothing.
    #[serde(default)]
    dry_run: bool,
}

/// A version that is published.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublishedBody {
    /// What the index says of it.
    #[schema(value_type = Object)]
    line: IndexLine,
    /// Whether this publish put it there; if not, the very same archive was there before.
    new: bool,
}

/// Publishes an archive
///
/// The body is the archive. What is published already, byte for byte, is no error: a publish
/// whose answer was lost may be sent again.
#[utoipa::path(
    post, path = "/api/v1/publish", tag = "packages",
    params(
        PublishQuery,
        ("Puck-Sha256" = Option<String>, Header, description = "the archive's SHA-256 in hex: what arrives must have it"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, body = PublishedBody, description = "it is published now"),
        (status = 200, body = PublishedBody, description = "it was published before; or with `dry-run`, it could be"),
        (status = 400, body = ErrorBody, description = "what arrived is not what was sent"),
        (status = 401, body = ErrorBody, description = "no good token"),
        (status = 403, body = ErrorBody, description = "the token is not for that, or its user owns the package not"),
        (status = 408, body = ErrorBody, description = "the upload made no progress"),
        (status = 409, body = ErrorBody, description = "the version is there with other content, or breaks a promise of its series"),
        (status = 413, body = ErrorBody, description = "the archive is too large"),
        (status = 422, body = ErrorBody, description = "it is not a sound archive"),
        (status = 503, body = ErrorBody, description = "too many publishes at once"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn publish(
    State(app): State<Arc<App>>,
    Writer(identity): Writer,
    query: Result<Query<PublishQuery>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    // With which package it is about is known when the archive is there; this is known now.
    if !identity.has(Scope::PublishNew) && !identity.has(Scope::PublishUpdate) {
        return Err(Refusal::new(
            Code::Forbidden,
            "this token has neither the scope publish-new nor publish-update",
        )
        .hint("ask whoever runs the registry for a token that allows it".to_owned())
        .close());
    }
    let Query(PublishQuery { dry_run }) =
        query.map_err(|error| Refusal::new(Code::BadRequest, error.body_text()))?;
    let expected = expected(&headers)?;
    let limit = app.limits.archive_size;
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        app.metrics.rejected("too-large");
        return Err(too_large(limit));
    }
    let place = app.publishing.enter().ok_or_else(|| {
        app.metrics.rejected("overload");
        Refusal::overloaded("it takes as many uploads as it may").close()
    })?;
    let upload = receive(&app, body).await?;
    if let Some(expected) = expected
        && expected != upload.sha256
    {
        let message = format!(
            "the archive that arrived has SHA-256 {}, not {expected}",
            upload.sha256
        );
        return Err(Refusal::new(Code::BadRequest, message).hint("send it again".to_owned()));
    }
    // From here on it goes on even if the client does not wait for the answer.
    let work = finish(Arc::clone(&app), upload.file, identity, dry_run, place);
    let published = app
        .tasks
        .spawn(work)
        .await
        .map_err(|error| Refusal::internal(&error))?;
    let (outcome, answer) = match published {
        Ok(PublishedBody { new: true, line }) if !dry_run => (
            "new",
            Ok((StatusCode::CREATED, Json(PublishedBody { line, new: true })).into_response()),
        ),
        Ok(body) if body.new => ("checked", Ok(Json(body).into_response())),
        Ok(body) => ("same", Ok(Json(body).into_response())),
        Err(refusal) => ("refused", Err(refusal)),
    };
    app.metrics.published(outcome);
    answer
}

async fn finish(
    app: Arc<App>,
    file: NamedTempFile,
    identity: crate::access::Identity,
    dry_run: bool,
    place: Place,
) -> Result<PublishedBody, Refusal> {
    let _place = place;
    let _processor = app.checking.acquire().await;
    let service = app.source.writable()?;
    let published = service
        .publish(file.path().to_owned(), &identity, dry_run)
        .await?;
    tracing::info!(
        target: "puck::publish",
        user = identity.user().map(crate::access::User::as_str),
        package = %published.line.name,
        version = %published.line.version,
        sha256 = %published.line.sha256,
        new = published.new,
        dry_run,
    );
    Ok(PublishedBody {
        line: published.line,
        new: published.new,
    })
}

/// An archive that has arrived.
struct Upload {
    file: NamedTempFile,
    sha256: Digest,
}

/// Writes `body` to a file, within the limits.
async fn receive(app: &App, body: Body) -> Result<Upload, Refusal> {
    let service = app.source.writable()?;
    let file = service.spool().map_err(|error| storage_failed(&error))?;
    let handle = file.reopen().map_err(|error| storage_failed(&error))?;
    let mut out = tokio::fs::File::from_std(handle);
    let mut hasher = Digest::hasher();
    let mut pace = Pace::new(&app.limits);
    let mut stream = body.into_data_stream();
    while let Some(chunk) = timeout(pace.patience, stream.next())
        .await
        .map_err(|_| too_slow(app))?
    {
        let chunk = chunk.map_err(|error| broken(&error))?;
        app.metrics.received.inc_by(chunk.len() as u64);
        if pace.received(chunk.len() as u64) > app.limits.archive_size {
            app.metrics.rejected("too-large");
            return Err(too_large(app.limits.archive_size));
        }
        if pace.is_too_slow() {
            return Err(too_slow(app));
        }
        io::Write::write_all(&mut hasher, &chunk).map_err(|error| storage_failed(&error))?;
        out.write_all(&chunk)
            .await
            .map_err(|error| storage_failed(&error))?;
    }
    out.flush().await.map_err(|error| storage_failed(&error))?;
    let (sha256, _) = hasher.finish();
    Ok(Upload { file, sha256 })
}

/// How fast an upload comes.
struct Pace {
    begun: Instant,
    /// How long nothing may come.
    patience: Duration,
    /// Bytes a second that must have come on average, once `patience` has passed.
    least: u64,
    bytes: u64,
}

impl Pace {
    fn new(limits: &Limits) -> Self {
        Self {
            begun: Instant::now(),
            patience: limits.stall_time,
            least: limits.upload_speed,
            bytes: 0,
        }
    }

    /// Counts what came; all of it.
    fn received(&mut self, bytes: u64) -> u64 {
        self.bytes += bytes;
        self.bytes
    }

    fn is_too_slow(&self) -> bool {
        let elapsed = self.begun.elapsed();
        elapsed > self.patience && self.bytes < self.least.saturating_mul(elapsed.as_secs())
    }
}

fn expected(headers: &HeaderMap) -> Result<Option<Digest>, Refusal> {
    let Some(value) = headers.get(SHA256) else {
        return Ok(None);
    };
    let digest = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    digest.map(Some).ok_or_else(|| {
        Refusal::new(Code::BadRequest, "Puck-Sha256 is not 64 hexadecimal digits").close()
    })
}

fn too_large(limit: u64) -> Refusal {
    let message = format!("the archive is larger than {limit} bytes");
    Refusal::new(Code::TooLarge, message)
        .hint("whoever runs the registry may allow more by --max-archive-size".to_owned())
        .close()
}

fn too_slow(app: &App) -> Refusal {
    app.metrics.rejected("timeout");
    Refusal::new(Code::Timeout, "the upload made too little progress")
        .hint("nothing was published; send it again".to_owned())
        .close()
}

fn broken(error: &axum::Error) -> Refusal {
    tracing::debug!(%error, "an upload broke off");
    Refusal::new(Code::BadRequest, "the upload broke off")
        .hint("nothing was published; send it again".to_owned())
        .close()
}

fn storage_failed(error: &io::Error) -> Refusal {
    Refusal::internal(error).close()
}
