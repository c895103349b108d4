//! What owners do with their packages: yanking, and choosing owners.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use puck_package::PackageName;
use semver::Version;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{Reader, Writer};
use crate::access::User;
use crate::http::app::App;
use crate::http::refusal::{Code, ErrorBody, Refusal};

/// Why a version is withdrawn.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct YankBody {
    /// Shown to whoever has the version in a lockfile.
    #[schema(example = "wrong results for empty input")]
    reason: Option<String>,
}

/// Whether something is other than before.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangedBody {
    changed: bool,
}

/// Who may publish, yank and choose owners.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnersBody {
    #[schema(example = json!(["alice"]))]
    owners: Vec<String>,
}

/// Withdraws a version
///
/// It is chosen from now on only by lockfiles that name it already.
#[utoipa::path(
    put, path = "/api/v1/packages/{name}/{version}/yank", tag = "packages",
    params(
        ("name" = String, Path, description = "the package"),
        ("version" = String, Path, description = "the version"),
    ),
    request_body(content = Option<YankBody>, content_type = "application/json"),
    responses(
        (status = 200, body = ChangedBody, description = "it is withdrawn"),
        (status = 401, body = ErrorBody, description = "no good token"),
        (status = 403, body = ErrorBody, description = "the token is not for that"),
        (status = 404, body = ErrorBody, description = "there is no such version"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn yank(
    State(app): State<Arc<App>>,
    Writer(identity): Writer,
    Path((name, version)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<ChangedBody>, Refusal> {
    let (name, version) = (package(&name)?, parse_version(&version)?);
    let YankBody { reason } = if body.is_empty() {
        YankBody::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| {
            let message = format!("the body is not {{\"reason\": \"…\"}}: {error}");
            Refusal::new(Code::BadRequest, message)
        })?
    };
    let changed = app
        .source
        .writable()?
        .yank(&name, &version, true, reason.as_deref(), &identity)
        .await?;
    Ok(Json(ChangedBody { changed }))
}

/// Takes the withdrawal of a version back
#[utoipa::path(
    delete, path = "/api/v1/packages/{name}/{version}/yank", tag = "packages",
    params(
        ("name" = String, Path, description = "the package"),
        ("version" = String, Path, description = "the version"),
    ),
    responses(
        (status = 200, body = ChangedBody, description = "it is not withdrawn"),
        (status = 401, body = ErrorBody, description = "no good token"),
        (status = 403, body = ErrorBody, description = "the token is not for that"),
        (status = 404, body = ErrorBody, description = "there is no such version"),
        (status = 409, body = ErrorBody, description = "its series has promised other things meanwhile"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn unyank(
    State(app): State<Arc<App>>,
    Writer(identity): Writer,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<ChangedBody>, Refusal> {
    let (name, version) = (package(&name)?, parse_version(&version)?);
    let changed = app
        .source
        .writable()?
        .yank(&name, &version, false, None, &identity)
        .await?;
    Ok(Json(ChangedBody { changed }))
}

/// The owners of a package
#[utoipa::path(
    get, path = "/api/v1/packages/{name}/owners", tag = "packages",
    params(("name" = String, Path, description = "the package")),
    responses(
        (status = 200, body = OwnersBody, description = "its owners"),
        (status = 404, body = ErrorBody, description = "there is no such package"),
    ),
)]
pub(crate) async fn owners(
    State(app): State<Arc<App>>,
    reader: Reader,
    Path(name): Path<String>,
) -> Result<Json<OwnersBody>, Refusal> {
    let name = package(&name)?;
    reader.require(&name)?;
    if let Some(mirror) = app.source.mirror() {
        return Err(mirror.elsewhere("owners"));
    }
    let owners = app.source.service().owners(&name).await?;
    Ok(body(owners))
}

/// Adds an owner
#[utoipa::path(
    put, path = "/api/v1/packages/{name}/owners/{user}", tag = "packages",
    params(
        ("name" = String, Path, description = "the package"),
        ("user" = String, Path, description = "who becomes an owner"),
    ),
    responses(
        (status = 200, body = OwnersBody, description = "its owners now"),
        (status = 401, body = ErrorBody, description = "no good token"),
        (status = 403, body = ErrorBody, description = "the token is not for that"),
        (status = 404, body = ErrorBody, description = "there is no such package"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn add_owner(
    State(app): State<Arc<App>>,
    Writer(identity): Writer,
    Path((name, user)): Path<(String, String)>,
) -> Result<Json<OwnersBody>, Refusal> {
    let name = package(&name)?;
    let owners = app
        .source
        .writable()?
        .add_owner(&name, &parse_user(&user)?, &identity)
        .await?;
    Ok(body(owners))
}

/// Removes an owner
///
/// The last one stays.
#[utoipa::path(
    delete, path = "/api/v1/packages/{name}/owners/{user}", tag = "packages",
    params(
        ("name" = String, Path, description = "the package"),
        ("user" = String, Path, description = "who is no owner any more"),
    ),
    responses(
        (status = 200, body = OwnersBody, description = "its owners now"),
        (status = 401, body = ErrorBody, description = "no good token"),
        (status = 403, body = ErrorBody, description = "the token is not for that"),
        (status = 404, body = ErrorBody, description = "there is no such package"),
        (status = 409, body = ErrorBody, description = "it is the last owner"),
    ),
    security(("token" = [])),
)]
pub(crate) async fn remove_owner(
    State(app): State<Arc<App>>,
    Writer(identity): Writer,
    Path((name, user)): Path<(String, String)>,
) -> Result<Json<OwnersBody>, Refusal> {
    let name = package(&name)?;
    let owners = app
        .source
        .writable()?
        .remove_owner(&name, &parse_user(&user)?, &identity)
        .await?;
    Ok(body(owners))
}

fn package(name: &str) -> Result<PackageName, Refusal> {
    name.parse().map_err(|error| {
        Refusal::new(
            Code::BadRequest,
            format!("`{name}` is not a package's name: {error}"),
        )
    })
}

fn parse_version(version: &str) -> Result<Version, Refusal> {
    version.parse().map_err(|error| {
        Refusal::new(
            Code::BadRequest,
            format!("`{version}` is not a version: {error}"),
        )
    })
}

fn parse_user(user: &str) -> Result<User, Refusal> {
    user.parse::<User>()
        .map_err(|error| Refusal::new(Code::BadRequest, error.to_string()))
}

fn body(owners: Vec<User>) -> Json<OwnersBody> {
    let owners = owners.into_iter().map(String::from).collect();
    Json(OwnersBody { owners })
}
