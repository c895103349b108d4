//! Finding packages, and finding out whose token one has.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use puck_package::index::Export;
use puck_package::{PackageName, Signature};
use semver::Version;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Caller, Reader};
use crate::http::app::App;
use crate::http::refusal::{Code, ErrorBody, Refusal};

/// How many hits are given if none are asked for, and at most.
const HITS: usize = 50;
const MOST_HITS: usize = 500;
/// More words than a person types.
const LONGEST: usize = 1000;

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// Words that must all occur in the name, the keywords, the names of functions or the
    /// description.
    #[serde(default)]
    q: String,
    /// A type that an export must have, e.g. `fn(n: u64) -> f64`.
    signature: Option<String>,
    /// How many hits to give at most.
    limit: Option<usize>,
}

/// What was found, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HitsBody {
    hits: Vec<HitBody>,
}

/// A package at its newest version that is not yanked.
#[derive(Debug, Serialize, ToSchema)]
struct HitBody {
    #[schema(value_type = String)]
    name: PackageName,
    #[schema(value_type = String)]
    version: Version,
    description: String,
    keywords: Vec<String>,
    /// The exports that matched.
    #[schema(value_type = Vec<Object>)]
    exports: Vec<Export>,
}

/// Every package.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamesBody {
    #[schema(value_type = Vec<String>)]
    names: Vec<PackageName>,
}

/// What a token is for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MeBody {
    user: String,
    #[schema(example = json!(["publish-new", "publish-update"]))]
    scopes: Vec<String>,
    /// Patterns of names.
    #[schema(example = json!(["lin*"]))]
    packages: Vec<String>,
    /// RFC 3339; without it, never.
    expires: Option<String>,
}

/// Finds packages by words and by the types of their functions
#[utoipa::path(
    get, path = "/api/v1/search", tag = "lookup",
    params(SearchQuery),
    responses(
        (status = 200, body = HitsBody, description = "what was found"),
        (status = 400, body = ErrorBody, description = "the signature is none"),
    ),
)]
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    reader: Reader,
    query: Result<Query<SearchQuery>, QueryRejection>,
    uri: axum::http::Uri,
) -> Result<Response, Refusal> {
    let bad = |message: String| Refusal::new(Code::BadRequest, message);
    let Query(SearchQuery {
        q,
        signature,
        limit,
    }) = query.map_err(|error| bad(error.body_text()))?;
    if q.len() > LONGEST || signature.as_ref().is_some_and(|text| text.len() > LONGEST) {
        return Err(bad(format!("a search has at most {LONGEST} bytes")));
    }
    let signature: Option<Signature> = signature
        .map(|text| {
            text.parse()
                .map_err(|error| bad(format!("`{text}` is not a signature: {error}")))
        })
        .transpose()?;
    if let Some(mirror) = app.source.mirror() {
        relayed_whole(&reader)?;
        return mirror.relay(&uri).await;
    }
    let query = puck_registry::Query { text: q, signature };
    let puck_registry::Found { mut hits, skipped } = app.source.service().search(&query).await?;
    for error in skipped {
        tracing::warn!(%error, "a package is passed over in a search");
    }
    hits.retain(|hit| reader.may_read(&hit.name));
    hits.truncate(limit.unwrap_or(HITS).min(MOST_HITS));
    let hits = hits
        .into_iter()
        .map(|hit| HitBody {
            name: hit.name,
            version: hit.version,
            description: hit.description,
            keywords: hit.keywords,
            exports: hit.exports,
        })
        .collect();
    Ok(Json(HitsBody { hits }).into_response())
}

/// The names of all packages, sorted
#[utoipa::path(
    get, path = "/api/v1/names", tag = "lookup",
    responses((status = 200, body = NamesBody, description = "the names")),
)]
pub(crate) async fn names(
    State(app): State<Arc<App>>,
    reader: Reader,
    uri: axum::http::Uri,
) -> Result<Response, Refusal> {
    if let Some(mirror) = app.source.mirror() {
        relayed_whole(&reader)?;
        return mirror.relay(&uri).await;
    }
    let mut names = app.source.service().names().await?;
    names.retain(|name| reader.may_read(name));
    Ok(Json(NamesBody { names }).into_response())
}

/// Checks that `reader` may have what a mirror gets from its upstream, which it does not look into.
fn relayed_whole(reader: &Reader) -> Result<(), Refusal> {
    if reader.may_read_all() {
        return Ok(());
    }
    let message = "a mirror passes on whole what its upstream finds, and this token is not for all \
                   packages";
    Err(Refusal::new(Code::Forbidden, message)
        .hint("ask whoever runs the mirror for a token that is".to_owned()))
}

/// Whose token this is, and what it is for
#[utoipa::path(
    get, path = "/api/v1/me", tag = "lookup",
    responses(
        (status = 200, body = MeBody, description = "it is good"),
        (status = 401, body = ErrorBody, description = "it is not, or there is none"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn me(Caller(identity): Caller) -> Result<Json<MeBody>, Refusal> {
    Ok(Json(MeBody {
        user: identity.user().map(ToString::to_string).unwrap_or_default(),
        scopes: identity.scopes().iter().map(ToString::to_string).collect(),
        packages: identity
            .packages()
            .iter()
            .map(ToString::to_string)
            .collect(),
        expires: identity.expires().map(|time| time.to_string()),
    }))
}
