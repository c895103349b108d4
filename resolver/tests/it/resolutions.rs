//! What an answer holds besides versions.

use crate::scenario::{Registry, request};

const LAYERS: &str = "
    vecmath 1.0.0
    vecmath 1.1.0
    vecmath 1.2.0-beta.1
    vecmath 2.0.0
    vecmath 2.1.0 yanked
    linalg 1.0.0: vecmath ^1.0 @v1
    linalg 1.1.0: vecmath ^1.1 @v1
    linalg 2.0.0: vecmath ^2 @v2
    stats 0.3.0: vecmath ^1 @v1; linalg ^1 @v1
    stats 0.3.1: vecmath ^1 @v1; linalg ^1.1 @v1
    stats 0.4.0: vecmath ^1 @v1; linalg ^2 @v2
";

#[test]
fn says_what_needs_what() {
    let resolution = Registry::new(LAYERS)
        .resolve(&request("stats ^0.4; vecmath *"))
        .unwrap();
    let edges: Vec<String> = resolution
        .packages
        .iter()
        .map(|p| {
            let needs: Vec<String> = p.dependencies.iter().map(ToString::to_string).collect();
            format!("{} {} -> {}", p.name, p.version, needs.join(", "))
        })
        .collect();
    insta::assert_snapshot!(edges.join("\n"), @r"
    linalg 2.0.0 -> vecmath 2.0.0
    stats 0.4.0 -> linalg 2.0.0, vecmath 1.1.0
    vecmath 1.1.0 -> 
    vecmath 2.0.0 ->
    ");
    let direct: Vec<String> = resolution.direct.iter().map(ToString::to_string).collect();
    assert_eq!(direct, ["stats 0.4.0", "vecmath 2.0.0"]);
    let series = "v1".parse().unwrap();
    let vecmath = resolution.get(&"vecmath".parse().unwrap(), series).unwrap();
    assert_eq!(vecmath.version.to_string(), "1.1.0");
    assert!(resolution.get(&"linalg".parse().unwrap(), series).is_none());
}

#[test]
fn nothing_asked_nothing_chosen() {
    let request = puck_resolver::Request::new([]);
    assert_eq!(
        Registry::default().resolve(&request).unwrap(),
        puck_resolver::Resolution::default()
    );
}

#[test]
fn a_source_that_fails_is_named() {
    let error = Registry::new("a 1.0.0: broken ^1")
        .resolve(&request("a *"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot find out which versions of broken there are"
    );
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "the disk is on fire");
    assert_eq!(error.hint(), None);
}
