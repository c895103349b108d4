//! The routes, each with what the OpenAPI description says of it.
//!
//! | module | routes |
//! |---|---|
//! | [`files`] | what is read of the registry |
//! | [`publish`] | uploads |
//! | [`packages`] | yanking, owners |
//! | [`lookup`] | search, names, whose token it is |
//! | `common` | what any of them may be answered |
//! | [`operation`] | health, metrics, the description itself |

mod caller;
mod common;
mod files;
mod lookup;
mod operation;
mod packages;
mod publish;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, Uri};
use axum::{Extension, Router};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::refusal::Refusal;
use super::route;
pub(crate) use caller::{Caller, Reader};

/// The most that a body may have which is no archive.
const DOCUMENT: usize = 64 << 10;

/// All routes of `app`.
pub(crate) fn router(app: Arc<App>) -> Router {
    let (router, mut description) = described().split_for_parts();
    common::add(&mut description);
    let description = Arc::new(description);
    router
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(DOCUMENT))
        .layer(Extension(description))
        .with_state(app)
}

/// The routes with their description.
fn described() -> OpenApiRouter<Arc<App>> {
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = utoipa::openapi::ComponentsBuilder::new()
        .security_scheme("token", bearer)
        .build();
    let info = InfoBuilder::new()
        .title("Puck registry")
        .version("1")
        .description(Some(
            "Function packages: an index, archives and a log that are plain files, and an API to \
             change them.",
        ))
        .build();
    let base: OpenApi = OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .build();
    OpenApiRouter::with_openapi(base)
        .routes(routes!(files::index))
        .routes(routes!(files::archive))
        .routes(routes!(files::log))
        .routes(routes!(files::description))
        .routes(routes!(publish::publish))
        .routes(routes!(packages::yank, packages::unyank))
        .routes(routes!(packages::owners))
        .routes(routes!(packages::add_owner, packages::remove_owner))
        .routes(routes!(lookup::search))
        .routes(routes!(lookup::names))
        .routes(routes!(lookup::me))
        .routes(routes!(operation::openapi))
        .routes(routes!(operation::health))
        .routes(routes!(operation::metrics))
}

async fn nothing(uri: Uri) -> Refusal {
    Refusal::not_found(uri.path()).hint("docs/protocol.md lists what there is".to_owned())
}

async fn wrong_method(State(app): State<Arc<App>>, method: Method, uri: Uri) -> Refusal {
    let allowed = allowed(uri.path());
    if !method.is_safe()
        && let Err(refusal) = app.source.writable()
    {
        return refusal.allow(allowed);
    }
    Refusal::method(uri.path(), allowed)
}

/// The methods of a route.
fn allowed(path: &str) -> &'static str {
    match route::of(path) {
        "/api/v1/publish" => "POST",
        "/api/v1/packages/{name}/{version}/yank" | "/api/v1/packages/{name}/owners/{user}" => {
            "PUT, DELETE"
        }
        _ => "GET, HEAD",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_description_has_every_route_and_no_other() {
        let description = described().into_openapi();
        let described: BTreeSet<String> = description.paths.paths.into_keys().collect();
        let routes: BTreeSet<String> = route::ALL.iter().map(|route| (*route).to_owned()).collect();
        // A rest of a path is no parameter of OpenAPI's; the route says so.
        let described: BTreeSet<String> = described
            .into_iter()
            .map(|path| path.replace("{*", "{"))
            .collect();
        assert_eq!(described, routes);
    }

    #[test]
    fn the_description_says_what_it_takes_and_gives() {
        let mut description = described().into_openapi();
        common::add(&mut description);
        let json = serde_json::to_value(description).unwrap();
        assert!(json["components"]["schemas"]["ErrorBody"].is_object());
        for (path, item) in json["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let operation = operation.as_object().unwrap();
                assert!(operation["responses"].is_object(), "{method} {path}");
                assert!(operation.contains_key("summary"), "{method} {path}");
                let says = |status: &str| operation["responses"].get(status).is_some();
                assert_eq!(says("401") && says("403"), path != "/health", "{path}");
                let watched = ["/health", "/metrics"].contains(&path.as_str());
                assert_eq!(says("429") && says("503"), !watched, "{path}");
                let writes = ["post", "put", "delete"].contains(&method.as_str());
                let wants_token = writes || path == "/api/v1/me";
                assert_eq!(
                    operation.contains_key("security"),
                    wants_token,
                    "{method} {path}"
                );
            }
        }
        assert!(json["components"]["securitySchemes"]["token"].is_object());
    }
}
