//! What is read of the registry: its files.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;

use crate::http::app::App;
use crate::http::reads;
use crate::http::refusal::{ErrorBody, Refusal};

/// The versions of a package
///
/// One line of JSON each, oldest first. The path is made of the name: `1/a`, `2/ab`, `3/a/abc`,
/// `li/na/linalg`.
#[utoipa::path(
    get, path = "/index/{*path}", tag = "files",
    params(("path" = String, Path, description = "the index path of a package's name")),
    responses(
        (status = 200, content_type = "application/jsonl", description = "the lines"),
        (status = 206, description = "the range that was asked for"),
        (status = 304, description = "the client has them"),
        (status = 404, body = ErrorBody, description = "there is no such package"),
    ),
)]
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    reads::answer(&app, &method, uri.path(), &headers).await
}

/// The archive of a version
///
/// It never changes.
#[utoipa::path(
    get, path = "/archives/{name}/{file}", tag = "files",
    params(
        ("name" = String, Path, description = "the package"),
        ("file" = String, Path, description = "`NAME-VERSION.puck`"),
    ),
    responses(
        (status = 200, content_type = "application/vnd.puck.package", description = "the archive"),
        (status = 206, description = "the range that was asked for"),
        (status = 304, description = "the client has it"),
        (status = 404, body = ErrorBody, description = "there is no such version"),
    ),
)]
pub(crate) async fn archive(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    reads::answer(&app, &method, uri.path(), &headers).await
}

/// Every change, in the order in which it happened
///
/// One line of JSON each, with the SHA-256 of the line before. Lines are only ever appended: ask
/// for the range from the start of the last line that you know.
#[utoipa::path(
    get, path = "/log.jsonl", tag = "files",
    responses(
        (status = 200, content_type = "application/jsonl", description = "the log"),
        (status = 206, description = "the range that was asked for"),
        (status = 304, description = "the client has it"),
        (status = 404, body = ErrorBody, description = "nothing was published yet"),
        (status = 416, body = ErrorBody, description = "the log is shorter"),
    ),
)]
pub(crate) async fn log(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    reads::answer(&app, &method, "/log.jsonl", &headers).await
}

/// What registry this is
///
/// Its format, its name, and the address of its API relative to its own.
#[utoipa::path(
    get, path = "/registry.json", tag = "files",
    responses(
        (status = 200, content_type = "application/json", description = "the description"),
        (status = 304, description = "the client has it"),
    ),
)]
pub(crate) async fn description(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    reads::answer(&app, &method, "/registry.json", &headers).await
}
