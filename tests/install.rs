//! `puck install`, `uninstall`, `list`, `tree`: for a project and for the user.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Machine;
use crate::support::package::{NORM, VECMATH};

#[test]
fn for_the_user() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.publish("linalg", "1.0.0", NORM, "vecmath = \"1\"\n");
    assert_snapshot!(machine.puck("", "list"), @"
    exit 0
    --- stderr
           Empty nothing is installed
    ");
    assert_snapshot!(machine.refused("", "run linalg::norm2 2 [3,4]"), @"
    exit 1
    --- stderr
    error: nothing is installed for you

    hint: `puck install NAME` installs a package; in a project its own are used
    ");
    assert_snapshot!(machine.puck("", "install linalg@^1"), @"
    exit 0
    --- stderr
          Locked 2 packages
                 + linalg 1.0.0
                 + vecmath 1.0.0
       Installed 2 packages
    ");
    assert_snapshot!(machine.puck("", "install linalg@^1"), @"
    exit 0
    --- stderr
       Unchanged 2 packages installed
    ");
    assert_snapshot!(machine.ok("", "list --functions"), @"
    linalg 1.0.0
        norm2: fn(n: u64, x: *const f64) -> f64
    vecmath 1.0.0 (indirect)
        dot: fn(n: u64, x: *const f64, y: *const f64) -> f64
        scale: fn(n: u64, a: f64, x: *mut f64)
    ");
    assert_snapshot!(machine.ok("", "tree"), @"
    [HOME]/user
    └── linalg 1.0.0
        └── vecmath 1.0.0
    ");
    assert_eq!(machine.ok("", "run linalg::norm2 2 [3,4]"), "25\n");
    assert_snapshot!(machine.refused("", "uninstall linal"), @"
    exit 1
    --- stderr
    error: [HOME]/user/Puck.toml does not depend on `linal`

    hint: did you mean `linalg`?
    ");
    assert_snapshot!(machine.puck("", "uninstall linalg"), @"
    exit 0
    --- stderr
          Locked 0 packages
                 - linalg 1.0.0
                 - vecmath 1.0.0
         Removed linalg
    ");
    assert_snapshot!(machine.ok("", "tree"), @"
    [HOME]/user
    ");
    let list: Value = serde_json::from_str(&machine.ok("", "list --format json")).unwrap();
    assert_eq!(list, serde_json::json!([]));
}

#[test]
fn what_fails_leaves_the_user_as_before() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.ok("", "install vecmath");
    assert_snapshot!(machine.refused("", "install linalg"), @"
    exit 1
    --- stderr
    error: no package `linalg` in the registry [HOME]/registry

    hint: `puck search` finds packages by words; --registry names another registry
    ");
    assert_snapshot!(machine.refused("", "install vecmat"), @"
    exit 1
    --- stderr
    error: no package `vecmat` in the registry [HOME]/registry

    hint: did you mean `vecmath`?
    ");
    assert_snapshot!(machine.refused("", "install vecmath@2"), @r#"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Your project requires `vecmath ^2`, which no version matches.

    Versions of vecmath: 1.0.0

    hint: with `vecmath = "1.0.0"` in place of `^2` all requirements could be met
    "#);
    machine.publish_constant("answer", "1.0.0", 42, "");
    fs_err::remove_file(machine.archive("answer", "1.0.0")).unwrap();
    assert_snapshot!(machine.refused("", "install answer"), @"
    exit 1
    --- stderr
    error: cannot fetch answer 1.0.0 from [HOME]/registry/archives/answer/answer-1.0.0.puck
      caused by: failed to open file `[HOME]/registry/archives/answer/answer-1.0.0.puck`: No such file or directory (os error 2)

    hint: the registry lists this version but does not have it; tell its owner
    ");
}

#[test]
fn projects_with_the_same_lock_share_an_environment() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.project(&[("vecmath", "1")]);
    assert_snapshot!(machine.puck("project", "install"), @"
    exit 0
    --- stderr
          Locked 1 package
                 + vecmath 1.0.0
       Installed 1 package
    ");
    assert_snapshot!(machine.puck("project", "install"), @"
    exit 0
    --- stderr
       Unchanged 1 package installed
    ");
    machine
        .shell(
            "",
            "mkdir other; cp project/Puck.toml project/Puck.lock other",
        )
        .ok();
    machine.ok("other", "install --frozen");
    let link = |project: &str| fs_err::read_link(machine.path(project).join(".puck")).unwrap();
    assert_eq!(link("project"), link("other"));
}

#[test]
fn several_series_of_one_package() {
    let machine = Machine::new();
    machine.publish_constant("answer", "1.0.0", 1, "");
    machine.publish(
        "asker",
        "1.0.0",
        "#include <answer.h>\nint ask(void) { return 10 * answer_answer(); }\n",
        "answer = \"1\"\n",
    );
    machine.publish_constant("answer", "2.0.0", 2, "");
    machine.publish_constant("answer", "1.5.0", 3, "");
    machine.project(&[("asker", "1"), ("answer", "2")]);
    machine.ok("project", "install");
    assert_snapshot!(machine.ok("project", "list"), @"
    answer 1.5.0 (indirect)
    answer 2.0.0
    asker 1.0.0
    ");
    assert_snapshot!(machine.ok("project", "tree"), @"
    [WORK]/project
    ├── answer 2.0.0
    └── asker 1.0.0
        └── answer 1.5.0
    ");
    for (function, result) in [
        ("asker::ask", "30\n"),
        ("answer::answer", "2\n"),
        ("answer.v1::answer", "3\n"),
        ("answer.v2::answer", "2\n"),
    ] {
        assert_eq!(
            machine.ok("project", &format!("run {function}")),
            result,
            "{function}"
        );
    }
    assert_snapshot!(machine.refused("project", "run answer.v3::answer"), @"
    exit 1
    --- stderr
    error: no series v3 of `answer` in [HOME]/environments/[SHA256], but v1 and v2

    hint: `answer.v2::…` names the functions of v2
    ");
}

#[test]
fn dependencies_in_folders() {
    let machine = Machine::new();
    machine.c_package("vecmath", "1.0.0", VECMATH, "");
    machine.c_package(
        "linalg",
        "1.0.0",
        NORM,
        "vecmath = { path = \"../vecmath\" }\n",
    );
    assert_eq!(machine.ok("linalg", "run linalg::norm2 2 [3,4]"), "25\n");
    assert_snapshot!(machine.ok("linalg", "tree"), @"
    linalg 1.0.0
    └── vecmath 1.0.0 (../vecmath)
    ");
    // What is changed there is built again, without being asked for.
    machine.edit("vecmath/src/vecmath.c", "+=", "-=");
    assert_eq!(machine.ok("linalg", "run linalg::norm2 2 [3,4]"), "-25\n");

    machine.project(&[]);
    assert_snapshot!(machine.puck("project", "add linalg --path ../linalg"), @"
    exit 0
    --- stderr
           Added linalg ../linalg
          Locked 2 packages
                 + linalg 1.0.0
                 + vecmath 1.0.0
    ");
    assert_snapshot!(machine.read("project/Puck.toml"), @r#"
    [dependencies]
    linalg = { path = "../linalg" }
    "#);
    assert_eq!(machine.ok("project", "run linalg::norm2 2 [3,4]"), "-25\n");
    assert_snapshot!(machine.read("project/Puck.lock"), @r#"
    # Written by puck; not meant to be edited.
    version = 1
    dependencies = ["linalg 1.0.0"]

    [[package]]
    name = "linalg"
    version = "1.0.0"
    source = "path+../linalg"
    dependencies = ["vecmath 1.0.0"]

    [[package]]
    name = "vecmath"
    version = "1.0.0"
    source = "path+../vecmath"
    "#);
}

#[test]
fn dependencies_without_the_package_itself() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.c_package(
        "linalg",
        "1.0.0",
        "int broken(void) { return }\n",
        "vecmath = \"1\"\n",
    );
    machine.ok("linalg", "install --only-dependencies");
    assert_eq!(machine.ok("linalg", "list"), "vecmath 1.0.0\n");
}

#[test]
fn a_new_environment_does_not_take_the_old_one_away() {
    let machine = Machine::new();
    machine.publish_constant("answer", "1.0.0", 1, "");
    machine.project(&[("answer", "1")]);
    machine.ok("project", "install");
    let old = fs_err::read_link(machine.path("project/.puck")).unwrap();
    machine.publish_constant("answer", "1.0.1", 2, "");
    machine.ok("project", "update");
    assert_eq!(machine.ok("project", "run answer::answer"), "2\n");
    let call = machine.call("project", "run answer::answer --environment");
    assert_eq!(call.arg(old).ok(), "1\n");
}
