//! Lockfiles that were edited, are newer, or do not agree with the registry.

use std::fmt::Write as _;

use insta::{allow_duplicates, assert_snapshot};

use crate::support::Machine;

/// A machine with a project that needs `asker`, which needs `answer`, locked.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish_constant("answer", "1.0.0", 42, "");
    machine.publish(
        "asker",
        "1.0.0",
        "#include <answer.h>\nint ask(void) { return answer_answer(); }\n",
        "answer = \"1\"\n",
    );
    machine.project(&[("asker", "1")]);
    machine.ok("project", "lock");
    machine
}

#[test]
fn that_are_not_valid() {
    let machine = machine();
    let lockfile = machine.read("project/Puck.lock");
    let mut all = String::new();
    for (from, to) in [
        ("version = 1\n", "version = 2\n"),
        ("version = 1\n", ""),
        ("version = 1\n", "version = 1\nfuture = true\n"),
        ("[[package]]", "[[package"),
        ("\"1.0.0\"", "\"1.0\""),
        ("registry+local", "local"),
        ("sha256 = \"", "sha256 = \"x"),
        ("name = \"answer\"", "name = \"Answer\""),
        ("name = \"answer\"", "name = \"asker\""),
        (
            "dependencies = [\"asker 1.0.0\"]",
            "dependencies = [\"asker\"]",
        ),
        (
            "dependencies = [\"asker 1.0.0\"]",
            "dependencies = [\"other 1.0.0\"]",
        ),
        (
            "dependencies = [\"answer 1.0.0\"]",
            "dependencies = [\"answer 2.0.0\"]",
        ),
    ] {
        machine.write("project/Puck.lock", &lockfile);
        machine.edit("project/Puck.lock", from, to);
        let run = machine.refused("project", "install");
        writeln!(
            all,
            "# {}: {}\n{}",
            from.trim_end(),
            to.trim_end(),
            run.stderr
        )
        .unwrap();
    }
    assert_snapshot!(all, @r#"
    # version = 1: version = 2
    error: [WORK]/project/Puck.lock has format 2, but this puck knows formats up to 1; a newer puck is needed to read it

    # version = 1: 
    error: [WORK]/project/Puck.lock is not a valid lockfile: TOML parse error at line 1, column 1
      |
    1 | # Written by puck; not meant to be edited.
      | ^
    missing field `version`

    hint: restore it from version control, or delete it and run `puck lock`

    # version = 1: version = 1
    future = true
    error: [WORK]/project/Puck.lock is not a valid lockfile: TOML parse error at line 3, column 1
      |
    3 | future = true
      | ^^^^^^
    unknown field `future`, expected one of `version`, `dependencies`, `patch`, `package`

    hint: restore it from version control, or delete it and run `puck lock`

    # [[package]]: [[package
    error: [WORK]/project/Puck.lock is not a valid lockfile: TOML parse error at line 5, column 10
      |
    5 | [[package
      |          ^
    unclosed array table, expected `]]`

    hint: restore it from version control, or delete it and run `puck lock`

    # "1.0.0": "1.0"
    error: [WORK]/project/Puck.lock is not a valid lockfile: TOML parse error at line 7, column 11
      |
    7 | version = "1.0"
      |           ^^^^^
    unexpected end of input while parsing minor version number

    hint: restore it from version control, or delete it and run `puck lock`

    # registry+local: local
    error: [WORK]/project/Puck.lock is not a valid lockfile: TOML parse error at line 8, column 10
      |
    8 | source = "local"
      |          ^^^^^^^
    `local` is not a source: expected `registry+NAME` or `path+FOLDER`

    hint: restore it from version control, or delete it and run `puck lock`

    # sha256 = ": sha256 = "x
    error: [WORK]/project/Puck.lock is not a valid lockfile: TOML parse error at line 9, column 10
      |
    9 | sha256 = "x[SHA256]"
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    `x[SHA256]` is not a SHA-256 digest: expected 64 lower-case hexadecimal digits

    hint: restore it from version control, or delete it and run `puck lock`

    # name = "answer": name = "Answer"
    error: [WORK]/project/Puck.lock is not a valid lockfile: TOML parse error at line 6, column 8
      |
    6 | name = "Answer"
      |        ^^^^^^^^
    `Answer` is not a package name: expected a lower-case letter, then lower-case letters, digits and `-`, at most 64 characters

    hint: restore it from version control, or delete it and run `puck lock`

    # name = "answer": name = "asker"
    error: [WORK]/project/Puck.lock is not a valid lockfile: it has two versions of one series, `asker 1.0.0` and 1.0.0

    hint: restore it from version control, or delete it and run `puck lock`

    # dependencies = ["asker 1.0.0"]: dependencies = ["asker"]
    error: [WORK]/project/Puck.lock is not a valid lockfile: TOML parse error at line 3, column 16
      |
    3 | dependencies = ["asker"]
      |                ^^^^^^^^^
    `asker` is not a package: expected `NAME VERSION`

    hint: restore it from version control, or delete it and run `puck lock`

    # dependencies = ["asker 1.0.0"]: dependencies = ["other 1.0.0"]
    error: [WORK]/project/Puck.lock is not a valid lockfile: it needs `other 1.0.0` but does not list it

    hint: restore it from version control, or delete it and run `puck lock`

    # dependencies = ["answer 1.0.0"]: dependencies = ["answer 2.0.0"]
    error: [WORK]/project/Puck.lock is not a valid lockfile: it needs `answer 2.0.0` but does not list it

    hint: restore it from version control, or delete it and run `puck lock`
    "#);
}

#[test]
fn that_name_other_bytes() {
    let machine = machine();
    let expect_refused = |lines: &[&str]| {
        allow_duplicates! { for line in lines {
            assert_snapshot!(machine.refused("project", line), @"
            exit 1
            --- stderr
            error: answer 1.0.0 is locked with SHA-256 [SHA256], but the registry has [SHA256] under that version; a published version never changes, so one of them is not genuine

            hint: ask whoever runs the registry; if the new one is right, delete Puck.lock to choose again
            ");
        }}
    };
    let lockfile = machine.read("project/Puck.lock");
    let line = lockfile
        .lines()
        .find(|line| line.starts_with("sha256"))
        .unwrap();
    let zeros = format!("sha256 = \"{}\"", "0".repeat(64));
    machine.edit("project/Puck.lock", line, &zeros);
    expect_refused(&["install --jobs 1", "install --frozen --jobs 1"]);

    // The other way round: the registry has other bytes than were locked.
    machine.write("project/Puck.lock", &lockfile);
    machine
        .shell(
            "",
            "chmod -R u+w ../home && rm -r ../home/packages ../home/archives",
        )
        .ok();
    let bytes = machine.parts("answer", "1.0.0").pack();
    machine.replace_archive("answer", "1.0.0", &bytes);
    expect_refused(&["install --jobs 1", "update"]);
}

#[test]
fn that_were_edited_by_hand() {
    let machine = machine();
    machine.publish_constant("answer", "1.1.0", 43, "");
    let lockfile = machine.read("project/Puck.lock");

    // A package that is needed is gone.
    let start = lockfile.find("\n[[package]]\nname = \"answer\"").unwrap();
    let end = lockfile.find("\n[[package]]\nname = \"asker\"").unwrap();
    let without = format!("{}{}", &lockfile[..start], &lockfile[end..]);
    machine.write("project/Puck.lock", &without);
    let run = machine.puck("project", "install --locked");
    assert_eq!(run.code, Some(1), "{run}");
    assert_snapshot!(run, @"
    exit 1
    --- stderr
    error: [WORK]/project/Puck.lock is not a valid lockfile: it needs `answer 1.0.0` but does not list it

    hint: restore it from version control, or delete it and run `puck lock`
    ");

    // A version that is not there.
    machine.write(
        "project/Puck.lock",
        lockfile.replace("answer 1.0.0", "answer 1.0.5"),
    );
    machine.edit(
        "project/Puck.lock",
        "\"answer\"\nversion = \"1.0.0\"",
        "\"answer\"\nversion = \"1.0.5\"",
    );
    assert_snapshot!(machine.refused("project", "install --jobs 1"), @"
    exit 1
    --- stderr
    error: the archive of answer 1.0.5 cannot be unpacked: the archive holds answer 1.0.0, not answer 1.0.5
    ");

    // A version that the manifest does not allow.
    machine.write("project/Puck.lock", &lockfile);
    machine.project(&[("asker", "2")]);
    assert_snapshot!(machine.refused("project", "install --locked"), @"
    exit 1
    --- stderr
    error: the lockfile needs to be updated, but --locked forbids it: the manifest needs `asker ^2`, but 1.0.0 is locked

    hint: run the command without --locked, or `puck lock`, and look at what changes
    ");

    // Another registry.
    machine.project(&[("asker", "1")]);
    machine.write(
        "project/Puck.lock",
        lockfile.replace("registry+local", "registry+team"),
    );
    assert_snapshot!(machine.refused("project", "install --jobs 1"), @"
    exit 1
    --- stderr
    error: asker 1.0.0 is locked from the registry `team`, which is not known here

    hint: say where it is: `puck config set registries.team ADDRESS`, or [registries] in Puck.toml, or set PUCK_REGISTRY_TEAM
    ");

    machine.write("project/Puck.lock", &lockfile);
    machine.ok("project", "install --locked");
}
