//! What people type wrongly, or expect to work: the message says what to do, and nothing changes.

use crate::support::Machine;
use crate::support::package::VECMATH;

/// A machine with `vecmath` 1.0.0 in its registry, and a project that depends on nothing.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.project(&[]);
    machine
}

#[test]
fn a_folder_is_named_from_where_the_user_is() {
    let machine = machine();
    machine.write("project/sub/.keep", "");
    machine.ok("project/sub", "add vecmath --path ../../vecmath");
    assert!(
        machine
            .read("project/Puck.toml")
            .contains(r#"path = "../vecmath""#)
    );
    let result = machine.ok("project", "run vecmath::dot 2 [1,2] [3,4]");
    assert_eq!(result, "11\n");

    machine.edit("project/Puck.toml", "../vecmath", "../vecmat");
    let run = machine.refused("project", "lock");
    insta::assert_snapshot!(run.stderr, @r"
    error: `vecmath` comes from the folder [WORK]/vecmat, but no manifest is there

    hint: correct the path of `vecmath` in the manifest that depends on it
    ");
}

#[test]
fn requirements_are_written_as_they_were_typed() {
    let machine = machine();
    machine.ok("project", "add vecmath@1");
    assert_eq!(
        machine.read("project/Puck.toml"),
        "[dependencies]\nvecmath = \"1\"\n"
    );
}

#[test]
fn a_package_does_not_depend_on_itself() {
    let machine = machine();
    let run = machine.refused("vecmath", "add vecmath");
    insta::assert_snapshot!(run.stderr, @r"
    error: vecmath 1.0.0 depends on vecmath 1.0.0, which is of its own series, v1

    hint: a package calls its own functions as they are; remove the dependency, or depend on another series
    ");
    machine.refused("vecmath", "add vecmath --path .");

    // Nor by way of others; but on an older series it may.
    machine.c_package("norm", "1.0.0", "int norm(void) { return 1; }", "");
    machine.ok("norm", "add vecmath --path ../vecmath");
    machine.refused("vecmath", "add norm --path ../norm");
    machine.edit(
        "vecmath/Puck.toml",
        "[dependencies]\n",
        "[dependencies]\nnorm = { path = \"../norm\" }\n",
    );
    let run = machine.refused("project", "add norm --path ../norm");
    assert!(
        run.stderr.contains("norm 1.0.0 depends on norm 1.0.0"),
        "{run}"
    );
    machine.edit("vecmath/Puck.toml", "norm = { path = \"../norm\" }\n", "");
    machine.edit("vecmath/Puck.toml", "1.0.0", "2.0.0");
    machine.ok("vecmath", "add vecmath@1");
    machine.ok("vecmath", "publish");
}

#[test]
fn versions_that_are_not_there() {
    let machine = machine();
    for line in ["info vecmath@2", "inspect vecmath@2"] {
        let run = machine.refused("", line);
        assert_eq!(
            run.stderr, "error: no version of `vecmath` matches `^2`; there is 1.0.0\n",
            "{line}"
        );
    }
    let run = machine.refused("", "info sparse");
    insta::assert_snapshot!(run.stderr, @r"
    error: no package `sparse` in the registry [HOME]/registry

    hint: `puck search` finds packages by words; --registry names another registry
    ");
}

#[test]
fn a_package_is_uninstalled_once_however_often_it_is_named() {
    let machine = machine();
    machine.ok("", "install vecmath");
    let run = machine.puck("", "uninstall vecmath vecmath");
    insta::assert_snapshot!(run, @r"
    exit 0
    --- stderr
          Locked 0 packages
                 - vecmath 1.0.0
         Removed vecmath
    ");
}

#[test]
fn an_empty_folder_becomes_a_registry_when_it_is_published_to() {
    let machine = machine();
    let run = machine.refused("vecmath", "publish --registry ../team");
    insta::assert_snapshot!(run.stderr, @r"
    error: there is no registry at [WORK]/vecmath/../team: it is not a directory

    hint: check the path; publishing into an empty directory makes a registry
    ");
    fs_err::create_dir(machine.path("team")).unwrap();
    machine.ok("vecmath", "publish --registry ../team");
    machine.write(
        "project/Puck.toml",
        "[dependencies]\nvecmath = { version = \"1\", registry = \"team\" }\n",
    );
    machine.refused("project", "install");
    machine.ok("project", "install --registry ../team");
    assert!(machine.read("project/Puck.lock").contains("registry+team"));
}

#[test]
fn an_archive_that_cannot_be_fetched_is_named() {
    let machine = machine();
    machine.project(&[("vecmath", "1")]);
    machine.ok("project", "lock");
    let archive = machine
        .registry()
        .join("archives/vecmath/vecmath-1.0.0.puck");
    for stored in ["packages", "archives"] {
        assert!(!machine.home().join(stored).exists(), "{stored}");
    }
    fs_err::remove_file(archive).unwrap();
    let run = machine.puck("project", "install");
    insta::assert_snapshot!(run.stderr, @r"
    error: cannot fetch vecmath 1.0.0 from [HOME]/registry/archives/vecmath/vecmath-1.0.0.puck
      caused by: failed to open file `[HOME]/registry/archives/vecmath/vecmath-1.0.0.puck`: No such file or directory (os error 2)

    hint: the registry lists this version but does not have it; tell its owner
    ");
}

#[test]
fn what_cannot_be_printed_is_an_error() {
    let machine = machine();
    let full = fs_err::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = machine.call("", "search vecmath").command();
    let output = command.stdout(full.into_parts().0).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: cannot write to standard output: No space left on device (os error 28)\n"
    );
}

#[test]
fn functions_without_their_package() {
    let machine = machine();
    machine.ok("", "install vecmath");
    for name in ["dot", "vecmath:dot", "vecmath.dot", "vecmath/dot"] {
        let run = machine.refused("", &format!("run {name} 1 [1] [1]"));
        let hint = "hint: did you mean `vecmath::dot`?\n";
        assert!(run.stderr.ends_with(hint), "{run}");
    }
    let run = machine.refused("", "run dit 1 [1] [1]");
    assert!(!run.stderr.contains("hint"), "{run}");
}

#[test]
fn lock_says_that_nothing_is_to_be_done() {
    let machine = machine();
    machine.ok("project", "add vecmath");
    for line in ["lock", "update", "update vecmath"] {
        let run = machine.puck("project", line);
        assert_eq!(
            run.stderr, "   Unchanged Puck.lock is up to date\n",
            "{line}"
        );
    }
}
