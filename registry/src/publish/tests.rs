//! Changes that end in the middle, as if the process had been killed.

use std::io::Write;

use tempfile::TempDir;

use super::*;
use crate::sample::pack;
use crate::writer::{Step, fault};

const STEPS: [Step; 5] = [
    Step::Locked,
    Step::Announced,
    Step::ArchiveInPlace,
    Step::IndexInPlace,
    Step::Logged,
];

fn registry() -> (TempDir, Registry) {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::create(&directory.path().join("registry"), "test").unwrap();
    (directory, registry)
}

fn versions(registry: &Registry) -> Vec<String> {
    let name = "linalg".parse().unwrap();
    registry
        .versions(&name)
        .unwrap()
        .iter()
        .map(|line| line.version.to_string())
        .collect()
}

/// What lies in the registry besides what belongs there.
fn leftovers(registry: &Registry) -> Vec<PathBuf> {
    let incoming = fs_err::read_dir(registry.incoming()).unwrap();
    let mut left: Vec<PathBuf> = incoming.map(|entry| entry.unwrap().path()).collect();
    left.extend(Some(registry.pending_path()).filter(|path| path.exists()));
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        let path = registry.archive_path(&"linalg".parse().unwrap(), &version.parse().unwrap());
        if path.exists() && !versions(registry).iter().any(|known| known == version) {
            left.push(path);
        }
    }
    left
}

#[test]
fn a_publish_that_was_killed_succeeds_when_run_again() {
    for step in STEPS {
        let (directory, registry) = registry();
        registry
            .publish(&pack(directory.path(), "linalg", "1.0.0", &["f()"]))
            .unwrap();
        let archive = pack(directory.path(), "linalg", "1.1.0", &["f()"]);
        fault::after(step);
        registry.publish(&archive).unwrap_err();
        let published = registry.publish(&archive).unwrap();
        assert_eq!(versions(&registry), ["1.0.0", "1.1.0"], "{step:?}");
        assert_eq!(
            Digest::of_file(&published.archive).unwrap(),
            published.line.sha256
        );
        assert_eq!(registry.verify_log().unwrap().entries, 2, "{step:?}");
        assert_eq!(leftovers(&registry), [""; 0].map(PathBuf::from), "{step:?}");
        // Up to the index, nothing had been published.
        let done = matches!(step, Step::IndexInPlace | Step::Logged);
        assert_eq!(published.new, !done, "{step:?}");
    }
}

#[test]
fn what_was_left_half_done_does_not_hinder_another_publish() {
    for step in STEPS {
        let (directory, registry) = registry();
        fault::after(step);
        registry
            .publish(&pack(directory.path(), "linalg", "1.0.0", &["f()"]))
            .unwrap_err();
        registry
            .publish(&pack(directory.path(), "linalg", "1.2.0", &["f()"]))
            .unwrap();
        let done = matches!(step, Step::IndexInPlace | Step::Logged);
        let expected = if done {
            &["1.0.0", "1.2.0"][..]
        } else {
            &["1.2.0"]
        };
        assert_eq!(versions(&registry), expected, "{step:?}");
        assert_eq!(
            registry.verify_log().unwrap().entries,
            expected.len() as u64,
            "{step:?}"
        );
        assert_eq!(leftovers(&registry), [""; 0].map(PathBuf::from), "{step:?}");
        let other = pack(directory.path(), "linalg", "1.0.0", &["f()", "g()"]);
        assert!(registry.publish(&other).is_err(), "1.2.0 has no g()");
    }
}

#[test]
fn yanks_that_were_killed() {
    let name: PackageName = "linalg".parse().unwrap();
    let version = Version::new(1, 0, 0);
    for yanked in [true, false] {
        for step in STEPS {
            let (directory, registry) = registry();
            registry
                .publish(&pack(directory.path(), "linalg", "1.0.0", &["f()"]))
                .unwrap();
            let mut entries = 2;
            if !yanked {
                registry.yank(&name, &version, true, None).unwrap();
                entries = 3;
            }
            fault::after(step);
            registry.yank(&name, &version, yanked, None).unwrap_err();
            registry.yank(&name, &version, yanked, None).unwrap();
            assert_eq!(
                registry.versions(&name).unwrap()[0].yanked,
                yanked,
                "{step:?}"
            );
            assert_eq!(registry.verify_log().unwrap().entries, entries, "{step:?}");
            assert!(registry.archive_path(&name, &version).exists());
        }
    }
}

#[test]
fn a_torn_log_line_after_the_index_line() {
    let (directory, registry) = registry();
    registry
        .publish(&pack(directory.path(), "linalg", "1.0.0", &["f()"]))
        .unwrap();
    let archive = pack(directory.path(), "linalg", "1.1.0", &["f()"]);
    fault::after(Step::IndexInPlace);
    registry.publish(&archive).unwrap_err();
    let mut log = fs_err::OpenOptions::new()
        .append(true)
        .open(registry.log_path())
        .unwrap();
    log.write_all(br#"{"format":1,"number":2,"pre"#).unwrap();
    assert!(!registry.publish(&archive).unwrap().new);
    assert_eq!(registry.verify_log().unwrap().entries, 2);
}

#[test]
fn a_pending_change_that_makes_no_sense_is_named() {
    let (directory, registry) = registry();
    fs_err::write(registry.pending_path(), "oops").unwrap();
    let archive = pack(directory.path(), "linalg", "1.0.0", &["f()"]);
    let error = registry.publish(&archive).unwrap_err().to_string();
    assert!(error.contains("pending.json is not valid"), "{error}");
}

#[test]
fn a_log_is_sound_right_after_a_kill() {
    let name: PackageName = "linalg".parse().unwrap();
    let version = Version::new(1, 0, 0);
    for step in STEPS {
        let (directory, registry) = registry();
        let archive = pack(directory.path(), "linalg", "1.0.0", &["f()"]);
        fault::after(step);
        registry.publish(&archive).unwrap_err();
        // What the next writer will log counts as logged, and what he will undo does not.
        let done = matches!(step, Step::IndexInPlace | Step::Logged);
        let entries = u64::from(done);
        registry.verify_log().unwrap();
        registry.recover().unwrap();
        assert_eq!(registry.verify_log().unwrap().entries, entries, "{step:?}");
        assert_eq!(leftovers(&registry), [""; 0].map(PathBuf::from), "{step:?}");
        registry.publish(&archive).unwrap();
        fault::after(step);
        registry
            .yank(&name, &version, true, Some("bad"))
            .unwrap_err();
        registry.verify_log().unwrap();
        registry.recover().unwrap();
        assert_eq!(
            registry.verify_log().unwrap().entries,
            1 + entries,
            "{step:?}"
        );
    }
}
