//! `--resolution`, `--before`, `--precise`, and versions that cannot be linked.

use insta::assert_snapshot;

use crate::support::Machine;

/// `caller` 1.0.0 calls a function that every `answer` has, 1.1.0 one that 1.1.0 brought.
fn machine() -> Machine {
    let machine = Machine::new();
    let answer = "int answer(void) { return 1; }\n";
    machine.publish("answer", "1.0.0", answer, "");
    let caller = "#include <answer.h>\nint caller(void) { return answer_answer(); }\n";
    machine.publish("caller", "1.0.0", caller, "answer = \"1.0\"\n");
    let more = format!("{answer}int more(void) {{ return 10; }}\n");
    machine.publish("answer", "1.1.0", &more, "");
    fs_err::remove_file(machine.path("caller/Puck.lock")).unwrap();
    let caller =
        "#include <answer.h>\nint caller(void) { return answer_answer() + answer_more(); }\n";
    machine.publish("caller", "1.1.0", caller, "answer = \"1.0\"\n");
    machine.publish("answer", "1.2.0", &more, "");
    machine.project(&[("caller", "1")]);
    machine
}

#[test]
fn the_lowest_that_works() {
    let machine = machine();
    assert_snapshot!(machine.puck("project", "lock"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 + answer 1.2.0
                 + caller 1.1.0
    ");
    assert_snapshot!(machine.puck("project", "lock --resolution lowest"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.2.0 -> 1.0.0
                 ~ caller 1.1.0 -> 1.0.0
    ");
    // What was chosen stays, however it was chosen.
    assert_snapshot!(machine.puck("project", "lock"), @r"
    exit 0
    --- stderr
       Unchanged Puck.lock is up to date
    ");
    assert_snapshot!(machine.puck("project", "install --resolution lowest-direct"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.0.0 -> 1.2.0
       Installed 2 packages
    ");
    // 1.0.0 of the callee would meet the requirement, but lacks a function that is called.
    machine.project(&[("caller", "1.1")]);
    assert_snapshot!(machine.puck("project", "install --resolution lowest"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.2.0 -> 1.1.0
                 ~ caller 1.0.0 -> 1.1.0
       Installed 2 packages
    ");
    assert_eq!(machine.ok("project", "run caller::caller"), "11\n");
}

#[test]
fn what_cannot_be_linked_is_passed_over_and_explained() {
    let machine = machine();
    machine.project(&[("caller", "1"), ("answer", "=1.0.0")]);
    assert_snapshot!(machine.puck("project", "install"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 + answer 1.0.0
                 + caller 1.0.0
       Installed 2 packages
    ");
    assert_eq!(machine.ok("project", "run caller::caller"), "1\n");
    machine.project(&[("caller", "1.1"), ("answer", "=1.0.0")]);
    assert_snapshot!(machine.refused("project", "install"), @r#"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Because your project requires `answer =1.0.0` and caller 1.1.0 depends on `answer ^1.0` and calls `answer.v1.more` as `fn() -> i32`, which answer 1.0.0 does not offer, your project cannot use caller 1.1.0.
    And because your project requires `caller ^1.1`, the requirements of your project cannot be met.

    Versions of answer: 1.2.0, 1.1.0 and 1.0.0
    Versions of caller: 1.1.0 and 1.0.0

    hint: with `answer = "1.2.0"` in place of `=1.0.0` all requirements could be met

    hint: with `caller = "1.0.0"` in place of `^1.1` all requirements could be met
    "#);
    // With no registry, from what the packages in the store say of themselves.
    machine.project(&[("caller", "1.1"), ("answer", "1")]);
    machine.ok("project", "install");
    fs_err::remove_file(machine.path("project/Puck.lock")).unwrap();
    machine.project(&[("caller", "1.1"), ("answer", "=1.0.0")]);
    fs_err::rename(machine.registry(), machine.path("away")).unwrap();
    assert_snapshot!(machine.refused("project", "lock --offline"), @r#"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Because your project requires `answer =1.0.0` and caller 1.1.0 depends on `answer ^1.0` and calls `answer.v1.more` as `fn() -> i32`, which answer 1.0.0 does not offer, your project cannot use caller 1.1.0.
    And because your project requires `caller ^1.1`, the requirements of your project cannot be met.

    Versions of answer: 1.2.0, 1.1.0 and 1.0.0
    Versions of caller: 1.1.0 and 1.0.0

    hint: with `answer = "1.2.0"` in place of `=1.0.0` all requirements could be met

    hint: with `caller = "1.0.0"` in place of `^1.1` all requirements could be met

    hint: --offline was given, so only this machine was searched
    "#);
}

#[test]
fn exactly_one_version() {
    let machine = machine();
    machine.ok("project", "lock");
    assert_snapshot!(machine.puck("project", "update answer --precise 1.1.0"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.2.0 -> 1.1.0
    ");
    assert_snapshot!(machine.puck("project", "update answer --precise 1.0.0"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.1.0 -> 1.0.0
                 ~ caller 1.1.0 -> 1.0.0
    ");
    assert_snapshot!(machine.refused("project", "update answer --precise 1.7.0"), @r"
    exit 1
    --- stderr
    error: there is no version 1.7.0 of answer

    hint: versions of answer: 1.2.0, 1.1.0 and 1.0.0
    ");
    assert_snapshot!(machine.refused("project", "update nobody --precise 1.7.0"), @r"
    exit 1
    --- stderr
    error: `nobody` is not in the lockfile
    ");
    assert_snapshot!(machine.refused("project", "update answer caller --precise 1.0.0"), @r"
    exit 1
    --- stderr
    error: `--precise` takes one package, as one version is that of one package
    ");
    machine.project(&[("caller", "1.1")]);
    assert_snapshot!(machine.refused("project", "update answer --precise 1.0.0"), @r#"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Because your project requires `caller ^1.1` and caller 1.1.0 depends on `answer ^1.0` and calls `answer.v1.more` as `fn() -> i32`, which answer 1.0.0 does not offer, and exactly 1.0.0 was asked for, the requirements of your project cannot be met.

    Versions of answer: 1.2.0, 1.1.0 and 1.0.0
    Versions of caller: 1.1.0 and 1.0.0

    hint: answer 1.2.0 and 1.1.0 offer this `more`

    hint: with `caller = "1.0.0"` in place of `^1.1` all requirements could be met
    "#);
}

#[test]
fn nothing_newer_than() {
    let machine = machine();
    machine.ok("project", "lock");
    // What is locked stays.
    assert_snapshot!(machine.puck("project", "lock --before 2020-01-01"), @r"
    exit 0
    --- stderr
       Unchanged Puck.lock is up to date
    ");
    machine.ok("project", "update --before 0h");
    let run = machine
        .refused("project", "update --before 2020-01-01")
        .to_string();
    let today = run.split("(published ").nth(1).unwrap();
    assert_snapshot!(run.replace(&today[..10], "[DAY]"), @r"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Your project requires `caller ^1`, but 1.1.0 and 1.0.0 were published after `--before 2020-01-01`.

    Versions of caller: 1.1.0 (published [DAY]) and 1.0.0 (published [DAY])

    hint: without `--before 2020-01-01` all requirements could be met, with caller 1.1.0 and answer 1.2.0
    ");
    let run = machine.puck("project", "update --before yesterday");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("`yesterday` is no time"), "{run}");
}
