//! The index: its paths, its lines, and searching it.

use proptest::prelude::*;
use puck_package::{Digest, PackageName, index};
use puck_registry::log::{LogEntry, LogState};
use puck_registry::{Action, Error, Query, index_file, log};
use semver::Version;

use crate::publishing::registry;
use crate::sample::{Sample, pack};

#[test]
fn bad_index_lines_are_named() {
    let (directory, registry) = registry();
    registry
        .publish(&pack(directory.path(), "linalg", "1.0.0", &["f()"]))
        .unwrap();
    let path = registry.directory().join("index/li/na/linalg");
    let good = fs_err::read_to_string(&path).unwrap();
    let newer = good.replace(r#""format":1"#, r#""format":2"#);
    let other = good.replace(r#""name":"linalg""#, r#""name":"stats""#);
    for (line, expected) in [
        ("oops\n", "linalg:2 is not valid"),
        ("{}\n", "linalg:2 is not valid"),
        (
            &newer,
            "linalg:2 has format 2, but this puck knows formats up to 1",
        ),
        (
            &other,
            "linalg:2: the line is about stats, not about linalg",
        ),
        (&good, "linalg:2: linalg 1.0.0 stands here twice"),
    ] {
        fs_err::write(&path, format!("{good}{line}")).unwrap();
        let error = registry
            .versions(&"linalg".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("index/li/na/") && error.contains(expected),
            "{expected}: {error}"
        );
        // Nothing is built upon what is not understood.
        let next = pack(directory.path(), "linalg", "1.1.0", &["f()"]);
        assert_eq!(registry.publish(&next).unwrap_err().to_string(), error);
    }
    fs_err::write(&path, [0xff, 0xfe]).unwrap();
    let error = registry
        .versions(&"linalg".parse().unwrap())
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("linalg:1: the line is not UTF-8"),
        "{error}"
    );
}

#[test]
fn what_is_no_package_is_not_listed() {
    let (directory, registry) = registry();
    assert!(registry.names().unwrap().is_empty());
    assert!(
        registry
            .versions(&"linalg".parse().unwrap())
            .unwrap()
            .is_empty()
    );
    for name in ["linalg", "a", "ab", "abc"] {
        registry
            .publish(&pack(directory.path(), name, "1.0.0", &["f()"]))
            .unwrap();
    }
    fs_err::write(registry.directory().join("index/README"), "").unwrap();
    fs_err::write(registry.directory().join("index/li/na/stats"), "").unwrap();
    let names: Vec<String> = registry
        .names()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["a", "ab", "abc", "linalg"]);
}

