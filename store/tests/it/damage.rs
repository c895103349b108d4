//! What is damaged is found, and made again.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fs_err as fs;
use puck_store::{Error, InstalledPackage, Store};

use crate::support::{Home, damage, library, set_mode, tree, vecmath};

fn reasons(store: &Store) -> Vec<String> {
    let found = store.verify().expect("reads");
    found
        .problems
        .into_iter()
        .map(|problem| problem.reason)
        .collect()
}

#[test]
fn a_whole_store_verifies() {
    let home = Home::new();
    let package = home.install(&vecmath().pack());
    home.environment(&[&package]);
    let found = home.store.verify().expect("reads");
    assert_eq!(
        (found.archives, found.packages, found.environments),
        (1, 1, 1)
    );
    assert_eq!(found.problems, []);
    assert_eq!(
        Home::new().store.verify().expect("reads").problems,
        [],
        "an empty one too"
    );
}

#[test]
fn installing_sees_what_is_missing_or_cut_off() {
    type Damage = fn(&InstalledPackage);
    fn remove(path: &Path) {
        set_mode(path.parent().expect("a folder"), 0o755);
        fs::remove_file(path).expect("removes");
    }
    let cases: [(&str, Damage); 6] = [
        ("no library", |package| remove(&library(package))),
        ("a library cut off", |package| {
            damage(&library(package), b"\x7fELF");
        }),
        ("no record", |package| {
            remove(&package.path.join("installed.json"));
        }),
        ("a record that is none", |package| {
            damage(&package.path.join("installed.json"), b"{");
        }),
        ("another description", |package| {
            damage(&package.path.join("package.json"), b"{}");
        }),
        ("no header", |package| {
            remove(&package.path.join("include/vecmath.h"));
        }),
    ];
    for (name, harm) in cases {
        let home = Home::new();
        let archive = vecmath().pack();
        let package = home.install(&archive);
        let before = fs::read(library(&package)).expect("reads");
        harm(&package);
        assert_eq!(reasons(&home.store).len(), 1, "{name}");
        let again = home.install(&archive);
        assert_eq!(fs::read(library(&again)).expect("reads"), before, "{name}");
        assert_eq!(reasons(&home.store), [""; 0], "{name}");
    }
}

#[test]
fn verifying_sees_every_byte_and_repairing_removes_it() {
    let home = Home::new();
    let archive = vecmath().pack();
    let package = home.install(&archive);
    let mut bytes = fs::read(library(&package)).expect("reads");
    *bytes.last_mut().expect("a byte") ^= 1;
    damage(&library(&package), &bytes);

    let problems = home.store.verify().expect("reads").problems;
    let [problem] = &problems[..] else {
        panic!("one problem: {problems:?}")
    };
    assert_eq!(problem.path, package.path);
    assert!(
        problem.reason.ends_with(".so has changed"),
        "{}",
        problem.reason
    );

    let removed = home.store.remove_damaged(&problems, &mut || {});
    assert_eq!(
        removed.expect("removes"),
        std::slice::from_ref(&package.path)
    );
    assert!(!package.path.exists());
    home.install(&archive);
    assert_eq!(reasons(&home.store), [""; 0]);
}

/// What was seen damaged may have been mended since, and be in use.
#[test]
fn what_was_mended_meanwhile_stays() {
    let home = Home::new();
    let archive = vecmath().pack();
    let package = home.install(&archive);
    let environment = home.environment(&[&package]);
    damage(&library(&package), b"\x7fELF");
    let problems = home.store.verify().expect("reads").problems;
    assert_eq!(problems.len(), 2, "package and environment: {problems:?}");
    home.install(&archive);

    let before = tree(home.path());
    let removed = home.store.remove_damaged(&problems, &mut || {});
    assert_eq!(
        removed.expect("looks"),
        [""; 0].map(std::path::PathBuf::from)
    );
    assert_eq!(tree(home.path()), before);

    // An environment is not to blame for its packages.
    damage(&library(&package), b"\x7fELF");
    let removed = home.store.remove_damaged(&problems, &mut || {});
    assert_eq!(removed.expect("removes"), [package.path]);
    home.install(&archive);
    assert_eq!(reasons(&home.store), [""; 0]);
    assert!(environment.path.exists());
}

