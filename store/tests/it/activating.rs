//! A project's `.puck`.

use fs_err as fs;
use puck_store::Error;

use crate::support::{Home, linalg, vecmath};

#[test]
fn swapped_by_one_rename() {
    let home = Home::new();
    let vecmath = home.install(&vecmath().pack());
    let linalg = home.install(&linalg().pack());
    let (first, second) = (
        home.environment(&[&vecmath]),
        home.environment(&[&vecmath, &linalg]),
    );
    let project = home.directory("project");
    let store = &home.store;
    assert_eq!(store.active(&project).expect("reads"), None);
    for environment in [&first, &second, &second, &first] {
        store.activate(&project, environment).expect("activates");
        assert_eq!(
            store.active(&project).expect("reads").as_ref(),
            Some(&environment.path)
        );
        let entries = fs::read_dir(&project).expect("reads").count();
        assert_eq!(entries, 1, "nothing but .puck");
    }

    // What a killed process left is used or removed.
    fs_err::os::unix::fs::symlink("nowhere", project.join(".puck-new-0123456789abcdef"))
        .expect("a link");
    store.activate(&project, &second).expect("activates");
    assert_eq!(fs::read_dir(&project).expect("reads").count(), 1);
}

#[test]
fn a_dangling_link_is_replaced() {
    let home = Home::new();
    let environment = home.environment(&[]);
    let project = home.directory("project");
    fs_err::os::unix::fs::symlink("gone", project.join(".puck")).expect("a link");
    home.store
        .activate(&project, &environment)
        .expect("activates");
    assert!(project.join(".puck/environment.json").exists());
}

#[test]
fn what_is_not_ours_stays() {
    let home = Home::new();
    let environment = home.environment(&[]);
    let project = home.directory("project");
    fs::create_dir(project.join(".puck")).expect("a folder");
    fs::write(project.join(".puck/mine"), "precious").expect("writes");
    let error = home
        .store
        .activate(&project, &environment)
        .expect_err("a folder is there");
    assert!(matches!(error, Error::NotALink(_)), "{error}");
    assert_eq!(
        fs::read_to_string(project.join(".puck/mine")).expect("reads"),
        "precious"
    );

    let other = home.directory("other");
    fs::write(other.join(".puck"), "precious").expect("writes");
    assert!(home.store.activate(&other, &environment).is_err());
    assert_eq!(
        fs::read_to_string(other.join(".puck")).expect("reads"),
        "precious"
    );
}

#[test]
fn many_at_once() {
    let home = Home::new();
    let vecmath = home.install(&vecmath().pack());
    let environments = [home.environment(&[]), home.environment(&[&vecmath])];
    let project = home.directory("project");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (environments, project, store) = (&environments, &project, &home.store);
            scope.spawn(move || {
                for step in 0..30 {
                    let environment = &environments[(thread + step) % 2];
                    store.activate(project, environment).expect("activates");
                    assert!(project.join(".puck/environment.json").exists());
                }
            });
        }
    });
    assert_eq!(fs::read_dir(&project).expect("reads").count(), 1);
}
