use std::time::{Duration, SystemTime};

use super::{Files, identity};

#[test]
fn the_first_look_at_a_file_counts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a");
    fs_err::write(&path, "one").expect("written");
    let files = Files::new(folder.path());
    let first = files.digest("a");
    fs_err::write(&path, "two").expect("written");
    assert_eq!(files.digest("a"), first);
    assert_ne!(Files::new(folder.path()).digest("a"), first);
    assert_eq!(files.digest("absent"), None);
}

#[test]
fn a_file_written_during_the_run_is_noticed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a");
    fs_err::write(&path, "one").expect("written");
    let files = Files::new(folder.path());
    files.digest("a");
    assert!(!files.changed());
    let later = SystemTime::now() + Duration::from_secs(5);
    fs_err::write(folder.path().join("b"), "two").expect("written");
    let file = fs_err::OpenOptions::new()
        .write(true)
        .open(folder.path().join("b"));
    file.expect("opened").set_modified(later).expect("set");
    files.digest("b");
    assert!(files.changed());
}

#[test]
fn the_state_of_headers_follows_content_absence_and_shadows() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |path: &str| folder.path().join(path);
    for path in ["src/x", "include/lib"] {
        fs_err::create_dir_all(at(path)).expect("made");
    }
    fs_err::write(at("include/lib/a.h"), "one").expect("written");
    let search = ["src".to_owned(), "include".to_owned()];
    let state = || Files::new(folder.path()).state("include/lib/a.h", &search);
    let first = state();
    assert!(first.is_some());
    assert_eq!(state(), first);
    // Unrelated files change nothing.
    fs_err::write(at("src/b.h"), "").expect("written");
    assert_eq!(state(), first);
    // `#include <lib/a.h>` would now find another one first.
    fs_err::create_dir(at("src/lib")).expect("made");
    fs_err::write(at("src/lib/a.h"), "one").expect("written");
    assert_ne!(state(), first);
    fs_err::remove_file(at("src/lib/a.h")).expect("removed");
    assert_eq!(state(), first);
    fs_err::write(at("include/lib/a.h"), "two").expect("written");
    assert_ne!(state(), first);
    fs_err::remove_file(at("include/lib/a.h")).expect("removed");
    assert_eq!(state(), None);
}

#[test]
fn an_identity_changes_with_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tool");
    assert_eq!(identity(&path), None);
    fs_err::write(&path, b"one").expect("written");
    let first = identity(&path);
    assert!(first.is_some());
    fs_err::write(&path, b"another").expect("written");
    assert_ne!(identity(&path), first);
}
