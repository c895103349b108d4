//! Unpacking and checking one package: what is kept of it, and what is refused.

use std::os::unix::fs::PermissionsExt as _;

use fs_err as fs;
use puck_package::Digest;
use puck_store::Error;
use puck_store::link::{LinkRequest, Linker};

use crate::support::{Archive, DOT, Home, Recipe, damage, library, tree, vecmath};

#[test]
fn everything_is_read_only_and_nothing_is_left_over() {
    let home = Home::new();
    let package = home.install(&vecmath().pack());
    home.environment(&[&package]);
    for area in ["packages", "archives", "environments"] {
        for path in tree(&home.path().join(area)) {
            let file = fs::symlink_metadata(&path).expect("is there");
            let mode = file.permissions().mode() & 0o777;
            let expected = match (file.is_dir(), file.is_symlink()) {
                (true, _) => 0o555,
                (_, true) => continue,
                _ => 0o444,
            };
            assert_eq!(mode, expected, "{}", path.display());
        }
    }
    assert!(tree(&home.path().join("staging")).is_empty());
}

#[test]
fn installing_again_changes_nothing() {
    let home = Home::new();
    let archive = vecmath().pack();
    let first = home.install(&archive);
    let made = fs::metadata(library(&first))
        .expect("is there")
        .modified()
        .expect("a time");
    let second = home.install(&archive);
    assert_eq!(first.path, second.path);
    assert_eq!(first.document, second.document);
    assert_eq!(first.record, second.record);
    let now = fs::metadata(library(&second))
        .expect("is there")
        .modified()
        .expect("a time");
    assert_eq!(made, now);
}

#[test]
fn what_the_machine_lacks_is_named() {
    let home = Home::new();
    let archive = Recipe {
        system: vec![("exp", "libm.so.6", Some("GLIBC_2.99"))],
        ..vecmath()
    }
    .pack();
    let error = home
        .try_install(&archive)
        .expect_err("too new for any machine");
    let text = error.to_string();
    for part in [
        "vecmath 1.0.0",
        "exp@GLIBC_2.99 of libm.so.6",
        "this machine has glibc 2.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !home.path().join("packages").exists(),
        "nothing was installed"
    );
}

#[test]
fn objects_must_be_what_their_package_says() {
    let undeclared = Recipe {
        c: vecmath().c.replace("s += ", "s += puts_undeclared() + "),
        ..vecmath()
    };
    let not_exported = Recipe {
        functions: vec![("dot".to_owned(), DOT), ("absent".to_owned(), DOT)],
        ..vecmath()
    };
    let cases = [
        ("an undeclared symbol", undeclared, "puts_undeclared"),
        (
            "an export that is not there",
            not_exported,
            "vecmath.v1.absent.",
        ),
    ];
    for (name, recipe, part) in cases {
        let error = Home::new().try_install(&recipe.pack()).expect_err(name);
        assert!(matches!(error, Error::Link { .. }), "{name}: {error}");
        let text = error.to_string();
        assert!(
            text.contains(part) && text.contains("of vecmath 1.0.0"),
            "{name}: {text}"
        );
    }
}

#[test]
fn refused_archives_leave_nothing_behind() {
    let good = vecmath().pack();
    let with_bytes = |bytes: Vec<u8>| Archive {
        sha256: Digest::of(&bytes),
        bytes,
        ..good.clone()
    };
    let cases = [
        ("no archive at all", with_bytes(b"hello".to_vec())),
        (
            "cut off",
            with_bytes(good.bytes[..good.bytes.len() / 2].to_vec()),
        ),
        (
            "another name",
            Archive {
                name: "linalg".parse().expect("a name"),
                ..good.clone()
            },
        ),
        (
            "another version",
            Archive {
                version: semver::Version::new(1, 0, 1),
                ..good.clone()
            },
        ),
    ];
    for (name, archive) in cases {
        let home = Home::new();
        let error = home.try_install(&archive).expect_err(name);
        assert!(matches!(error, Error::Archive { .. }), "{name}: {error}");
        assert!(!home.path().join("packages").exists(), "{name}");
        assert!(tree(&home.path().join("staging")).is_empty(), "{name}");
    }
}

#[test]
fn an_object_that_is_none_is_refused() {
    let home = Home::new();
    for bytes in [
        &b""[..],
        b"not an object",
        &[0x7f; 4096],
        b"\x7fELF\x02\x01\x01\0",
    ] {
        let archive = crate::support::with_object(&vecmath(), bytes);
        let error = home.try_install(&archive).expect_err("no object");
        assert!(matches!(error, Error::Link { .. }), "{error}");
    }
}

#[test]
fn malformed_objects_are_refused_or_linked_but_harm_nothing() {
    let home = Home::new();
    let recipe = vecmath();
    let good = home.install(&recipe.pack());
    let object = fs::read(good.path.join(&good.document.targets["x86-64"].object)).expect("reads");
    let export = recipe.link_name("dot");
    let export = export.to_string();
    let exports = [export.as_str()];
    let linker = |debug| {
        Linker::new(&LinkRequest {
            soname: "vecmath.v1.so",
            exports: &exports,
            imports: &[],
            system_imports: &[],
            runpath: None,
            debug,
        })
        .expect("arguments are understood")
    };
    let linkers = [linker(false), linker(true)];
    for step in 0..300_usize {
        let mut object = object.clone();
        // A fixed walk over the file, so that a failure can be run again.
        let place = step * 7919 % object.len();
        object[place] ^= 1 << (step % 8);
        object[place / 2] = 0xff;
        let _result = linkers[step % 2].link(&object);
    }
    // Nor do they leave anything behind in the linker.
    let [used, new] = [&linkers[0], &linker(false)].map(|linker| linker.link(&object));
    assert_eq!(used.expect("links"), new.expect("links"));
}

#[test]
fn without_the_archive_it_is_asked_for() {
    let home = Home::new();
    let Archive {
        name,
        version,
        sha256,
        ..
    } = vecmath().pack();
    let error = home
        .store
        .install_package(&sha256, &name, &version)
        .expect_err("not there");
    assert!(matches!(error, Error::MissingArchive { .. }), "{error}");
}

#[test]
fn a_damaged_archive_is_not_unpacked() {
    let home = Home::new();
    let archive = vecmath().pack();
    home.add(&archive);
    let path = home
        .path()
        .join(format!("archives/{}.puck", archive.sha256));
    damage(&path, &vec![0; archive.bytes.len()]);
    let error = home
        .store
        .install_package(&archive.sha256, &archive.name, &archive.version)
        .expect_err("damaged");
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    home.install(&archive);
}

#[test]
fn installed_versions_are_listed() {
    let home = Home::new();
    let versions = |name: &str| -> Vec<String> {
        let found = home
            .store
            .installed_packages(&name.parse().expect("a name"))
            .expect("reads");
        let mut versions: Vec<_> = found
            .into_iter()
            .map(|package| package.document.version.to_string())
            .collect();
        versions.sort();
        versions
    };
    assert_eq!(versions("vecmath"), [""; 0]);
    home.install(&vecmath().pack());
    home.install(
        &Recipe {
            version: "2.1.0",
            ..vecmath()
        }
        .pack(),
    );
    home.install(
        &Recipe {
            name: "vecmath-extra",
            ..vecmath()
        }
        .pack(),
    );
    assert_eq!(versions("vecmath"), ["1.0.0", "2.1.0"]);
    assert_eq!(versions("vecmath-extra"), ["1.0.0"]);
    assert_eq!(versions("vec"), [""; 0]);
}
