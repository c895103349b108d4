//! The routes by the names that they have in the OpenAPI description, for metrics and logs.

/// What requests that no route matches are counted as.
pub(crate) const OTHER: &str = "other";

/// Every route.
pub(crate) const ALL: [&str; 14] = [
    "/index/{path}",
    "/archives/{name}/{file}",
    "/log.jsonl",
    "/registry.json",
    "/api/v1/publish",
    "/api/v1/packages/{name}/{version}/yank",
    "/api/v1/packages/{name}/owners",
    "/api/v1/packages/{name}/owners/{user}",
    "/api/v1/search",
    "/api/v1/names",
    "/api/v1/me",
    "/api/v1/openapi.json",
    "/health",
    "/metrics",
];

/// The route of `path`.
pub(crate) fn of(path: &str) -> &'static str {
    if path.starts_with("/index/") {
        return "/index/{path}";
    }
    ALL.into_iter()
        .find(|template| matches(template, path))
        .unwrap_or(OTHER)
}

fn matches(template: &str, path: &str) -> bool {
    let mut path = path.split('/');
    let mut template = template.split('/');
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) => {
                let any = expected.starts_with('{') && !found.is_empty();
                if !any && expected != found {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_their_routes() {
        for (path, route) in [
            ("/index/li/na/linalg", "/index/{path}"),
            (
                "/archives/linalg/linalg-1.2.0.puck",
                "/archives/{name}/{file}",
            ),
            ("/archives/linalg", OTHER),
            (
                "/api/v1/packages/a/owners",
                "/api/v1/packages/{name}/owners",
            ),
            (
                "/api/v1/packages/a/owners/b",
                "/api/v1/packages/{name}/owners/{user}",
            ),
            (
                "/api/v1/packages/a/1.0.0/yank",
                "/api/v1/packages/{name}/{version}/yank",
            ),
            ("/api/v1/packages/a/owners/", OTHER),
            ("/health", "/health"),
            ("/health/", OTHER),
            ("/", OTHER),
            ("", OTHER),
        ] {
            assert_eq!(of(path), route, "{path}");
        }
    }
}
