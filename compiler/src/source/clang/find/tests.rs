use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{find_in, parse_version};
use crate::source::SourceError;

/// A program that says that it is a clang of this version.
fn program(folder: &Path, name: &str, says: &str) -> PathBuf {
    let path = folder.join(name);
    let count = folder.join("count");
    let script = format!("#!/bin/sh\necho x >>'{}'\necho '{says}'\n", count.display());
    fs_err::write(&path, script).expect("written");
    fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
    path
}

#[test]
fn versions_are_read() {
    let cases = [
        (
            "Debian clang version 22.1.8 (1~deb12u1)\nTarget: x86_64",
            Some("22.1.8"),
        ),
        ("Ubuntu clang version 14.0.0-1ubuntu1.1", Some("14.0.0")),
        ("clang version 23.1.0", Some("23.1.0")),
        (
            "clang version 19.1.7 (https://github.com/llvm/llvm-project 123)",
            Some("19.1.7"),
        ),
        ("gcc (Debian 12.2.0) 12.2.0", None),
        ("clang version git", None),
        ("", None),
    ];
    for (said, version) in cases {
        assert_eq!(parse_version(said).as_deref(), version, "{said}");
    }
}

#[test]
fn the_plain_name_comes_first_and_then_the_newest() {
    type Programs = &'static [(&'static str, &'static str)];
    let cases: [(Programs, Option<&str>); 6] = [
        (
            &[("clang", "16.0.6"), ("clang-20", "20.1.0")],
            Some("16.0.6"),
        ),
        (
            &[
                ("clang-14", "14.0.6"),
                ("clang-20", "20.1.0"),
                ("clang-9", "9.0.0"),
            ],
            Some("20.1.0"),
        ),
        (
            &[("clang", "13.0.1"), ("clang-15", "15.0.7")],
            Some("15.0.7"),
        ),
        (
            &[("clang", "24.1.0"), ("clang-22", "22.1.8")],
            Some("22.1.8"),
        ),
        (&[("clang", "13.0.1")], None),
        (&[], None),
    ];
    for (programs, expected) in cases {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, version) in programs {
            program(folder.path(), name, &format!("clang version {version}"));
        }
        let cache = folder.path().join("cache");
        let found = find_in(None, folder.path().as_os_str(), &cache);
        let version = found.as_ref().ok().map(|clang| clang.version.as_str());
        assert_eq!(version, expected, "{programs:?}");
        match found {
            Err(SourceError::ClangMissing) => assert!(programs.is_empty()),
            Err(error) => {
                assert!(
                    error
                        .to_string()
                        .contains("is version 13.0.1; expected 14 to 23"),
                    "{error}"
                );
                assert!(error.hint().expect("a hint").contains("apt install clang"));
            }
            Ok(_) => {}
        }
    }
}

#[test]
fn one_that_is_named_is_the_only_candidate() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let good = program(folder.path(), "clang", "clang version 20.1.0");
    let old = program(folder.path(), "mine", "clang version 3.8.0");
    let path = folder.path().as_os_str();
    let cache = folder.path().join("cache");
    for named in [
        old.as_os_str(),
        OsStr::new("mine"),
        OsStr::new("/nowhere/clang"),
        OsStr::new("no"),
    ] {
        let error = find_in(Some(named), path, &cache).expect_err("unusable");
        assert!(
            matches!(error, SourceError::ClangUnusable { .. }),
            "{named:?}: {error}"
        );
    }
    for named in [good.as_os_str(), OsStr::new("clang")] {
        let clang = find_in(Some(named), path, &cache).expect("usable");
        assert_eq!(clang.path, good);
    }
}

#[test]
fn a_version_is_asked_for_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    program(folder.path(), "clang", "clang version 20.1.0");
    let cache = folder.path().join("cache");
    let asked = || {
        fs_err::read_to_string(folder.path().join("count"))
            .unwrap_or_default()
            .len()
            / 2
    };
    for _ in 0..3 {
        find_in(None, folder.path().as_os_str(), &cache).expect("usable");
    }
    assert_eq!(asked(), 1);
    program(folder.path(), "clang", "clang version 21.1.0 ");
    let clang = find_in(None, folder.path().as_os_str(), &cache).expect("usable");
    assert_eq!((clang.version.as_str(), asked()), ("21.1.0", 2));
}
