//! `puck publish`: what a registry takes, and what it refuses.

use insta::assert_snapshot;

use crate::support::Machine;
use crate::support::package::VECMATH;

#[test]
fn published_once_and_for_all() {
    let machine = Machine::new();
    machine.c_package("vecmath", "1.0.0", VECMATH, "");
    let before = machine.listing();
    assert_snapshot!(machine.puck("vecmath", "publish --dry-run"), @"
    exit 0
    --- stderr
         Checked vecmath 1.0.0 to `local` ([SIZE]); nothing was published
    ");
    before.expect_same(&machine.listing());
    assert_snapshot!(machine.puck("vecmath", "publish"), @"
    exit 0
    --- stderr
       Published vecmath 1.0.0 to `local` ([SIZE])
    ");
    assert_snapshot!(machine.puck("vecmath", "publish"), @"
    exit 0
    --- stderr
       Unchanged vecmath 1.0.0 to `local` ([SIZE]); the same archive is there already
    ");
    assert_snapshot!(machine.puck("vecmath", "publish --dry-run"), @"
    exit 0
    --- stderr
       Unchanged vecmath 1.0.0 to `local` ([SIZE]); the same archive is there already
    ");

    machine.edit("vecmath/src/vecmath.c", "+=", "-=");
    assert_snapshot!(machine.refused("vecmath", "publish"), @"
    exit 1
    --- stderr
    error: vecmath 1.0.0 is published already, with other content (SHA-256 [SHA256], offered [SHA256])

    hint: a published version never changes; publish with a higher version
    ");
    assert_snapshot!(machine.refused("vecmath", "publish --dry-run"), @"
    exit 1
    --- stderr
    error: vecmath 1.0.0 is published already, with other content (SHA-256 [SHA256], offered [SHA256])

    hint: a published version never changes; publish with a higher version
    ");
    machine.edit("vecmath/Puck.toml", "1.0.0", "1.0.1");
    assert_snapshot!(machine.puck("vecmath", "publish"), @"
    exit 0
    --- stderr
       Published vecmath 1.0.1 to `local` ([SIZE])
    ");
    assert_snapshot!(machine.puck("", "info vecmath"), @"
    exit 0
    --- stdout
    vecmath 1.0.1
    published  [TIME]
    size       [SIZE]
    sha256     [SHA256]
    targets    x86-64
    versions   1.0.0, 1.0.1
        dot: fn(n: u64, x: *const f64, y: *const f64) -> f64
        scale: fn(n: u64, a: f64, x: *mut f64)
    ");
}

#[test]
fn a_compatible_release_keeps_what_was_exported() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    let changed = VECMATH.replace("scale(uint64_t n", "scale(uint32_t n");
    machine.c_package("vecmath", "1.1.0", &changed, "");
    assert_snapshot!(machine.refused("vecmath", "publish"), @"
    exit 1
    --- stderr
    error: vecmath 1.1.0 removes or changes what 1.0.0 exports:
    - fn scale(n: u64, a: f64, x: *mut f64)
    + fn scale(n: u32, a: f64, x: *mut f64)

    hint: keep these functions as they were, or publish with a version outside series v1
    ");
    let renamed = VECMATH.replace("scale", "stretch");
    machine.c_package("vecmath", "1.1.0", &renamed, "");
    assert_snapshot!(machine.refused("vecmath", "publish --dry-run"), @"
    exit 1
    --- stderr
    error: vecmath 1.1.0 removes or changes what 1.0.0 exports:
    - fn scale(n: u64, a: f64, x: *mut f64)

    hint: keep these functions as they were, or publish with a version outside series v1
    ");
    machine.publish("vecmath", "2.0.0", &renamed, "");
    machine.publish(
        "vecmath",
        "1.1.0",
        &format!("{VECMATH}int more(void) {{ return 1; }}\n"),
        "",
    );
}

#[test]
fn a_registry_elsewhere() {
    let machine = Machine::new();
    machine.publish_constant("answer", "1.0.0", 42, "");
    let elsewhere = machine.root().join("elsewhere");
    fs_err::rename(machine.registry(), &elsewhere).unwrap();

    assert_snapshot!(machine.refused("", "info answer"), @"
    exit 1
    --- stderr
    error: no package `answer` in the registry [HOME]/registry

    hint: `puck search` finds packages by words; --registry names another registry
    ");
    assert_snapshot!(machine.ok("", "--registry ../elsewhere search answer"), @"
    answer 1.0.0
        answer: fn() -> i32
    ");
    machine
        .call("", "install answer")
        .env("PUCK_REGISTRY", &elsewhere)
        .ok();
    assert_eq!(machine.ok("", "run answer::answer"), "42\n");
    machine.c_package("answer", "1.0.1", "int answer(void) { return 43; }\n", "");
    machine.ok("answer", "publish --registry ../../elsewhere");
    assert_snapshot!(machine.ok("", "--registry ../elsewhere info answer"), @"
    answer 1.0.1
    published  [TIME]
    size       [SIZE]
    sha256     [SHA256]
    targets    x86-64
    versions   1.0.0, 1.0.1
        answer: fn() -> i32
    ");
}

#[test]
fn what_has_only_a_path_is_not_published() {
    let machine = Machine::new();
    machine.c_package("answer", "1.0.0", "int answer(void) { return 42; }\n", "");
    let dependency = "answer = { path = \"../answer\" }\n";
    machine.c_package(
        "asker",
        "1.0.0",
        "int ask(void) { return 1; }\n",
        dependency,
    );
    assert_snapshot!(machine.refused("asker", "publish"), @r#"
    exit 1
    --- stderr
    error: [WORK]/asker/Puck.toml: `answer` has a path but no version, and a published package has no folders

    hint: write `answer = { path = "…", version = "…" }`
    "#);
    machine.project(&[]);
    assert_snapshot!(machine.refused("project", "publish"), @"
    exit 1
    --- stderr
    error: [WORK]/project/Puck.toml has no [package] section, so there is nothing to build

    hint: `puck new NAME` makes a package
    ");
}

#[test]
fn what_nobody_can_install_yet_is_warned_about() {
    let machine = Machine::new();
    machine.c_package("answer", "1.0.0", "int answer(void) { return 42; }\n", "");
    let dependency = "answer = { path = \"../answer\", version = \"1\" }\n";
    let source = "int ask(void) { return 1; }\n";
    machine.c_package("asker", "1.0.0", source, dependency);
    assert_snapshot!(machine.puck("asker", "publish --dry-run"), @"
    exit 0
    --- stderr
    warning: asker needs answer ^1, which the registry `local` does not have; nobody can install it until that is published
         Checked asker 1.0.0 to `local` ([SIZE]); nothing was published
    ");
    assert_snapshot!(machine.puck("asker", "publish"), @"
    exit 0
    --- stderr
    warning: asker needs answer ^1, which the registry `local` does not have; nobody can install it until that is published
       Published asker 1.0.0 to `local` ([SIZE])
    ");
    machine.ok("answer", "publish");
    assert_snapshot!(machine.puck("asker", "publish"), @"
    exit 0
    --- stderr
       Unchanged asker 1.0.0 to `local` ([SIZE]); the same archive is there already
    ");
}
