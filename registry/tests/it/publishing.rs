//! Publishing, yanking, and what is refused.

use puck_package::Digest;
use puck_registry::{Error, Registry};
use semver::Version;
use tempfile::TempDir;

use crate::sample::{Sample, pack};

pub(crate) fn registry() -> (TempDir, Registry) {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::create(&directory.path().join("registry"), "test").unwrap();
    (directory, registry)
}

/// The error with its causes and hint, paths below `directory` shortened.
pub(crate) fn report(directory: &TempDir, error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!("\ncaused by: {error}");
        cause = error.source();
    }
    if let Some(hint) = error.hint() {
        text += &format!("\nhint: {hint}");
    }
    text.replace(directory.path().to_str().unwrap(), "TMP")
}

#[test]
fn an_empty_directory_becomes_a_registry_of_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let team = directory.path().join("team");
    let error = Registry::open_or_fill(&team).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    assert!(!team.exists());

    fs_err::create_dir(&team).unwrap();
    assert_eq!(Registry::open_or_fill(&team).unwrap().name(), "team");
    assert_eq!(Registry::open(&team).unwrap().name(), "team");
    let renamed = directory.path().join("group");
    fs_err::rename(&team, &renamed).unwrap();
    assert_eq!(Registry::open_or_fill(&renamed).unwrap().name(), "team");
}

#[test]
fn what_was_published_is_there() {
    let (directory, registry) = registry();
    let archive = pack(
        directory.path(),
        "linalg",
        "1.0.0",
        &["dot(n: u64) -> f64", "axpy()"],
    );
    let checked = registry.check(&archive).unwrap();
    assert!(checked.new && !checked.archive.exists() && registry.names().unwrap().is_empty());

    let published = registry.publish(&archive).unwrap();
    assert!(published.new);
    assert_eq!(registry.names().unwrap(), ["linalg".parse().unwrap()]);
    let lines = registry.versions(&"linalg".parse().unwrap()).unwrap();
    assert_eq!(lines, std::slice::from_ref(&published.line));
    assert_eq!(lines[0].exports.len(), 2);
    assert_eq!(lines[0].sha256, Digest::of_file(&archive).unwrap());
    assert_eq!(lines[0].size, fs_err::metadata(&archive).unwrap().len());
    assert!(
        lines[0].time.ends_with('Z') && lines[0].time.len() == 20,
        "{}",
        lines[0].time
    );
    assert_eq!(
        fs_err::read(&published.archive).unwrap(),
        fs_err::read(&archive).unwrap()
    );
    assert!(
        published
            .archive
            .ends_with("archives/linalg/linalg-1.0.0.puck")
    );
    assert_eq!(registry.verify_log().unwrap().entries, 1);
}

#[test]
fn the_same_again_is_fine_and_mends_a_lost_archive() {
    let (directory, registry) = registry();
    let archive = pack(directory.path(), "linalg", "1.0.0", &["f()"]);
    let first = registry.publish(&archive).unwrap();
    let again = registry.publish(&archive).unwrap();
    assert!(first.new && !again.new && first.line == again.line);
    fs_err::write(&first.archive, "damaged").unwrap();
    registry.publish(&archive).unwrap();
    assert_eq!(
        fs_err::read(&first.archive).unwrap(),
        fs_err::read(&archive).unwrap()
    );
    fs_err::remove_file(&first.archive).unwrap();
    assert!(!registry.check(&archive).unwrap().new);
    registry.publish(&archive).unwrap();
    assert!(first.archive.exists());
    assert_eq!(registry.verify_log().unwrap().entries, 1);
}

