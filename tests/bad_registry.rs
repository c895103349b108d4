//! Registries that are not what they should be.

use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use insta::assert_snapshot;

use crate::support::{Machine, PUCK};

/// A machine with one published package and a project that needs it.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish_constant("answer", "1.0.0", 42, "");
    machine.project(&[("answer", "1")]);
    machine
}

#[test]
fn index_lines_that_are_not_valid() {
    let machine = machine();
    let line = fs_err::read_to_string(machine.index("answer")).unwrap();
    let mut all = String::new();
    for (what, text) in [
        ("no JSON", "nonsense\n".to_owned()),
        ("cut", line[..line.len() / 2].to_owned()),
        (
            "a newer format",
            line.replace("\"format\":1", "\"format\":2"),
        ),
        ("no format", line.replace("\"format\":1,", "")),
        (
            "another package",
            line.replace(
                "\"name\":\"answer\",\"version",
                "\"name\":\"anser\",\"version",
            ),
        ),
        ("a version that is none", line.replace("1.0.0", "1.0")),
        ("the same version twice", format!("{line}{line}")),
        (
            "a hash that is none",
            line.replace("\"sha256\":\"", "\"sha256\":\"x"),
        ),
        ("not text", "\u{0}".to_owned()),
    ] {
        fs_err::write(machine.index("answer"), text).unwrap();
        for verb in ["install", "lock", "add answer", "publish --dry-run"] {
            let folder = if verb.starts_with("publish") {
                "answer"
            } else {
                "project"
            };
            let run = machine.refused(folder, verb);
            assert!(run.stderr.contains("answer"), "{what}, {verb}: {run}");
        }
        let run = machine.refused("project", "install");
        writeln!(all, "# {what}\n{}", run.stderr).unwrap();
    }
    assert_snapshot!(all, @"
    # no JSON
    error: cannot find out which versions of answer there are
      caused by: [HOME]/registry/index/an/sw/answer:1 is not valid: expected ident at line [N] column [N]

    hint: the registry is damaged there; its owner must restore it, or use another one

    # cut
    error: cannot find out which versions of answer there are
      caused by: [HOME]/registry/index/an/sw/answer:1 is not valid: EOF while parsing a string at line [N] column [N]

    hint: the registry is damaged there; its owner must restore it, or use another one

    # a newer format
    error: cannot find out which versions of answer there are
      caused by: [HOME]/registry/index/an/sw/answer:1 has format 2, but this puck knows formats up to 1; a newer puck is needed to read it

    # no format
    error: cannot find out which versions of answer there are
      caused by: [HOME]/registry/index/an/sw/answer:1 is not valid: missing field `format` at line [N] column [N]

    hint: the registry is damaged there; its owner must restore it, or use another one

    # another package
    error: cannot find out which versions of answer there are
      caused by: [HOME]/registry/index/an/sw/answer:1: the line is about anser, not about answer

    hint: the registry is damaged there; its owner must restore it, or use another one

    # a version that is none
    error: cannot find out which versions of answer there are
      caused by: [HOME]/registry/index/an/sw/answer:1 is not valid: unexpected end of input while parsing minor version number at line [N] column [N]

    hint: the registry is damaged there; its owner must restore it, or use another one

    # the same version twice
    error: cannot find out which versions of answer there are
      caused by: [HOME]/registry/index/an/sw/answer:2: answer 1.0.0 stands here twice

    hint: the registry is damaged there; its owner must restore it, or use another one

    # a hash that is none
    error: cannot find out which versions of answer there are
      caused by: [HOME]/registry/index/an/sw/answer:1 is not valid: `x[SHA256]` is not a SHA-256 digest: expected 64 lower-case hexadecimal digits at line [N] column [N]

    hint: the registry is damaged there; its owner must restore it, or use another one

    # not text
    error: cannot find out which versions of answer there are
      caused by: [HOME]/registry/index/an/sw/answer:1 is not valid: expected value at line [N] column [N]

    hint: the registry is damaged there; its owner must restore it, or use another one
    ");
}

#[test]
fn folders_that_are_no_registry() {
    let machine = machine();
    let description = machine.registry().join("registry.json");
    for (what, text) in [
        ("a newer format", "{\"format\": 2, \"name\": \"local\"}"),
        ("no JSON", "local"),
        ("no name", "{\"format\": 1}"),
    ] {
        fs_err::write(&description, text).unwrap();
        for (folder, verb) in [
            ("project", "install"),
            ("answer", "publish"),
            ("", "search a"),
        ] {
            let run = machine.refused(folder, verb);
            assert!(
                run.stderr.contains("registry.json"),
                "{what}, {verb}: {run}"
            );
        }
    }
    fs_err::write(&description, "{\"format\": 2, \"name\": \"local\"}").unwrap();
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: [HOME]/registry/registry.json has format 2, but this puck knows formats up to 1; a newer puck is needed to read it
    ");
    fs_err::create_dir(machine.path("empty")).unwrap();
    assert_snapshot!(machine.refused("project", "install --registry ../empty"), @"
    exit 1
    --- stderr
    error: [WORK]/project/../empty is not a registry: it holds no registry.json

    hint: check the path; publishing into an empty directory makes a registry
    ");
    assert_snapshot!(machine.refused("project", "install --registry ../missing"), @"
    exit 1
    --- stderr
    error: there is no registry at [WORK]/project/../missing: it is not a directory

    hint: check the path; publishing into an empty directory makes a registry
    ");
    assert_snapshot!(machine.refused("project", "install --registry Puck.toml"), @"
    exit 1
    --- stderr
    error: there is no registry at [WORK]/project/Puck.toml: it is not a directory

    hint: check the path; publishing into an empty directory makes a registry
    ");
}

#[test]
fn a_log_that_was_rewritten() {
    let machine = machine();
    let log = machine.registry().join("log.jsonl");
    let text = fs_err::read_to_string(&log).unwrap();
    machine.c_package("other", "1.0.0", "int other(void) { return 1; }\n", "");
    for (what, text) in [
        (
            "a newer format",
            text.replace("\"format\":1", "\"format\":2"),
        ),
        ("no JSON", "nonsense\n".to_owned()),
    ] {
        fs_err::write(&log, text).unwrap();
        let run = machine.refused("other", "publish");
        assert!(run.stderr.contains("log.jsonl"), "{what}: {run}");
    }
    // Publishing looks at the last line alone; who looks at all of them sees the gap.
    let registry = puck_registry::Registry::open(&machine.registry()).unwrap();
    fs_err::write(&log, text.replace("\"number\":1", "\"number\":2")).unwrap();
    assert!(registry.verify_log().is_err());
    // What a killed process left half written is cut off.
    fs_err::write(&log, format!("{text}{{\"format\":1,")).unwrap();
    machine.ok("other", "publish");
    registry.verify_log().unwrap();
}

#[test]
fn that_may_not_be_written() {
    const NOBODY: u32 = 65534;
    let machine = machine();
    let registry = machine.root().join("shared");
    fs_err::rename(machine.registry(), &registry).unwrap();
    machine.c_package("other", "1.0.0", "int other(void) { return 1; }\n", "");
    machine.ok("other", "pack");
    let publish = || {
        machine
            .call("other", "publish")
            .env("PUCK_REGISTRY", &registry)
    };

    // Root may write anywhere, so it publishes as somebody who may not.
    let root = is_root(machine.root());
    let set = |path: &Path, mode| {
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let run = if root {
        let puck = machine.root().join("puck");
        fs_err::hard_link(PUCK, &puck)
            .or_else(|_| fs_err::copy(PUCK, &puck).map(drop))
            .unwrap();
        for path in [machine.root(), &machine.root().join("work")] {
            set(path, 0o755);
        }
        let own = machine.shell(
            "",
            &format!("chown -R {NOBODY}:{NOBODY} ../home ../temporary other"),
        );
        own.ok();
        chown(machine.root().join("user"), Some(NOBODY), Some(NOBODY)).unwrap();
        let before = machine.listing();
        let line = format!(
            "--reuid {NOBODY} --regid {NOBODY} --clear-groups {} publish",
            puck.display()
        );
        let run = machine
            .program("setpriv", "other", &line)
            .env("PUCK_REGISTRY", &registry)
            .run();
        before.expect_same(&machine.listing());
        run
    } else {
        machine.shell("", "chmod -R a-w ../shared").ok();
        let run = publish().run();
        machine.shell("", "chmod -R u+w ../shared").ok();
        run
    };
    assert_snapshot!(run, @"
    exit 1
    --- stderr
    error: the registry at [ROOT]/shared is not writable
      caused by: failed to open file `[ROOT]/shared/registry.lock`: Permission denied (os error 13)

    hint: publish as a user who may write to [ROOT]/shared, or to another registry
    ");
    if root {
        machine
            .shell("", "chown -R 0:0 ../home ../temporary other")
            .ok();
    }
    publish().ok();
}

/// Whether this process is root's, seen by what it makes.
fn is_root(made: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs_err::metadata(made).unwrap().uid() == 0
}
