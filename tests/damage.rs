//! A store that was damaged behind Puck's back: found, named, fetched again.

use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use crate::support::Machine;
use crate::support::package::VECMATH;

/// A machine with a project that has `vecmath` installed.
pub(crate) fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.project(&[("vecmath", "1")]);
    machine.ok("project", "install");
    machine
}

/// The files of the store whose path ends so.
pub(crate) fn stored(machine: &Machine, end: &str) -> Vec<PathBuf> {
    let listing = machine.listing();
    let in_store = |path: &&str| {
        let below = ["home/packages/", "home/archives/"]
            .iter()
            .any(|folder| path.starts_with(folder));
        below && path.ends_with(end)
    };
    listing
        .paths()
        .filter(in_store)
        .map(|path| machine.root().join(path))
        .collect()
}

/// Writes over a file that is read-only, or removes it.
pub(crate) fn damage(path: &Path, bytes: Option<&[u8]>) {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = path.parent().unwrap();
    let mode = fs_err::metadata(folder).unwrap().permissions();
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    fs_err::remove_file(path).unwrap();
    if let Some(bytes) = bytes {
        fs_err::write(path, bytes).unwrap();
    }
    fs_err::set_permissions(folder, mode).unwrap();
}

#[test]
fn what_is_damaged_is_fetched_again() {
    for end in [
        "package.json",
        ".so",
        ".o",
        ".bc",
        "vecmath.h",
        "installed.json",
    ] {
        // Flipped bytes are found by `puck verify`.
        for bytes in [None, Some(&b"damaged"[..])] {
            let machine = machine();
            let path = stored(&machine, end)
                .pop()
                .unwrap_or_else(|| panic!("no {end}"));
            damage(&path, bytes);
            fs_err::remove_file(machine.path("project/.puck")).unwrap();
            let run = machine.puck("project", "install");
            assert_eq!(run.code, Some(0), "{end} {bytes:?}: {run}");
            let call = "run vecmath::dot 2 [1,2] [3,4]";
            assert_eq!(
                machine.ok("project", call),
                "11\n",
                "{end} {bytes:?}: {run}"
            );
        }
    }
}

#[test]
fn archives_too() {
    let machine = machine();
    let archive = stored(&machine, ".puck").pop().unwrap();
    damage(&archive, Some(b"damaged"));
    let document = stored(&machine, "package.json").pop().unwrap();
    damage(&document, Some(b"{"));
    assert_snapshot!(machine.puck("project", "install"), @"
    exit 0
    --- stderr
    warning: [HOME]/archives/[SHA256].puck in the store was damaged (its SHA-256 is [SHA256]) and has been removed
       Unchanged 1 package installed
    ");
    assert_eq!(machine.ok("project", "run vecmath::dot 1 [2] [3]"), "6\n");

    // With the registry gone there is nothing to mend it with: that is said, once and again.
    damage(&stored(&machine, ".puck").pop().unwrap(), None);
    damage(&stored(&machine, "package.json").pop().unwrap(), None);
    fs_err::rename(machine.registry(), machine.root().join("away")).unwrap();
    for _ in 0..2 {
        let run = machine.puck("project", "install");
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.stderr.contains("vecmath 1.0.0"), "{run}");
    }
    fs_err::rename(machine.root().join("away"), machine.registry()).unwrap();
    machine.ok("project", "install");
    assert_eq!(machine.ok("project", "run vecmath::dot 1 [2] [3]"), "6\n");
}

#[test]
fn environments_are_made_again() {
    let machine = machine();
    machine
        .shell(
            "",
            "chmod -R u+w ../home/environments; rm -r ../home/environments",
        )
        .ok();
    let run = machine.puck("project", "install");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(machine.ok("project", "run vecmath::dot 1 [2] [3]"), "6\n");

    machine
        .shell(
            "",
            "chmod -R u+w ../home/environments; echo '{' > project/.puck/environment.json",
        )
        .ok();
    let run = machine.puck("project", "run vecmath::dot 1 [2] [3]");
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "6\n"), "{run}");
}

#[test]
fn what_is_no_link_of_ours_is_left_alone() {
    let machine = machine();
    fs_err::remove_file(machine.path("project/.puck")).unwrap();
    machine.write("project/.puck", "precious");
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: [WORK]/project/.puck is not a link to an environment and is left as it is

    hint: move [WORK]/project/.puck away and try again
    ");
    fs_err::remove_file(machine.path("project/.puck")).unwrap();
    machine.write("project/.puck/notes", "precious");
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: [WORK]/project/.puck is not a link to an environment and is left as it is

    hint: move [WORK]/project/.puck away and try again
    ");
}
