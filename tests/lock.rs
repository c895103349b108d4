//! `puck add`, `remove`, `lock`, `update`, and `--locked`, `--offline`, `--frozen`.

use insta::{allow_duplicates, assert_snapshot};

use crate::support::Machine;

fn machine_with_answers() -> Machine {
    let machine = Machine::new();
    for (version, result) in [("1.0.0", 1), ("1.1.0", 2), ("2.0.0", 3)] {
        machine.publish_constant("answer", version, result, "");
    }
    machine
}

#[test]
fn comments_and_order_are_kept() {
    let machine = machine_with_answers();
    machine.publish_constant("ground", "0.3.1", 7, "");
    machine.write(
        "project/Puck.toml",
        "# What this is for.\n\n[dependencies]\n# The first answer will do.\n\
         answer = \"=1.0.0\"   # exactly\n",
    );
    assert_snapshot!(machine.puck("project", "add ground"), @"
    exit 0
    --- stderr
           Added ground 0.3.1
          Locked 2 packages
                 + answer 1.0.0
                 + ground 0.3.1
    ");
    assert_snapshot!(machine.read("project/Puck.toml"), @r#"
    # What this is for.

    [dependencies]
    # The first answer will do.
    answer = "=1.0.0"   # exactly
    ground = "0.3.1"
    "#);
    assert_snapshot!(machine.puck("project", "add answer@'>=1, <2'"), @"
    exit 0
    --- stderr
           Added answer >=1, <2
    ");
    assert_snapshot!(machine.read("project/Puck.toml"), @r#"
    # What this is for.

    [dependencies]
    # The first answer will do.
    answer = ">=1, <2"   # exactly
    ground = "0.3.1"
    "#);
    assert_snapshot!(machine.puck("project", "remove ground"), @"
    exit 0
    --- stderr
         Removed ground
          Locked 1 package
                 - ground 0.3.1
    ");
    assert_snapshot!(machine.read("project/Puck.toml"), @r#"
    # What this is for.

    [dependencies]
    # The first answer will do.
    answer = ">=1, <2"   # exactly
    "#);
    assert_snapshot!(machine.read("project/Puck.lock"), @r#"
    # Written by puck; not meant to be edited.
    version = 1
    dependencies = ["answer 1.0.0"]

    [[package]]
    name = "answer"
    version = "1.0.0"
    source = "registry+local"
    sha256 = "[SHA256]"
    "#);
    assert_snapshot!(machine.refused("project", "remove ground"), @"
    exit 1
    --- stderr
    error: [WORK]/project/Puck.toml does not depend on `ground`
    ");
    assert_snapshot!(machine.refused("project", "add answr"), @"
    exit 1
    --- stderr
    error: no package `answr` in the registry [HOME]/registry

    hint: did you mean `answer`?
    ");
    assert_snapshot!(machine.refused("project", "add answer@=1.0.7"), @r#"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Your project requires `answer =1.0.7`, which no version matches.

    Versions of answer: 2.0.0, 1.1.0 and 1.0.0

    hint: with `answer = "1.0.0"` in place of `=1.0.7` all requirements could be met
    "#);
}

#[test]
fn what_is_locked_stays_until_it_is_updated() {
    let machine = machine_with_answers();
    machine.project(&[("answer", "1.0")]);
    assert_snapshot!(machine.puck("project", "lock"), @"
    exit 0
    --- stderr
          Locked 1 package
                 + answer 1.1.0
    ");
    machine.publish_constant("answer", "1.2.0", 4, "");
    assert_snapshot!(machine.puck("project", "lock --locked"), @"
    exit 0
    --- stderr
       Unchanged Puck.lock is up to date
    ");
    assert_eq!(machine.ok("project", "run answer::answer"), "2\n");
    assert_snapshot!(machine.refused("project", "update nothing"), @"
    exit 1
    --- stderr
    error: `nothing` is not in the lockfile
    ");
    assert_snapshot!(machine.refused("project", "update --locked"), @"
    exit 1
    --- stderr
    error: the lockfile needs to be updated, but --locked forbids it: newer versions were asked for

    hint: run the command without --locked, or `puck lock`, and look at what changes
    ");
    assert_snapshot!(machine.puck("project", "update answer"), @"
    exit 0
    --- stderr
          Locked 1 package
                 ~ answer 1.1.0 -> 1.2.0
    ");
    assert_snapshot!(machine.puck("project", "update"), @"
    exit 0
    --- stderr
       Unchanged Puck.lock is up to date
    ");
    assert_eq!(machine.ok("project", "run answer::answer"), "4\n");
}

#[test]
fn locked_forbids_a_change() {
    let machine = machine_with_answers();
    machine.project(&[("answer", "1.0")]);
    let refused = ["lock", "install", "tree", "run answer::answer"].map(|verb| {
        machine
            .refused("project", &format!("{verb} --locked"))
            .stderr
    });
    assert!(
        refused.iter().all(|message| *message == refused[0]),
        "{refused:?}"
    );
    assert_snapshot!(refused[0], @"
    error: the lockfile needs to be updated, but --locked forbids it: there is no Puck.lock

    hint: run the command without --locked, or `puck lock`, and look at what changes
    ");
    machine.ok("project", "lock");
    machine.edit("project/Puck.toml", "1.0", "2.0");
    assert_snapshot!(machine.refused("project", "install --locked"), @"
    exit 1
    --- stderr
    error: the lockfile needs to be updated, but --locked forbids it: the manifest needs `answer ^2.0`, but 1.1.0 is locked

    hint: run the command without --locked, or `puck lock`, and look at what changes
    ");
    machine.edit("project/Puck.toml", "answer = \"2.0\"", "");
    assert_snapshot!(machine.refused("project", "install --frozen"), @"
    exit 1
    --- stderr
    error: the lockfile needs to be updated, but --frozen forbids it: `answer` is locked, but the manifest does not need it

    hint: run the command without --frozen, or `puck lock`, and look at what changes
    ");
}

#[test]
fn without_a_registry() {
    let machine = machine_with_answers();
    machine.project(&[("answer", "1.0")]);
    machine.ok("project", "install");
    fs_err::rename(machine.registry(), machine.root().join("away")).unwrap();

    // What is locked and in the store needs no registry, asked for or not.
    fs_err::remove_file(machine.path("project/.puck")).unwrap();
    for mode in ["--frozen", "--offline", "--locked", ""] {
        machine.ok("project", &format!("install {mode}"));
        assert_eq!(
            machine.ok("project", &format!("run answer::answer {mode}")),
            "2\n"
        );
    }
    // Nor does a package that is built against it.
    let source = "#include <answer.h>\nint ask(void) { return answer_answer(); }\n";
    machine.c_package("asker", "1.0.0", source, "answer = \"1\"\n");
    machine.ok("asker", "build --offline");
    assert_eq!(machine.ok("asker", "run asker::ask --offline"), "2\n");

    machine.edit("project/Puck.toml", "1.0", "2.0");
    assert_snapshot!(machine.refused("project", "install --offline"), @r#"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Your project requires `answer ^2.0`, which no version matches.

    Versions of answer: 1.1.0

    hint: with `answer = "1.1.0"` in place of `^2.0` all requirements could be met

    hint: --offline was given, so only this machine was searched
    "#);
    assert_snapshot!(machine.refused("project", "install --frozen"), @"
    exit 1
    --- stderr
    error: the lockfile needs to be updated, but --frozen forbids it: the manifest needs `answer ^2.0`, but 1.1.0 is locked

    hint: run the command without --frozen, or `puck lock`, and look at what changes
    ");
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Your project requires `answer ^2.0`, a package that does not exist.

    hint: check the name `answer`, and that the registry it is in is the one asked
    ");
}

#[test]
fn locked_but_neither_here_nor_there() {
    let machine = machine_with_answers();
    machine.project(&[("answer", "1.0")]);
    machine.ok("project", "lock");
    fs_err::rename(machine.registry(), machine.root().join("away")).unwrap();
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: answer 1.1.0 is locked, but neither the store nor the registry [HOME]/registry has it

    hint: name the registry that has it with --registry or PUCK_REGISTRY, or choose other versions with `puck update`
    ");
    assert_snapshot!(machine.refused("project", "install --frozen"), @"
    exit 1
    --- stderr
    error: answer 1.1.0 is locked, but neither the store nor the registry [HOME]/registry has it

    hint: name the registry that has it with --registry or PUCK_REGISTRY, or choose other versions with `puck update`
    ");
}

#[test]
fn versions_that_cannot_agree() {
    let machine = machine_with_answers();
    machine.publish_constant("careful", "1.0.0", 1, "answer = \"=1.0.0\"\n");
    machine.publish_constant("modern", "1.0.0", 1, "answer = \"^1.1\"\n");
    machine.project(&[("careful", "1"), ("modern", "1")]);
    assert_snapshot!(machine.refused("project", "lock"), @"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Because modern 1.0.0 depends on `answer ^1.1` and careful 1.0.0 depends on `answer =1.0.0`, careful 1.0.0 and modern 1.0.0 cannot be used together.
    And because your project requires `careful ^1` and `modern ^1`, the requirements of your project cannot be met.

    Versions of answer: 2.0.0, 1.1.0 and 1.0.0
    ");
    machine.project(&[("careful", "1"), ("answer", "1.1")]);
    assert_snapshot!(machine.refused("project", "install"), @r#"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Because your project requires `answer ^1.1` and careful 1.0.0 depends on `answer =1.0.0`, your project cannot use careful 1.0.0.
    And because your project requires `careful ^1`, the requirements of your project cannot be met.

    Versions of answer: 2.0.0, 1.1.0 and 1.0.0

    hint: with `answer = "1.0.0"` in place of `^1.1` all requirements could be met
    "#);
    machine.project(&[("answer", "7")]);
    assert_snapshot!(machine.refused("project", "install"), @r#"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Your project requires `answer ^7`, which no version matches.

    Versions of answer: 2.0.0, 1.1.0 and 1.0.0

    hint: with `answer = "2.0.0"` in place of `^7` all requirements could be met
    "#);
    machine.project(&[("anser", "1")]);
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Your project requires `anser ^1`, a package that does not exist.

    hint: there is a package named `answer`
    ");
}

#[test]
fn a_yanked_version_is_chosen_only_by_who_locked_it() {
    let machine = machine_with_answers();
    machine.project(&[("answer", "1.0")]);
    machine.ok("project", "lock");
    let registry = puck_registry::Registry::open(&machine.registry()).unwrap();
    let (name, version) = ("answer".parse().unwrap(), "1.1.0".parse().unwrap());
    assert!(registry.yank(&name, &version, true, None).unwrap());

    machine.ok("project", "install");
    assert_eq!(machine.ok("project", "run answer::answer"), "2\n");
    assert_snapshot!(machine.puck("project", "update"), @"
    exit 0
    --- stderr
          Locked 1 package
                 ~ answer 1.1.0 -> 1.0.0
    ");
    machine.project(&[("answer", "=1.1.0")]);
    machine.ok("", "tree");
    allow_duplicates! { for (folder, line) in [("project", "install"), ("", "install answer@=1.1.0")] {
        assert_snapshot!(machine.refused(folder, line), @r#"
        exit 1
        --- stderr
        error: no choice of versions meets all requirements of your project

        Your project requires `answer =1.1.0`, but 1.1.0 is yanked.

        Versions of answer: 2.0.0, 1.1.0 (yanked) and 1.0.0

        hint: a yanked version of answer is only used by a lockfile that already names it

        hint: with `answer = "1.0.0"` in place of `=1.1.0` all requirements could be met
        "#);
    }}
    assert_snapshot!(machine.ok("", "info answer@1"), @"
    answer 1.0.0
    published  [TIME]
    size       [SIZE]
    sha256     [SHA256]
    targets    x86-64
    versions   1.0.0, 1.1.0 (yanked), 2.0.0
        answer: fn() -> i32
    ");
}

#[test]
fn what_stays_locked_though_it_was_withdrawn_is_warned_about() {
    let machine = Machine::new();
    machine.publish_ir("ants", "1.0.0", 1, &[]);
    machine.publish_ir("bees", "1.0.0", 1, &[]);
    machine.project(&[("ants", "1")]);
    machine.ok("project", "lock");
    let yank = machine.call("project", "yank ants@1.0.0 --reason");
    yank.arg("counts wrong").ok();
    machine.project(&[("ants", "1"), ("bees", "1")]);
    assert_snapshot!(machine.puck("project", "lock"), @"
    exit 0
    --- stderr
    warning: ants 1.0.0 was yanked: counts wrong
          Locked 2 packages
                 + bees 1.0.0
    ");
}
