//! `[patch]`: what is taken in place of a package wherever it is needed.

use insta::assert_snapshot;

use crate::support::Machine;

/// `caller` calls `answer`, of which there are 1.0.0 and 1.1.0; a project needs `caller` alone.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish_constant("answer", "1.0.0", 1, "");
    let source = "#include <answer.h>\nint caller(void) { return answer_answer(); }\n";
    machine.publish("caller", "1.0.0", source, "answer = \"1.0\"\n");
    machine.publish_constant("answer", "1.1.0", 2, "");
    machine.project(&[("caller", "1")]);
    machine.ok("project", "install");
    machine
}

fn patch(machine: &Machine, patches: &str) {
    let text = format!("[dependencies]\ncaller = \"1\"\n\n[patch]\n{patches}\n");
    machine.write("project/Puck.toml", text);
}

#[test]
fn a_folder_takes_the_place_of_what_others_need() {
    let machine = machine();
    assert_eq!(machine.ok("project", "run caller::caller"), "2\n");
    machine.edit("answer/src/answer.c", "return 2", "return 20");
    patch(&machine, "answer = { path = \"../answer\" }");
    assert_snapshot!(machine.refused("project", "install --locked"), @r"
    exit 1
    --- stderr
    error: the lockfile needs to be updated, but --locked forbids it: `answer` is patched now

    hint: run the command without --locked, or `puck lock`, and look at what changes
    ");
    assert_snapshot!(machine.puck("project", "install"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.1.0: registry+local -> path+../answer
       Installed 2 packages
    ");
    assert_eq!(machine.ok("project", "run caller::caller"), "20\n");
    assert_snapshot!(machine.read("project/Puck.lock"), @r#"
    # Written by puck; not meant to be edited.
    version = 1
    dependencies = ["caller 1.0.0"]

    [patch]
    answer = "path+../answer"

    [[package]]
    name = "answer"
    version = "1.1.0"
    source = "path+../answer"

    [[package]]
    name = "caller"
    version = "1.0.0"
    source = "registry+local"
    sha256 = "[SHA256]"
    dependencies = ["answer 1.1.0"]
    "#);
    assert_snapshot!(machine.puck("project", "install --frozen"), @r"
    exit 0
    --- stderr
       Unchanged 2 packages installed
    ");
    // What changes there is seen.
    machine.edit("answer/Puck.toml", "1.1.0", "1.2.0");
    assert_snapshot!(machine.puck("project", "lock"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.1.0 -> 1.2.0
    ");
    // Without the patch everything is as it was.
    machine.project(&[("caller", "1")]);
    assert_snapshot!(machine.refused("project", "lock --locked"), @r"
    exit 1
    --- stderr
    error: the lockfile needs to be updated, but --locked forbids it: `answer` is no longer patched

    hint: run the command without --locked, or `puck lock`, and look at what changes
    ");
    assert_snapshot!(machine.puck("project", "install"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.2.0 -> 1.1.0
       Installed 2 packages
    ");
    assert_eq!(machine.ok("project", "run caller::caller"), "2\n");
}

#[test]
fn a_folder_that_does_not_fit_is_explained() {
    let machine = machine();
    machine.edit("answer/Puck.toml", "1.1.0", "2.0.0");
    patch(&machine, "answer = { path = \"../answer\" }");
    assert_snapshot!(machine.refused("project", "lock"), @r"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your project

    Because your project requires `caller ^1` and caller 1.0.0 depends on `answer ^1.0`, which no version matches, the requirements of your project cannot be met.

    Versions of answer: 2.0.0 (from ../answer, by [patch])
    ");
    patch(&machine, "answer = { path = \"../caller\" }");
    assert_snapshot!(machine.refused("project", "lock"), @r"
    exit 1
    --- stderr
    error: [WORK]/caller/Puck.toml is the manifest of `caller`, not of `answer`
    ");
    patch(&machine, "answer = { path = \"../nothing\" }");
    assert_snapshot!(machine.refused("project", "lock"), @r"
    exit 1
    --- stderr
    error: `answer` comes from the folder [WORK]/nothing, but no manifest is there

    hint: correct the path of `answer` in the manifest that depends on it
    ");
}

#[test]
fn a_version_takes_the_place_of_others() {
    let machine = machine();
    patch(&machine, "answer = { version = \"=1.0.0\" }");
    assert_snapshot!(machine.puck("project", "install"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.1.0 -> 1.0.0
       Installed 2 packages
    ");
    assert_eq!(machine.ok("project", "run caller::caller"), "1\n");
    patch(&machine, "answer = { version = \"1.1\" }");
    assert_snapshot!(machine.refused("project", "lock --locked"), @r"
    exit 1
    --- stderr
    error: the lockfile needs to be updated, but --locked forbids it: `answer` is patched otherwise now

    hint: run the command without --locked, or `puck lock`, and look at what changes
    ");
    machine.ok("project", "install");
    assert_eq!(machine.ok("project", "run caller::caller"), "2\n");
}

#[test]
fn a_patch_that_matches_nothing_is_named() {
    let machine = machine();
    patch(&machine, "answer = { version = \"2\" }");
    assert_snapshot!(machine.refused("project", "lock"), @r"
    exit 1
    --- stderr
    error: [patch] takes `answer ^2` from `local`, which has 1.1.0, 1.0.0

    hint: correct the version or the registry in [patch], or remove the patch
    ");
    let team = machine.path("team");
    fs_err::create_dir(&team).unwrap();
    machine.c_package("other", "1.0.0", "int other(void) { return 3; }\n", "");
    machine.ok("other", &format!("publish --registry {}", team.display()));
    let patches = "answer = { registry = \"team\" }\n\n[registries]\nteam = { path = \"../team\" }";
    patch(&machine, patches);
    assert_snapshot!(machine.refused("project", "lock"), @r"
    exit 1
    --- stderr
    error: [patch] takes `answer *` from `team`, which has no such package

    hint: correct the version or the registry in [patch], or remove the patch
    ");
}

#[test]
fn another_registry_takes_the_place_of_the_first() {
    let machine = machine();
    let team = machine.path("team");
    fs_err::create_dir(&team).unwrap();
    machine.c_package("answer", "1.3.0", "int answer(void) { return 3; }\n", "");
    machine.ok("answer", &format!("publish --registry {}", team.display()));
    let patches = "answer = { registry = \"team\" }\n\n[registries]\nteam = { path = \"../team\" }";
    patch(&machine, patches);
    assert_snapshot!(machine.puck("project", "install"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.1.0 -> 1.3.0
       Installed 2 packages
    ");
    assert_eq!(machine.ok("project", "run caller::caller"), "3\n");
    assert_snapshot!(machine.read("project/Puck.lock"), @r#"
    # Written by puck; not meant to be edited.
    version = 1
    dependencies = ["caller 1.0.0"]

    [patch]
    answer = "registry+team"

    [[package]]
    name = "answer"
    version = "1.3.0"
    source = "registry+team"
    sha256 = "[SHA256]"

    [[package]]
    name = "caller"
    version = "1.0.0"
    source = "registry+local"
    sha256 = "[SHA256]"
    dependencies = ["answer 1.3.0"]
    "#);
    machine.project(&[("caller", "1")]);
    assert_snapshot!(machine.refused("project", "lock --locked"), @r"
    exit 1
    --- stderr
    error: the lockfile needs to be updated, but --locked forbids it: `answer` is no longer patched

    hint: run the command without --locked, or `puck lock`, and look at what changes
    ");
    assert_snapshot!(machine.puck("project", "lock"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.3.0 -> 1.1.0
    ");
}

#[test]
fn a_patch_of_what_nobody_needs_is_warned_about() {
    let machine = machine();
    machine.c_package("unused", "1.0.0", "int unused(void) { return 1; }\n", "");
    patch(&machine, "unused = { path = \"../unused\" }");
    assert_snapshot!(machine.puck("project", "lock --locked"), @r"
    exit 0
    --- stderr
       Unchanged Puck.lock is up to date
    warning: the patch of `unused` replaces nothing: nothing needs it
    ");
}