#[test]
fn what_does_not_belong_in_a_package_is_found() {
    let home = Home::new();
    let package = home.install(&vecmath().pack());
    let folder = package.path.join("include");
    set_mode(&folder, 0o755);
    fs::write(folder.join("other.h"), "").expect("writes");
    assert_eq!(
        reasons(&home.store),
        ["include/other.h does not belong there"]
    );
}

#[test]
fn archives_and_environments_are_verified_too() {
    let home = Home::new();
    let archive = vecmath().pack();
    let package = home.install(&archive);
    let environment = home.environment(&[&package]);

    let pc = environment.path.join("lib/pkgconfig/vecmath.pc");
    let text = fs::read_to_string(&pc).expect("reads");
    damage(&pc, text.replace("vecmath", "vecmuth").as_bytes());
    assert_eq!(
        reasons(&home.store),
        ["lib/pkgconfig/vecmath.pc is missing or has changed"]
    );

    let packed = home
        .path()
        .join(format!("archives/{}.puck", archive.sha256));
    damage(&packed, b"gone");
    let problems = home.store.verify().expect("reads").problems;
    assert_eq!(problems.len(), 2);
    assert_eq!(problems[0].path, packed);
    let removed = home.store.remove_damaged(&problems, &mut || {});
    assert_eq!(removed.expect("removes"), [packed, environment.path]);
    home.add(&archive);
    home.environment(&[&package]);
    assert_eq!(reasons(&home.store), [""; 0]);
}

#[test]
fn an_environment_that_lost_something_is_made_again() {
    let home = Home::new();
    let package = home.install(&vecmath().pack());
    let environment = home.environment(&[&package]);
    let link = environment.path.join("lib/vecmath.v1.so");
    for harm in 0..3 {
        let directory = link.parent().expect("a folder");
        set_mode(directory, 0o755);
        fs::remove_file(&link).expect("removes");
        match harm {
            0 => {}
            1 => fs::write(&link, "not a link").expect("writes"),
            _ => fs_err::os::unix::fs::symlink("elsewhere", &link).expect("a link"),
        }
        assert_eq!(home.environment(&[&package]).path, environment.path);
        assert!(fs::metadata(&link).is_ok_and(|file| file.len() > 1000));
    }
}

/// Moving a folder and sealing it are two steps; a process may be killed between them.
#[test]
fn what_was_left_writable_is_sealed() {
    let home = Home::new();
    let archive = vecmath().pack();
    let package = home.install(&archive);
    let environment = home.environment(&[&package]);
    for directory in [&package.path, &environment.path] {
        set_mode(directory, 0o755);
    }
    let package = home.install(&archive);
    home.environment(&[&package]);
    for directory in [&package.path, &environment.path] {
        let mode = fs::metadata(directory)
            .expect("is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o555, "{}", directory.display());
    }
}

/// Two versions of puck may share a store: neither undoes what the other did.
#[test]
fn what_a_newer_puck_installed_is_left_alone() {
    let archive = vecmath().pack();
    for (file, from, to) in [
        ("installed.json", "\"format\": 1", "\"format\": 2"),
        ("package.json", "\"format\": 1", "\"format\": 2"),
    ] {
        let home = Home::new();
        let package = home.install(&archive);
        let path = package.path.join(file);
        let text = fs::read_to_string(&path)
            .expect("reads")
            .replacen(from, to, 1);
        damage(&path, text.as_bytes());
        if file == "package.json" {
            let record = package.path.join("installed.json");
            let sha256 = |text: &[u8]| puck_package::Digest::of(text).hex();
            let before = package.record.document.sha256.hex();
            let of_record = fs::read_to_string(&record).expect("reads");
            damage(
                &record,
                of_record
                    .replace(&before, &sha256(text.as_bytes()))
                    .as_bytes(),
            );
        }
        let before = tree(home.path());
        let error = home.try_install(&archive).expect_err("it is newer");
        assert!(matches!(error, Error::Newer { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains("the work of a newer puck"), "{message}");
        assert!(
            message.contains(&format!("{file} has format 2")),
            "{message}"
        );
        assert!(error.hint().is_some_and(|hint| hint.contains("PUCK_HOME")));

        let name = "vecmath".parse().expect("a name");
        assert!(
            home.store
                .installed_packages(&name)
                .expect("reads")
                .is_empty()
        );
        let found = home.store.verify().expect("reads");
        assert_eq!(found.problems, []);
        assert_eq!(tree(home.path()), before);
    }
}
