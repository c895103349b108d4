use proptest::prelude::*;

use super::*;

const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn text() -> String {
    format!(
        r#"# Written by puck; not meant to be edited.
version = 1
dependencies = ["linalg 1.2.0"]

[[package]]
name = "linalg"
version = "1.2.0"
source = "registry+local"
sha256 = "{DIGEST}"
dependencies = ["vecmath 1.0.0"]

[[package]]
name = "vecmath"
version = "1.0.0"
source = "path+../vecmath"
"#
    )
}

#[test]
fn reads_and_writes_the_same_text() {
    let lockfile = Lockfile::parse(&text(), "Puck.lock").unwrap();
    assert_eq!(lockfile.to_toml(), text());
    assert!(lockfile.is_direct(&lockfile.packages[0]));
    assert!(!lockfile.is_direct(&lockfile.packages[1]));
    let empty = Lockfile::default();
    assert_eq!(
        Lockfile::parse(&empty.to_toml(), "Puck.lock").unwrap(),
        empty
    );
}

#[test]
fn order_does_not_matter() {
    let mut lockfile = Lockfile::parse(&text(), "Puck.lock").unwrap();
    lockfile.packages.reverse();
    assert_eq!(
        Lockfile::new(lockfile.dependencies, lockfile.packages).to_toml(),
        text()
    );
}

#[test]
fn edits_are_found() {
    for (from, to, expected) in [
        ("version = 1", "version = 2", "has format 2"),
        ("version = 1", "", "missing field `version`"),
        (
            "linalg 1.2.0",
            "linalg 1.2.1",
            "needs `linalg 1.2.1` but does not list it",
        ),
        ("vecmath 1.0.0", "vecmath", "expected `NAME VERSION`"),
        (
            "registry+local",
            "local",
            "expected `registry+NAME` or `path+FOLDER`",
        ),
        (
            "registry+local",
            "path+../linalg",
            "from a path but has a sha256",
        ),
        (
            "path+../vecmath",
            "registry+local",
            "from a registry but has no sha256",
        ),
        (DIGEST, "abc", "not a SHA-256 digest"),
        (
            "name = \"vecmath\"",
            "name = \"Vecmath\"",
            "not a package name",
        ),
        ("source =", "sauce =", "unknown field `sauce`"),
        (
            "[[package]]\nname = \"vecmath\"",
            "[[package]]\nname = \"linalg\"",
            "two versions",
        ),
        ("[[package]]", "[[package]", "line 5"),
    ] {
        let edited = text().replace(from, to);
        let error = Lockfile::parse(&edited, "Puck.lock")
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
}

#[test]
fn long_versions_are_refused() {
    let with = |version: semver::Version| {
        let text = text().replace("1.2.0", &version.to_string());
        Lockfile::parse(&text, "Puck.lock")
    };
    with(version::of_length(64)).unwrap();
    let error = with(version::of_length(65)).unwrap_err().to_string();
    assert!(error.contains("has 65 characters"), "{error}");
}

#[test]
fn errors_of_texts_are_types() {
    let error = "linalg".parse::<PackageId>().unwrap_err();
    assert_eq!(error, PackageIdError("linalg".to_owned()));
    let error = "git+x".parse::<PackageSource>().unwrap_err();
    assert_eq!(error, PackageSourceError("git+x".to_owned()));
}

proptest! {
    /// Cut or spoilt at any place, a lockfile is read or refused, never a panic.
    #[test]
    fn spoilt_text_is_refused(at in 0usize..400, len in 0usize..40, new in "[a-z\\[\\]=\"{}\n0-9.,]{0,3}") {
        let text = text();
        let (at, end) = (at.min(text.len()), (at + len).min(text.len()));
        let spoilt = format!("{}{new}{}", &text[..at], &text[end..]);
        if let Ok(lockfile) = Lockfile::parse(&spoilt, "Puck.lock") {
            let again = Lockfile::parse(&lockfile.to_toml(), "Puck.lock").unwrap();
            prop_assert_eq!(again, lockfile);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = Lockfile::parse(&text, "Puck.lock");
    }
}
