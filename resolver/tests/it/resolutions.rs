//! What is chosen.

use puck_resolver::{Error, Update};

use crate::scenario::{Registry, chosen, request, versions};

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
fn choices() {
    let registry = Registry::new(LAYERS);
    for (asked, expected) in [
        // The newest, its dependencies with it, and nothing else.
        ("vecmath ^1", "vecmath 1.1.0"),
        ("linalg ^1", "linalg 1.1.0; vecmath 1.1.0"),
        ("stats ^0.3", "linalg 1.1.0; stats 0.3.1; vecmath 1.1.0"),
        // Two series side by side.
        ("vecmath ^1; vecmath ^2", "vecmath 1.1.0; vecmath 2.0.0"),
        (
            "stats ^0.4",
            "linalg 2.0.0; stats 0.4.0; vecmath 1.1.0; vecmath 2.0.0",
        ),
        // One version a series: what is asked for directly holds for all.
        ("linalg ^1; vecmath =1.0.0", "linalg 1.0.0; vecmath 1.0.0"),
        (
            "stats *; vecmath =1.0.0",
            "linalg 2.0.0; stats 0.4.0; vecmath 1.0.0; vecmath 2.0.0",
        ),
        (
            "stats ^0.3; vecmath =1.0.0",
            "linalg 1.0.0; stats 0.3.0; vecmath 1.0.0",
        ),
        // Requirements over several series: the newest, or an older one if need be.
        ("vecmath >=1, <3", "vecmath 2.0.0"),
        (
            "vecmath >=1, <3; linalg ^1",
            "linalg 1.1.0; vecmath 1.1.0; vecmath 2.0.0",
        ),
        ("linalg *", "linalg 2.0.0; vecmath 2.0.0"),
        ("linalg *; vecmath =2.1.0 ", ""),
        (
            "linalg *; stats >=0.3, <0.4",
            "linalg 1.1.0; linalg 2.0.0; stats 0.3.1; vecmath 1.1.0; vecmath 2.0.0",
        ),
        // Pre-releases only where named, as Cargo has it.
        ("vecmath =1.2.0-beta.1", "vecmath 1.2.0-beta.1"),
        ("vecmath ^1.2.0-alpha", "vecmath 1.2.0-beta.1"),
        // `^1.1` does not name the pre-release that alone would meet the other requirement.
        ("linalg ^1; vecmath >=1.2.0-beta.1, <2", ""),
    ] {
        let resolution = registry.resolve(&request(asked));
        match resolution {
            Ok(resolution) => assert_eq!(chosen(&resolution), expected, "{asked}"),
            Err(Error::Conflict(_)) => assert_eq!(expected, "", "{asked}"),
            Err(error) => panic!("{asked}: {error}"),
        }
    }
}

/// An older series is taken where the newest cannot be had.
#[test]
fn backtracks_over_series() {
    let registry = Registry::new(
        "
        kernels 1.0.0
        kernels 2.0.0: base ^2
        base 1.0.0
        ",
    );
    let resolution = registry.resolve(&request("kernels >=1")).unwrap();
    assert_eq!(chosen(&resolution), "kernels 1.0.0");
    assert_eq!(resolution.direct[0].to_string(), "kernels 1.0.0");
}

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
fn locks() {
    let registry = Registry::new(LAYERS);
    let name = |name: &str| name.parse().unwrap();
    let nothing = Update::Nothing;
    let only = |names: &[&str]| Update::Packages(names.iter().map(|n| name(n)).collect());
    for (asked, locked, update, expected) in [
        // Kept although there is a newer one.
        (
            "vecmath ^1",
            "vecmath 1.0.0",
            nothing.clone(),
            "vecmath 1.0.0",
        ),
        (
            "linalg ^1",
            "linalg 1.0.0; vecmath 1.0.0",
            nothing.clone(),
            "linalg 1.0.0; vecmath 1.0.0",
        ),
        // Given up for a requirement it does not meet; the rest stays.
        (
            "linalg ^1.1",
            "linalg 1.0.0; vecmath 1.0.0",
            nothing.clone(),
            "linalg 1.1.0; vecmath 1.1.0",
        ),
        (
            "linalg ^1; vecmath ^1.1",
            "linalg 1.0.0; vecmath 1.0.0",
            nothing.clone(),
            "linalg 1.0.0; vecmath 1.1.0",
        ),
        // Yanked, but locked.
        (
            "vecmath ^2",
            "vecmath 2.1.0",
            nothing.clone(),
            "vecmath 2.1.0",
        ),
        (
            "vecmath ^2",
            "vecmath 2.1.0",
            Update::Everything,
            "vecmath 2.0.0",
        ),
        (
            "vecmath ^2",
            "vecmath 2.1.0",
            only(&["vecmath"]),
            "vecmath 2.0.0",
        ),
        // An older series, but locked.
        (
            "vecmath >=1",
            "vecmath 1.0.0",
            nothing.clone(),
            "vecmath 1.0.0",
        ),
        (
            "vecmath >=1",
            "vecmath 1.0.0",
            Update::Everything,
            "vecmath 2.0.0",
        ),
        // One is updated, the other not, unless it must be.
        (
            "linalg ^1",
            "linalg 1.0.0; vecmath 1.0.0",
            only(&["vecmath"]),
            "linalg 1.0.0; vecmath 1.1.0",
        ),
        (
            "linalg ^1",
            "linalg 1.0.0; vecmath 1.0.0",
            only(&["linalg"]),
            "linalg 1.1.0; vecmath 1.1.0",
        ),
        // What is locked and needed no more, or does not exist any more, is of no interest.
        (
            "vecmath ^1",
            "linalg 1.0.0; vecmath 1.0.7; gone 1.0.0",
            nothing,
            "vecmath 1.1.0",
        ),
    ] {
        let request = request(asked).locked(versions(locked)).update(update);
        assert_eq!(
            chosen(&registry.resolve(&request).unwrap()),
            expected,
            "{asked} with {locked}"
        );
    }
}

#[test]
fn circles_are_allowed_and_self_dependencies_checked() {
    let registry = Registry::new(
        "
        a 1.0.0: b ^1
        a 1.1.0: b ^1; a ^1
        a 1.2.0: a =1.0.0
        b 1.0.0: a ^1
        ",
    );
    let resolution = registry.resolve(&request("a ^1")).unwrap();
    assert_eq!(chosen(&resolution), "a 1.1.0; b 1.0.0");
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

/// 200 packages in layers, ten versions each: a matter of milliseconds, even unoptimised.
#[test]
fn large_graphs() {
    let mut table = String::new();
    for package in 0..200 {
        for version in 0..10 {
            table += &format!("p{package} 1.{version}.0");
            for (i, callee) in [package + 10, package + 13, package + 17]
                .iter()
                .enumerate()
            {
                if *callee < 200 {
                    table += if i == 0 { ": " } else { "; " };
                    table += &format!("p{callee} ^1.{} @v1", version / 2);
                }
            }
            table.push('\n');
        }
    }
    let registry = Registry::new(&table);
    let asked: Vec<String> = (0..10).map(|i| format!("p{i} ^1")).collect();
    let started = std::time::Instant::now();
    let resolution = registry.resolve(&request(&asked.join("; "))).unwrap();
    assert_eq!(resolution.packages.len(), 200);
    assert!(resolution.packages.iter().all(|p| p.version.minor == 9));
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}
