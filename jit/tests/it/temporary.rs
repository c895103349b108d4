//! Where callers lie that no cache keeps.

use std::process::Command;
use std::time::{Duration, SystemTime};

use puck_jit::Jit;

use crate::fixture::{Home, UNARY, call, line, sum_of};

#[test]
fn a_folder_that_was_tidied_away_is_made_again() {
    let home = Home::new();
    let package = home.package("tidy", "1.0.0", &line("f", 3.0, 1.0), &[("f", UNARY)], &[]);
    let jit = Jit::new(&home.environment(&[&package])).build().unwrap();
    let ir = sum_of(&["tidy::f"]);
    let first = jit.compile(&ir).unwrap();
    fs_err::remove_dir_all(first.path().parent().unwrap()).unwrap();
    let second = jit.compile(&ir.replace("@run", "@again")).unwrap();
    assert!(second.path().exists());
    assert_eq!(call(&first, "run", 2.0), 7.0);
    assert_eq!(call(&second, "again", 2.0), 7.0);
}

#[test]
fn what_killed_processes_left_is_removed_and_nothing_else() {
    let folder = |lock: &dyn Fn(&std::path::Path)| {
        let folder = tempfile::Builder::new()
            .prefix("puck-jit-")
            .tempdir()
            .unwrap();
        lock(&folder.path().join("lock"));
        folder
    };
    let file = |path: &std::path::Path| fs_err::File::create(path).unwrap();
    let old = |path: &std::path::Path| {
        let file = file(path);
        let time = SystemTime::now() - Duration::from_secs(3600);
        file.file().set_modified(time).unwrap();
        file
    };
    let left = folder(&|path| drop(old(path)));
    let young = folder(&|path| drop(file(path)));
    let held = folder(&|path| {
        let file = old(path);
        file.file().lock().unwrap();
        // Held as long as this process runs.
        std::mem::forget(file);
    });
    // Who opens it waits until somebody writes.
    let pipe = folder(&|path| {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    });

    let home = Home::new();
    let package = home.package("left", "1.0.0", &line("f", 3.0, 1.0), &[("f", UNARY)], &[]);
    let jit = Jit::new(&home.environment(&[&package])).build().unwrap();
    jit.compile(&sum_of(&["left::f"])).unwrap();
    assert!(!left.path().exists());
    for kept in [young, held, pipe] {
        assert!(kept.path().exists());
    }
}
