//! Workspaces: one lockfile and one environment for several packages.

use insta::assert_snapshot;

use crate::support::Machine;
use crate::support::package::{NORM, VECMATH};

const MEMBERS: &str = "[workspace]\nmembers = [\"vecmath\", \"crates/*\"]\n";

/// `vecmath`, `norm` that calls it, and `answer` that stands alone; the workspace is no package.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.write("all/Puck.toml", MEMBERS);
    package(&machine, "all/vecmath", "vecmath", "1.0.0", VECMATH, "");
    let on_vecmath = "vecmath = { path = \"../../vecmath\", version = \"1\" }\n";
    package(
        &machine,
        "all/crates/norm",
        "norm",
        "0.2.0",
        NORM,
        on_vecmath,
    );
    let answer = "int answer(void) { return 42; }\n";
    package(&machine, "all/crates/answer", "answer", "1.0.0", answer, "");
    // A folder beside members that is no project.
    machine.write("all/crates/notes/README", "");
    machine
}

/// Makes a package in a folder of another name than its own.
fn package(machine: &Machine, folder: &str, name: &str, version: &str, source: &str, needs: &str) {
    machine.c_package(name, version, source, needs);
    let place = machine.path(folder);
    fs_err::create_dir_all(place.parent().unwrap()).unwrap();
    fs_err::rename(machine.path(name), place).unwrap();
}