#[test]
fn the_copy_of_a_mirror_is_not_changed() {
    let (directory, registry) = registry();
    let publish = |version| registry.publish(&pack(directory.path(), "linalg", version, &["f()"]));
    publish("1.0.0").unwrap();
    let private = registry.directory().join("private");
    fs_err::create_dir_all(&private).unwrap();
    fs_err::write(private.join("upstream.json"), "{}").unwrap();
    let error = publish("1.1.0").unwrap_err();
    assert!(matches!(error, Error::Mirror { .. }), "{error}");
    assert!(error.hint().is_some());
    let (name, version) = ("linalg".parse().unwrap(), "1.0.0".parse().unwrap());
    let error = registry.yank(&name, &version, true, None).unwrap_err();
    assert!(matches!(error, Error::Mirror { .. }), "{error}");
    assert_eq!(registry.versions(&name).unwrap().len(), 1);
}

#[test]
fn versions_never_change() {
    let (directory, registry) = registry();
    registry
        .publish(&pack(directory.path(), "linalg", "1.0.0", &["f()"]))
        .unwrap();
    for version in ["1.0.0", "1.0.0+rebuilt"] {
        let other = pack(directory.path(), "linalg", version, &["f()", "g()"]);
        for result in [registry.check(&other), registry.publish(&other)] {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::VersionExists(_)), "{error}");
            assert!(
                error
                    .to_string()
                    .starts_with("linalg 1.0.0 is published already"),
                "{error}"
            );
        }
    }
    assert_eq!(registry.verify_log().unwrap().entries, 1);
}

