//! What any request may be answered: said once, and added to the description of each.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};

/// Whoever watches the server is always answered.
const EXEMPT: [&str; 2] = ["/health", "/metrics"];

/// Adds it, where a route does not say more of it itself.
pub(super) fn add(description: &mut OpenApi) {
    for (path, item) in &mut description.paths.paths {
        for operation in operations(item) {
            if path != "/health" {
                say(operation, "401", "no good token, where one is needed");
                say(operation, "403", "the token is not for that");
            }
            if !EXEMPT.contains(&path.as_str()) {
                say(operation, "408", "it took too long");
                say(operation, "429", "too many requests; see `Retry-After`");
                say(operation, "503", "too much to do; see `Retry-After`");
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        ..
    } = item;
    [get, put, post, delete].into_iter().flatten()
}

fn say(operation: &mut Operation, status: &str, meaning: &str) {
    let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
    let response = ResponseBuilder::new()
        .description(meaning)
        .content("application/json", body)
        .build();
    let responses = &mut operation.responses.responses;
    responses
        .entry(status.to_owned())
        .or_insert(RefOr::T(response));
}
