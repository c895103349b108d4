//! Self-contained copies.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use fs_err as fs;
use puck_store::Error;

use crate::support::{Home, Recipe, linalg, tree, vecmath};

#[test]
fn works_without_the_store() {
    let home = Home::new();
    let targets = vec![("x86-64", "-O2"), ("x86-64-v3", "-O2")];
    let vecmath = home.install(
        &Recipe {
            targets,
            ..vecmath()
        }
        .pack(),
    );
    let linalg = home.install(&linalg().pack());
    let environment = home.environment(&[&vecmath, &linalg]);
    let copy = home.folder.path().join("a/copy");
    home.store
        .export(&environment.path, &copy)
        .expect("exports");

    let names = |root: &std::path::Path| -> Vec<_> {
        tree(root)
            .into_iter()
            .map(|path| path.strip_prefix(root).expect("is below").to_owned())
            .collect()
    };
    assert_eq!(names(&copy), names(&environment.path));
    for path in tree(&copy) {
        let file = fs::symlink_metadata(&path).expect("is there");
        assert!(!file.is_symlink(), "{}", path.display());
        assert_ne!(
            file.permissions().mode() & 0o200,
            0,
            "{} can be removed",
            path.display()
        );
    }
    let inode = |path: &str| fs::metadata(copy.join(path)).expect("is there").ino();
    assert_eq!(
        inode("lib/vecmath.v1.so"),
        inode("lib/glibc-hwcaps/x86-64-v3/vecmath.v1.so"),
        "targets that share a library share its copy"
    );

    fs::rename(home.path(), home.folder.path().join("away")).expect("the store is gone");
    let name = crate::support::linalg().link_name("norm").to_string();
    // SAFETY: the libraries were made of the sources in `support`, without initialisers.
    let norm = unsafe {
        let library = libloading::Library::new(copy.join("lib/linalg.v1.so")).expect("it loads");
        let norm = library
            .get::<unsafe extern "C" fn(u64, *const f64) -> f64>(name.as_bytes())
            .expect("it is exported");
        norm(2, [3.0, 4.0].as_ptr())
    };
    assert!((norm - 5.0).abs() < 1e-12, "{norm}");
}

#[test]
fn overwrites_nothing() {
    let home = Home::new();
    let environment = home.environment(&[]);
    let taken = home.directory("taken");
    fs::write(taken.join("mine"), "precious").expect("writes");
    let error = home
        .store
        .export(&environment.path, &taken)
        .expect_err("something is there");
    assert!(matches!(error, Error::NotEmpty(_)), "{error}");
    assert_eq!(tree(&taken), [taken.join("mine")]);
    assert!(
        home.store
            .export(&environment.path, &taken.join("mine"))
            .is_err()
    );

    let empty = home.directory("empty");
    home.store
        .export(&environment.path, &empty)
        .expect("an empty folder is filled");
    assert!(empty.join("environment.json").exists());
}

#[test]
fn after_an_error_nothing_is_there() {
    let home = Home::new();
    let copy = home.folder.path().join("copy");
    let gone = home.folder.path().join("gone");
    assert!(home.store.export(&gone, &copy).is_err());
    let left: Vec<_> = fs::read_dir(home.folder.path())
        .expect("reads")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["home"]);
}
