//! Archives that lie, and disks that do not take what they are given.

use std::os::unix::fs::PermissionsExt;

use puck_registry::{Error, Registry};

use crate::publishing::{registry, report};
use crate::sample::{Sample, defining, pack};

#[test]
fn archives_that_are_not_sound() {
    let (directory, registry) = registry();
    let archive = pack(directory.path(), "linalg", "1.0.0", &["f()"]);
    let sound = fs_err::read(&archive).unwrap();
    let symbols =
        |names: &[&str]| defining(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
    let object = "obj/0123456789abcdef.o";
    let with_object = |bytes: Vec<u8>| {
        let mut sample = Sample::new("linalg", "1.0.0", &["f()"]);
        sample.files.insert(object.to_owned(), bytes);
        fs_err::read(sample.pack(directory.path())).unwrap()
    };
    let without_table = {
        let mut sample = Sample::new("linalg", "1.0.0", &["f()"]);
        sample.document.host_imports = vec![puck_package::HostImport {
            symbol: "NRT_Allocate".to_owned(),
            provider: "numba-runtime".to_owned(),
        }];
        fs_err::read(sample.pack(directory.path())).unwrap()
    };
    for (bytes, expected) in [
        (Vec::new(), "truncated or damaged"),
        (b"no archive".to_vec(), "truncated or damaged"),
        (sound[..sound.len() / 2].to_vec(), "truncated or damaged"),
        (
            with_object(symbols(&["f", "linalg.v1.g.00000000"])),
            "does not define `linalg.v1.f.",
        ),
        (with_object(b"no object".to_vec()), "obj/0123456789abcdef.o"),
        (without_table, "does not define `linalg.v1.host_imports."),
    ] {
        fs_err::write(&archive, bytes).unwrap();
        for result in [registry.check(&archive), registry.publish(&archive)] {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::Archive { .. }), "{error:?}");
            let text = report(&directory, &error);
            assert!(
                text.starts_with("TMP/linalg-1.0.0.puck cannot be published"),
                "{text}"
            );
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
    assert!(registry.names().unwrap().is_empty());
    assert_eq!(registry.verify_log().unwrap().entries, 0);
    let error = registry.publish("absent.puck".as_ref()).unwrap_err();
    assert!(
        report(&directory, &error).contains("absent.puck"),
        "{error}"
    );
}

#[test]
fn directories_that_are_no_registry() {
    let directory = tempfile::tempdir().unwrap();
    let error = Registry::open(&directory.path().join("absent")).unwrap_err();
    insta::assert_snapshot!(report(&directory, &error), @r"
    there is no registry at TMP/absent: it is not a directory
    hint: check the path; publishing into an empty directory makes a registry
    ");
    let letter = directory.path().join("letter.txt");
    fs_err::write(&letter, "").unwrap();
    for opened in [Registry::open(&letter), Registry::open_or_fill(&letter)] {
        let error = opened.unwrap_err();
        assert!(matches!(error, Error::Missing { .. }), "{error}");
    }
    for result in [
        Registry::open(directory.path()),
        Registry::open_or_fill(directory.path()),
        Registry::create(directory.path(), "x"),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::NotRegistry { .. }), "{error}");
    }
    for (json, expected) in [
        (
            r#"{"format": 2, "name": "x"}"#,
            "registry.json has format 2",
        ),
        (r#"{"format": 1}"#, "missing field `name`"),
        ("", "registry.json is not valid"),
    ] {
        fs_err::write(directory.path().join("registry.json"), json).unwrap();
        for result in [
            Registry::open(directory.path()),
            Registry::create(directory.path(), "x"),
        ] {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}

/// A directory that nobody may write to. Says nothing where the tests run as root, who may.
#[test]
fn read_only_directories() {
    let (directory, registry) = registry();
    let archive = pack(directory.path(), "linalg", "1.0.0", &["f()"]);
    let set = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        fs_err::set_permissions(registry.directory(), permissions).unwrap();
    };
    set(0o555);
    let probe = registry.directory().join("probe");
    let writable = fs_err::write(&probe, "").is_ok();
    let result = registry.publish(&archive);
    let checked = registry.check(&archive);
    set(0o755);
    if !writable {
        let error = result.unwrap_err();
        let text = report(&directory, &error);
        assert!(matches!(error, Error::NotWritable { .. }), "{text}");
        assert!(
            text.starts_with("the registry at TMP/registry is not writable"),
            "{text}"
        );
        assert!(
            text.contains("registry.lock") && text.contains("hint: publish as a user"),
            "{text}"
        );
        assert!(checked.unwrap().new);
        registry.publish(&archive).unwrap();
    }
}

/// A full disk, if this machine has the device that plays one.
#[test]
fn full_disks() {
    let (directory, registry) = registry();
    let archive = pack(directory.path(), "linalg", "1.0.0", &["f()"]);
    let log = registry.directory().join("log.jsonl");
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    fs_err::os::unix::fs::symlink("/dev/full", &log).unwrap();
    // The log is the last thing written: until then the disk seemed to have room.
    let error = registry.publish(&archive).unwrap_err();
    let text = report(&directory, &error);
    assert!(matches!(error, Error::NoSpace { .. }), "{text}");
    assert!(
        text.starts_with("no space is left for the registry at TMP/registry"),
        "{text}"
    );
    fs_err::remove_file(&log).unwrap();
    registry.publish(&archive).unwrap();
    assert_eq!(registry.verify_log().unwrap().entries, 1);
}