#[test]
fn a_log_that_does_not_fit_the_index() {
    let (directory, registry) = registry();
    registry
        .publish(&pack(directory.path(), "linalg", "1.0.0", &["f()"]))
        .unwrap();
    registry
        .publish(&pack(directory.path(), "linalg", "1.1.0", &["f()"]))
        .unwrap();
    let path = registry.directory().join("index/li/na/linalg");
    let log_path = registry.directory().join("log.jsonl");
    let (index, log) = (
        fs_err::read_to_string(&path).unwrap(),
        fs_err::read_to_string(&log_path).unwrap(),
    );
    let first = index.lines().next().unwrap();
    let sha256 = registry.versions(&"linalg".parse().unwrap()).unwrap()[0]
        .sha256
        .hex();
    for (spoiled, expected) in [
        (format!("{first}\n"), "1.1.0 is missing, but is in the log"),
        (
            index.replace(r#""yanked":false"#, r#""yanked":true"#),
            "1.0.0: the log says yanked = false",
        ),
        (
            index.replace(&sha256, &"0".repeat(64)),
            "1.0.0 has another SHA-256 than in the log",
        ),
    ] {
        fs_err::write(&path, spoiled).unwrap();
        let error = registry.verify_log().unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    fs_err::write(&path, &index).unwrap();
    let first_only: String = log
        .lines()
        .take(1)
        .map(|line| format!("{line}\n"))
        .collect();
    fs_err::write(&log_path, first_only).unwrap();
    let error = registry.verify_log().unwrap_err();
    assert!(matches!(error, Error::Contradiction { .. }));
    assert!(
        error.to_string().contains("1.1.0 is not in the log"),
        "{error}"
    );
    fs_err::write(&log_path, log).unwrap();
    registry.verify_log().unwrap();
}

#[test]
fn searching() {
    let (directory, registry) = registry();
    for (name, version, description, keywords, exports) in [
        (
            "linalg",
            "1.0.0",
            "Dense kernels",
            &["blas"][..],
            &["dot(n: u64, x: *const f64) -> f64"][..],
        ),
        (
            "linalg",
            "1.1.0",
            "Dense kernels",
            &["blas"],
            &["dot(n: u64, x: *const f64) -> f64", "axpy()"],
        ),
        ("linalg", "2.0.0-rc.1", "Rewritten", &[], &["other()"]),
        (
            "fast-linalg",
            "0.1.0",
            "The same, faster",
            &[],
            &["dot(count: u64, v: *const f64) -> f64"],
        ),
        (
            "stats",
            "0.3.0",
            "Means by linalg",
            &["statistics"],
            &["mean(x: f64) -> f64"],
        ),
        (
            "gone",
            "1.0.0",
            "blas",
            &["blas"],
            &["dot(n: u64, x: *const f64) -> f64"],
        ),
    ] {
        let mut sample = Sample::new(name, version, exports);
        sample.document.description = description.to_owned();
        sample.document.keywords = keywords.iter().map(|k| (*k).to_owned()).collect();
        registry.publish(&sample.pack(directory.path())).unwrap();
    }
    registry
        .yank(&"gone".parse().unwrap(), &Version::new(1, 0, 0), true, None)
        .unwrap();
    let dot = "fn(a: u64, b: *const f64) -> f64";
    for (text, signature, expected) in [
        ("", None, "fast-linalg linalg stats"),
        ("linalg", None, "linalg fast-linalg stats"),
        ("LINALG", None, "linalg fast-linalg stats"),
        ("blas", None, "linalg"),
        ("mean", None, "stats"),
        ("dense linalg", None, "linalg"),
        ("dot", None, "fast-linalg linalg"),
        ("rewritten", None, ""),
        ("", Some(dot), "fast-linalg linalg"),
        ("dense", Some(dot), "linalg"),
        ("", Some("fn(u64, *mut f64) -> f64"), ""),
    ] {
        let query = Query {
            text: text.to_owned(),
            signature: signature.map(|s| s.parse().unwrap()),
        };
        let hits = registry.search(&query).unwrap().hits;
        let names: Vec<&str> = hits.iter().map(|hit| hit.name.as_str()).collect();
        assert_eq!(names.join(" "), expected, "{text:?} {signature:?}");
        if signature.is_some() {
            assert!(
                hits.iter()
                    .all(|hit| hit.exports.len() == 1 && hit.exports[0].name.as_str() == "dot")
            );
        }
    }
    let hits = registry
        .search(&Query {
            text: "linalg".to_owned(),
            signature: None,
        })
        .unwrap()
        .hits;
    assert_eq!(hits[0].version.to_string(), "1.1.0");
}

#[test]
fn searches_pass_over_what_is_damaged() {
    let (directory, registry) = registry();
    for name in ["alpha", "beta"] {
        registry
            .publish(&pack(directory.path(), name, "1.0.0", &["f()"]))
            .unwrap();
    }
    let path = registry.directory().join("index/al/ph/alpha");
    let good = fs_err::read_to_string(&path).unwrap();
    for damaged in [
        "oops".to_owned(),
        good.repeat(2),
        good.replace("alpha", "gamma"),
    ] {
        fs_err::write(&path, damaged).unwrap();
        let found = registry.search(&Query::default()).unwrap();
        let names: Vec<&str> = found.hits.iter().map(|hit| hit.name.as_str()).collect();
        assert_eq!(names, ["beta"]);
        let [problem] = found.skipped.as_slice() else {
            panic!("{:?}", found.skipped);
        };
        assert!(
            problem.to_string().contains("index/al/ph/alpha:"),
            "{problem}"
        );
    }
}

#[test]
fn registries_say_where_their_api_is() {
    let (_directory, registry) = registry();
    registry
        .describe(|description| description.api = Some("api/v1".to_owned()))
        .unwrap();
    let bytes = fs_err::read(registry.directory().join("registry.json")).unwrap();
    let description = puck_registry::Description::parse("registry.json", &bytes).unwrap();
    assert_eq!(description.api.as_deref(), Some("api/v1"));
    assert_eq!(description.name, registry.name());
}

proptest! {
    /// No two packages share an index file, and none lies where another needs a folder.
    #[test]
    fn index_paths(a in "[a-z][a-z0-9-]{0,8}", b in "[a-z][a-z0-9-]{0,8}") {
        let (a, b): (PackageName, PackageName) = (a.parse().unwrap(), b.parse().unwrap());
        let (path_a, path_b) = (index::path(&a), index::path(&b));
        let suffix = format!("/{a}");
        prop_assert!(path_a.starts_with("index/") && path_a.ends_with(&suffix));
        prop_assert_eq!(a == b, path_a == path_b);
        let folder = format!("{path_a}/");
        prop_assert!(!path_b.starts_with(&folder));
    }

    /// Wherever a log is cut, what is read in two steps is what is read in one.
    #[test]
    fn logs_in_two_steps(count in 1_usize..12, cut in 0_usize..4000) {
        let log = chain(count);
        let (whole, entries) = log::follow("log", log.as_bytes(), LogState::default()).unwrap();
        prop_assert_eq!((entries.len(), whole.length), (count, log.len() as u64));
        let (first, _) = log.as_bytes().split_at(cut.min(log.len()));
        let (state, some) = log::follow("log", first, LogState::default()).unwrap();
        let rest = &log.as_bytes()[usize::try_from(state.length).unwrap()..];
        let (end, others) = log::follow("log", rest, state).unwrap();
        prop_assert_eq!((end, some.len() + others.len()), (whole, count));
    }

    /// Whatever is changed in a log but its last line, it is found out.
    #[test]
    fn changed_logs_are_refused(count in 2_usize..8, at in 0_usize..4000, byte in 0x20_u8..0x7f) {
        let log = chain(count);
        let last = log.trim_end().rfind('\n').unwrap();
        let mut bytes = log.into_bytes();
        let at = at % last;
        prop_assume!(bytes[at] != byte && bytes[at] != b'\n');
        bytes[at] = byte;
        prop_assert!(log::follow("log", &bytes, LogState::default()).is_err());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = log::follow("log", &bytes, LogState::default());
        let _ = index_file::parse("index", &bytes, &"linalg".parse().unwrap());
    }
}

/// A log of so many lines.
fn chain(count: usize) -> String {
    let mut state = LogState::default();
    let mut text = String::new();
    for i in 0..count {
        let entry = LogEntry {
            format: 1,
            number: 0,
            previous: None,
            action: Action::Publish,
            name: "linalg".parse().unwrap(),
            version: Version::new(1, i as u64, 0),
            sha256: Digest::of(&i.to_le_bytes()),
            reason: None,
            time: "2026-08-04T12:00:00Z".to_owned(),
        };
        let line = entry.after(&state).to_json();
        state = state.and(line.as_bytes());
        text += &line;
        text.push('\n');
    }
    text
}