#[test]
fn compatible_releases_only() {
    let (directory, registry) = registry();
    let publish = |version: &str, exports: &[&str]| {
        registry.publish(&pack(directory.path(), "linalg", version, exports))
    };
    publish(
        "1.0.0",
        &["dot(n: u64, x: *const f64) -> f64", "norm(x: f64) -> f64"],
    )
    .unwrap();
    let error = publish("1.1.0", &["dot(n: u64, x: *const f32) -> f32"]).unwrap_err();
    insta::assert_snapshot!(report(&directory, &error), @r"
    linalg 1.1.0 removes or changes what 1.0.0 exports:
    - fn dot(n: u64, x: *const f64) -> f64
    + fn dot(n: u64, x: *const f32) -> f32
    - fn norm(x: f64) -> f64
    hint: keep these functions as they were, or publish with a version outside series v1
    ");
    publish(
        "1.1.0",
        &["dot(n: u64, x: *const f64) -> f64", "norm(x: f64) -> f64"],
    )
    .unwrap();
    publish("2.0.0", &["dot(n: u64, x: *const f32) -> f32"]).unwrap();
    // A release that comes later but stands before another.
    let exports = [
        "dot(n: u64, x: *const f64) -> f64",
        "norm(x: f64) -> f64",
        "new()",
    ];
    let error = publish("1.0.1", &exports).unwrap_err();
    insta::assert_snapshot!(report(&directory, &error), @r"
    linalg 1.0.1 exports what 1.1.0 removes or changes:
    - fn new()
    hint: what 1.0.1 adds to its series must be in 1.1.0 too, which is published already
    ");
    // A release that was a mistake may be taken back, and does not come back.
    publish("1.2.0", &exports).unwrap();
    let name = "linalg".parse().unwrap();
    assert!(
        registry
            .yank(&name, &Version::new(1, 2, 0), true, None)
            .unwrap()
    );
    assert!(
        !registry
            .yank(&name, &Version::new(1, 2, 0), true, None)
            .unwrap()
    );
    publish(
        "1.3.0",
        &["dot(n: u64, x: *const f64) -> f64", "norm(x: f64) -> f64"],
    )
    .unwrap();
    let error = registry
        .yank(&name, &Version::new(1, 2, 0), false, None)
        .unwrap_err();
    assert!(matches!(error, Error::Incompatible(_)), "{error}");
    assert_eq!(registry.verify_log().unwrap().entries, 6);
}

#[test]
fn yanking_and_back() {
    let (directory, registry) = registry();
    let name = "linalg".parse().unwrap();
    registry
        .publish(&pack(directory.path(), "linalg", "1.0.0", &["f()"]))
        .unwrap();
    registry
        .publish(&pack(directory.path(), "linalg", "1.1.0", &["f()"]))
        .unwrap();
    let mut before = registry.versions(&name).unwrap();
    assert!(
        registry
            .yank(&name, &Version::new(1, 0, 0), true, None)
            .unwrap()
    );
    let yanked: Vec<bool> = registry
        .versions(&name)
        .unwrap()
        .iter()
        .map(|l| l.yanked)
        .collect();
    assert_eq!(yanked, [true, false]);
    assert!(
        registry
            .yank(&name, &Version::new(1, 0, 0), false, None)
            .unwrap()
    );
    // But for the number of the log line that says so, which keeps the two files apart.
    before[0].changed = Some(4);
    assert_eq!(registry.versions(&name).unwrap(), before);
    let log = fs_err::read_to_string(registry.directory().join("log.jsonl")).unwrap();
    let actions: Vec<&str> = log
        .lines()
        .map(|l| {
            l.split(r#""action":""#)
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(actions, ["publish", "publish", "yank", "unyank"]);
    assert_eq!(registry.verify_log().unwrap().entries, 4);

    let error = registry
        .yank(&name, &Version::new(1, 2, 0), true, None)
        .unwrap_err();
    insta::assert_snapshot!(report(&directory, &error), @r"
    the registry has no linalg 1.2.0
    hint: it has 1.1.0, 1.0.0
    ");
    let error = registry
        .yank(
            &"other".parse().unwrap(),
            &Version::new(1, 2, 0),
            true,
            None,
        )
        .unwrap_err();
    insta::assert_snapshot!(report(&directory, &error), @r"
    the registry has no other 1.2.0
    hint: the registry has no version of that package
    ");
}

#[test]
fn dependencies_and_keywords_reach_the_index() {
    let (directory, registry) = registry();
    let mut sample = Sample::new("stats", "0.3.0", &["mean()"]);
    sample.document.keywords = vec!["statistics".to_owned()];
    sample.document.description = "Means".to_owned();
    sample.document.dependencies = vec![puck_package::PackageDependency {
        name: "vecmath".parse().unwrap(),
        requirement: "^1".parse().unwrap(),
        series: "v1".parse().unwrap(),
        registry: None,
    }];
    let line = registry
        .publish(&sample.pack(directory.path()))
        .unwrap()
        .line;
    let read = registry
        .versions(&"stats".parse().unwrap())
        .unwrap()
        .remove(0);
    assert_eq!(read, line);
    assert_eq!(read.dependencies, sample.document.dependencies);
    assert_eq!(
        (read.keywords, read.description),
        (sample.document.keywords, "Means".to_owned())
    );
}

#[test]
fn reasons_for_yanks() {
    let (directory, registry) = registry();
    let (name, version) = ("linalg".parse().unwrap(), Version::new(1, 0, 0));
    registry
        .publish(&pack(directory.path(), "linalg", "1.0.0", &["f()"]))
        .unwrap();
    let too_long = "x".repeat(1001);
    for reason in ["two\nlines", "bell\u{7}", &too_long] {
        let error = registry
            .yank(&name, &version, true, Some(reason))
            .unwrap_err();
        assert!(matches!(error, Error::BadReason { .. }), "{error}");
    }
    for (given, kept) in [
        (Some(" wrong for n = 0 "), Some("wrong for n = 0")),
        (Some("  "), None),
        (None, None),
    ] {
        assert!(registry.yank(&name, &version, true, given).unwrap());
        let line = registry.versions(&name).unwrap().remove(0);
        assert_eq!(line.yank_reason.as_deref(), kept);
        let log = fs_err::read_to_string(registry.directory().join("log.jsonl")).unwrap();
        let last = log.lines().last().unwrap();
        let said = kept.map(|reason| format!(r#""reason":"{reason}""#));
        assert!(
            said.as_ref().is_none_or(|said| last.contains(said)),
            "{last}"
        );
        assert_eq!(said.is_some(), last.contains("reason"), "{last}");
        assert!(registry.yank(&name, &version, false, None).unwrap());
        assert_eq!(registry.versions(&name).unwrap()[0].yank_reason, None);
    }
    registry.verify_log().unwrap();
}