#[test]
fn is_locked_and_installed_as_one() {
    let machine = machine();
    assert_snapshot!(machine.puck("all/crates/norm", "lock"), @r"
    exit 0
    --- stderr
          Locked 3 packages
                 + answer 1.0.0
                 + norm 0.2.0
                 + vecmath 1.0.0
    ");
    assert_snapshot!(machine.read("all/Puck.lock"), @r#"
    # Written by puck; not meant to be edited.
    version = 1
    dependencies = [
        "answer 1.0.0",
        "norm 0.2.0",
        "vecmath 1.0.0",
    ]

    [[package]]
    name = "answer"
    version = "1.0.0"
    source = "path+crates/answer"

    [[package]]
    name = "norm"
    version = "0.2.0"
    source = "path+crates/norm"
    dependencies = ["vecmath 1.0.0"]

    [[package]]
    name = "vecmath"
    version = "1.0.0"
    source = "path+vecmath"
    "#);
    assert_snapshot!(machine.puck("all", "lock --locked"), @r"
    exit 0
    --- stderr
       Unchanged Puck.lock is up to date
    ");
    assert!(!machine.path("all/crates/norm/Puck.lock").exists());
    assert_snapshot!(machine.puck("all/crates/answer", "install"), @r"
    exit 0
    --- stderr
       Installed 3 packages
    ");
    assert!(machine.path("all/.puck").is_symlink());
    assert!(!machine.path("all/crates/answer/.puck").exists());
    // From everywhere below it, all members are there.
    for folder in ["all", "all/vecmath", "all/crates/norm/src"] {
        assert_eq!(
            machine.ok(folder, "run norm::norm2 3 [1,2,3]"),
            "14\n",
            "{folder}"
        );
    }
    assert_eq!(machine.ok("all", "run answer::answer"), "42\n");
    assert_snapshot!(machine.ok("all/crates/norm", "tree"), @r"
    norm 0.2.0
    └── vecmath 1.0.0 (vecmath)
    ");
    assert_snapshot!(machine.puck("all", "install --frozen"), @r"
    exit 0
    --- stderr
       Unchanged 3 packages installed
    ");
}

#[test]
fn verbs_for_a_package_take_a_member() {
    let machine = machine();
    assert_snapshot!(machine.puck("all/crates/norm", "build"), @r"
    exit 0
    --- stderr
           Built norm 0.2.0 (1 object compiled)
                 target/puck/norm-0.2.0
    ");
    assert_snapshot!(machine.puck("all", "build --package answer"), @r"
    exit 0
    --- stderr
           Built answer 1.0.0 (1 object compiled)
                 crates/answer/target/puck/answer-1.0.0
    ");
    assert_snapshot!(machine.puck("all/vecmath", "pack -p answer"), @r"
    exit 0
    --- stdout
    [WORK]/all/crates/answer/target/puck/answer-1.0.0.puck

    --- stderr
          Packed answer 1.0.0 ([SIZE])
    ");
    assert_snapshot!(machine.refused("all", "build"), @r"
    exit 1
    --- stderr
    error: [WORK]/all/Puck.toml is a workspace, and no package itself

    hint: work in a member's folder, or choose a member with `--package NAME`
    ");
    assert_snapshot!(machine.refused("all", "build -p anwser"), @r"
    exit 1
    --- stderr
    error: no member of the workspace [WORK]/all is the package `anwser`

    hint: there is a member named `answer`
    ");
    assert_snapshot!(machine.refused("all/vecmath", "build -p linalg"), @r"
    exit 1
    --- stderr
    error: no member of the workspace [WORK]/all is the package `linalg`

    hint: its members are answer, norm, vecmath
    ");
}

/// A published member depends on versions, not on folders.
#[test]
fn members_are_published_with_versions() {
    let machine = machine();
    machine.ok("all/vecmath", "publish");
    assert_snapshot!(machine.puck("all", "publish -p norm"), @r"
    exit 0
    --- stderr
       Published norm 0.2.0 to `local` ([SIZE])
    ");
    machine.project(&[("norm", "0.2")]);
    assert_snapshot!(machine.puck("project", "install"), @r"
    exit 0
    --- stderr
          Locked 2 packages
                 + norm 0.2.0
                 + vecmath 1.0.0
       Installed 2 packages
    ");
    assert_eq!(machine.ok("project", "run norm::norm2 2 [3,4]"), "25\n");
    machine.edit("all/crates/norm/Puck.toml", ", version = \"1\"", "");
    assert_snapshot!(machine.refused("all", "publish -p norm"), @r#"
    exit 1
    --- stderr
    error: [WORK]/all/crates/norm/Puck.toml: `vecmath` has a path but no version, and a published package has no folders

    hint: write `vecmath = { path = "…", version = "…" }`
    "#);
}

#[test]
fn dependencies_of_members_are_edited_there_and_locked_for_all() {
    let machine = machine();
    machine.publish_constant("ground", "0.3.1", 7, "");
    assert_snapshot!(machine.puck("all/crates/norm", "add ground"), @r"
    exit 0
    --- stderr
           Added ground 0.3.1
          Locked 4 packages
                 + answer 1.0.0
                 + ground 0.3.1
                 + norm 0.2.0
                 + vecmath 1.0.0
    ");
    assert!(
        machine
            .read("all/crates/norm/Puck.toml")
            .contains("ground = \"0.3.1\"")
    );
    assert!(machine.read("all/Puck.lock").contains("\"ground 0.3.1\""));
    // Two members may ask for different things of one package, as long as one version does.
    machine.edit(
        "all/crates/answer/Puck.toml",
        "[dependencies]\n",
        "[dependencies]\nground = \"=0.3.0\"\n",
    );
    assert_snapshot!(machine.refused("all", "lock"), @r"
    exit 1
    --- stderr
    error: no choice of versions meets all requirements of your workspace

    Because your workspace requires `answer *` and answer 1.0.0 depends on `ground =0.3.0`, which no version matches, the requirements of your workspace cannot be met.

    Versions of ground: 0.3.1
    ");
    machine.edit("all/crates/answer/Puck.toml", "ground = \"=0.3.0\"\n", "");
    assert_snapshot!(machine.puck("all/crates/norm", "remove ground"), @r"
    exit 0
    --- stderr
         Removed ground
          Locked 3 packages
                 - ground 0.3.1
    ");
    assert!(!machine.read("all/Puck.lock").contains("ground"));
}

#[test]
fn dependencies_without_the_members() {
    let machine = machine();
    machine.publish_constant("ground", "0.3.1", 7, "");
    machine.edit(
        "all/crates/norm/Puck.toml",
        "[dependencies]\n",
        "[dependencies]\nground = \"0.3\"\n",
    );
    assert_snapshot!(machine.puck("all", "install --only-dependencies"), @r"
    exit 0
    --- stderr
          Locked 4 packages
                 + answer 1.0.0
                 + ground 0.3.1
                 + norm 0.2.0
                 + vecmath 1.0.0
       Installed 1 package
    ");
    assert_eq!(machine.ok("all", "run ground::ground"), "7\n");
}

/// The workspace's folder may be a package as well.
#[test]
fn a_package_with_members() {
    let machine = machine();
    let on_norm = "norm = { path = \"crates/norm\" }\n";
    machine.c_package("all", "1.0.0", "int all(void) { return 1; }\n", on_norm);
    let manifest = machine.read("all/Puck.toml");
    machine.write("all/Puck.toml", manifest + "\n" + MEMBERS);
    assert_snapshot!(machine.puck("all/vecmath", "lock"), @r"
    exit 0
    --- stderr
          Locked 4 packages
                 + all 1.0.0
                 + answer 1.0.0
                 + norm 0.2.0
                 + vecmath 1.0.0
    ");
    assert_snapshot!(machine.puck("all", "build"), @r"
    exit 0
    --- stderr
           Built all 1.0.0 (1 object compiled)
                 target/puck/all-1.0.0
    ");
    assert_snapshot!(machine.puck("all/vecmath", "build -p all"), @r"
    exit 0
    --- stderr
           Built all 1.0.0 (nothing to compile)
                 [WORK]/all/target/puck/all-1.0.0
    ");
    assert_snapshot!(machine.puck("all", "install"), @r"
    exit 0
    --- stderr
       Installed 4 packages
    ");
    assert_eq!(machine.ok("all/crates/norm", "run all::all"), "1\n");
}

#[test]
fn what_is_wrong_with_one() {
    let machine = machine();
    let tools = "int tools(void) { return 1; }\n";
    package(&machine, "all/tools", "tools", "1.0.0", tools, "");
    assert_snapshot!(machine.refused("all/tools", "lock"), @r#"
    exit 1
    --- stderr
    error: [WORK]/all/tools is below the workspace [WORK]/all, but not among its members

    hint: add "tools" to `members` of the workspace, or an empty `[workspace]` (`members = []`) to the project's Puck.toml to keep it apart
    "#);
    // Kept apart, it is a project like any other.
    let manifest = machine.read("all/tools/Puck.toml");
    let apart = format!("{manifest}\n[workspace]\nmembers = []\n");
    machine.write("all/tools/Puck.toml", apart);
    machine.ok("all/tools", "build");

    let report = |members: &str| {
        let text = format!("[workspace]\nmembers = {members}\n");
        machine.write("all/Puck.toml", text);
        machine.refused("all", "lock")
    };
    assert_snapshot!(report("[\"vecmath\", \"missing\"]"), @r"
    exit 1
    --- stderr
    error: [WORK]/all/Puck.toml: the member `missing` has no Puck.toml

    hint: make a package there with `puck new missing`, or take it off the list
    ");
    assert_snapshot!(report("[\"vecmath\", \"./vecmath\"]"), @r"
    exit 1
    --- stderr
    error: [WORK]/all/Puck.toml: the member `./vecmath` is listed twice
    ");
    assert_snapshot!(report("[\"vecmath\", \"tools\"]"), @r"
    exit 1
    --- stderr
    error: [WORK]/all/Puck.toml: the member `tools` is a workspace itself

    hint: list its members here, and remove its `[workspace]`; workspaces do not nest
    ");
    assert_snapshot!(report("[\"vecmath\", \"crates/[\"]"), @r#"
    exit 1
    --- stderr
    error: [WORK]/all/Puck.toml: the member `crates/[` is not a pattern of folders: invalid range pattern

    hint: folders look like "a" or "crates/*"
    "#);
    assert_snapshot!(report("[\"../vecmath\"]"), @r#"
    exit 1
    --- stderr
    error: [WORK]/all/Puck.toml:2: `members`: expected a folder below this one, such as "a" or "crates/*"
    "#);

    machine.write("all/Puck.toml", MEMBERS);
    machine.write("all/crates/norm/Puck.toml", "[dependencies]\n");
    assert_snapshot!(machine.refused("all", "lock"), @r"
    exit 1
    --- stderr
    error: [WORK]/all/Puck.toml: the member `crates/norm` is no package

    hint: a member needs a `[package]`
    ");
    let norm = machine.read("all/vecmath/Puck.toml");
    machine.write("all/crates/norm/Puck.toml", norm);
    assert_snapshot!(machine.refused("all", "lock"), @r"
    exit 1
    --- stderr
    error: [WORK]/all/Puck.toml: `crates/norm` and `vecmath` are both the package `vecmath`
    ");
}
