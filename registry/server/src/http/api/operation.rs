//! For whoever runs the server.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;

use crate::http::app::App;
use crate::http::metrics::CONTENT_TYPE as OPENMETRICS;
use crate::http::refusal::{ErrorBody, Refusal};

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`: otherwise there is an error.
    status: &'static str,
}

/// Whether the server can read its registry
#[utoipa::path(
    get, path = "/health", tag = "operation",
    responses(
        (status = 200, body = Health, description = "it can"),
        (status = 500, body = ErrorBody, description = "it cannot"),
    ),
)]
pub(crate) async fn health(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    app.source.check().await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(Health { status: "ok" })).into_response())
}

/// What the server counts, for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses(
        (status = 200, content_type = "application/openmetrics-text", body = String, description = "the metrics"),
        (status = 404, body = ErrorBody, description = "they are switched off"),
    ),
)]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    if !app.serves_metrics() {
        return Err(Refusal::not_found("/metrics"));
    }
    let headers = [(CONTENT_TYPE, OPENMETRICS), (CACHE_CONTROL, "no-store")];
    Ok((headers, app.metrics.text()).into_response())
}

/// This description
#[utoipa::path(
    get, path = "/api/v1/openapi.json", tag = "operation",
    responses((status = 200, content_type = "application/json", description = "OpenAPI 3.1")),
)]
pub(crate) async fn openapi(Extension(description): Extension<Arc<OpenApi>>) -> Response {
    ([(CACHE_CONTROL, "no-cache")], Json(description.as_ref())).into_response()
}
