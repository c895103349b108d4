//! What a build remembers of what was read.

use super::*;

#[test]
fn a_change_of_what_was_read_is_seen_without_running_anything() {
    let source = "answer['inputs'].append('table.txt')";
    let mut project = project(source);
    project.write("table.txt", "1");
    let (sources, _) = built(&project);
    let known = sources.fingerprint.expect("known");
    assert_eq!(project.fingerprint(), Some(known));
    type Change = (&'static str, &'static str);
    let changes: [Change; 5] = [
        ("table.txt", "2"),
        ("kernels.py", "answer['inputs'].append('table.txt')\n"),
        ("packages/numba/__init__.py", "version = 2"),
        ("packages/numba-1.0.dist-info/METADATA", "Version: 1.1"),
        ("packages/puck/frontend/__main__.py", "other"),
    ];
    for (path, text) in changes {
        let before = fs_err::read_to_string(project.path(path)).expect("there");
        let time = fs_err::metadata(project.path(path))
            .and_then(|m| m.modified())
            .expect("a time");
        project.write(path, text);
        assert_ne!(project.fingerprint(), Some(known), "{path}");
        project.write(path, &before);
        let file = fs_err::OpenOptions::new()
            .write(true)
            .open(project.path(path))
            .expect("opened");
        file.set_modified(time).expect("set");
        assert_eq!(project.fingerprint(), Some(known), "{path}");
    }
    project.write("environment/environment.json", "{}");
    project.environment = Some(project.path("environment"));
    let with = project.fingerprint();
    assert_ne!(with, Some(known));
    project.write("environment/environment.json", "{ }");
    assert_ne!(project.fingerprint(), with);
}

#[test]
fn a_source_that_changes_meanwhile_is_not_remembered() {
    let touch = "import pathlib, time\ntime.sleep(0.02)\n\
         pathlib.Path(request['directory'], 'kernels.py').write_text('')";
    let (sources, _) = built(&project(touch));
    assert_eq!(sources.fingerprint, None);
}
