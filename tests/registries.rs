//! Several registries at once: names, bindings, and no mistaking one for another.

use insta::assert_snapshot;

use crate::support::Machine;

const ANSWER: &str = "int answer(void) { return 1; }\n";
const ASKER: &str = "#include <answer.h>\nint asker(void) { return answer_answer() + 1; }\n";

/// `answer` and `asker`, which calls it, are in the registry `team`, which `config.toml` names.
fn machine_of_a_team() -> Machine {
    let machine = Machine::new();
    fs_err::create_dir(machine.path("team")).unwrap();
    machine.ok("", "config set registries.team team");
    machine.c_package("answer", "1.0.0", ANSWER, "");
    machine.ok("answer", "publish --registry team");
    machine.c_package("asker", "1.0.0", ASKER, "answer = \"1\"\n");
    machine.ok("asker", "publish --registry team");
    machine
}

fn project(machine: &Machine, dependencies: &str) {
    machine.write(
        "project/Puck.toml",
        format!("[dependencies]\n{dependencies}"),
    );
}

const FROM_TEAM: &str = "asker = { version = \"1\", registry = \"team\" }\n";

#[test]
fn what_a_package_needs_comes_from_its_own_registry() {
    let machine = machine_of_a_team();
    project(&machine, FROM_TEAM);
    machine.ok("project", "install");
    assert_eq!(machine.ok("project", "run asker::asker"), "2\n");
    let lockfile = machine.read("project/Puck.lock");
    assert_eq!(lockfile.matches("registry+team").count(), 2, "{lockfile}");

    // What is locked and in the store needs nobody to say where the registry is.
    machine.ok("", "config unset registries.team");
    fs_err::remove_file(machine.path("project/.puck")).unwrap();
    machine.ok("project", "install --frozen");
    // What is not in the store does.
    fs_err::rename(machine.home().join("packages"), machine.root().join("p")).unwrap();
    fs_err::rename(machine.home().join("archives"), machine.root().join("a")).unwrap();
    assert_snapshot!(machine.refused("project", "install --jobs 1"), @"
    exit 1
    --- stderr
    error: answer 1.0.0 is locked from the registry `team`, which is not known here

    hint: say where it is: `puck config set registries.team ADDRESS`, or [registries] in Puck.toml, or set PUCK_REGISTRY_TEAM
    ");
    // Each way to say where it is does.
    machine
        .call("project", "install")
        .env("PUCK_REGISTRY_TEAM", machine.path("team"))
        .ok();
    let table = format!("{FROM_TEAM}[registries]\nteam = \"../team\"\n");
    project(&machine, &table);
    machine.ok("project", "update");
    // So does the registry itself, which is called so.
    project(&machine, FROM_TEAM);
    machine.ok("project", "update --registry ../team");
}

#[test]
fn one_name_from_two_registries_is_refused() {
    let machine = machine_of_a_team();
    // Somebody publishes under the same name elsewhere.
    machine.publish("answer", "1.9.0", "int answer(void) { return 666; }\n", "");
    project(&machine, &format!("{FROM_TEAM}answer = \"1\"\n"));
    assert_snapshot!(machine.refused("project", "install"), @r#"
    exit 1
    --- stderr
    error: `answer` is taken from the registry `local` by your project, and from `team` by asker 1.0.0; a package comes from one registry

    hint: if the one of `team` is meant, write `answer = { version = "…", registry = "team" }` in the manifest
    "#);
    project(
        &machine,
        &format!("{FROM_TEAM}answer = {{ version = \"1\", registry = \"team\" }}\n"),
    );
    machine.ok("project", "install");
    assert_eq!(machine.ok("project", "run asker::asker"), "2\n");

    // A name that the registry lacks is not looked for in another one.
    machine.publish_constant("onlyhere", "1.0.0", 1, "");
    project(
        &machine,
        "onlyhere = { version = \"1\", registry = \"team\" }\n",
    );
    let run = machine.refused("project", "lock");
    assert!(
        run.stderr.contains("a package that does not exist"),
        "{run}"
    );
}

#[test]
fn a_locked_name_stays_with_its_registry() {
    let machine = machine_of_a_team();
    machine.publish("answer", "1.9.0", "int answer(void) { return 666; }\n", "");
    project(&machine, "answer = \"1\"\n");
    machine.ok("project", "lock --registry team");
    machine.publish_constant("other", "1.0.0", 1, "");
    machine.ok("project", "add other");
    let lockfile = machine.read("project/Puck.lock");
    assert!(lockfile.contains("answer 1.0.0"), "{lockfile}");
    assert!(lockfile.contains("registry+team"), "{lockfile}");
    // Unless it is given up, which is said.
    assert_snapshot!(machine.puck("project", "update"), @"
    exit 0
    --- stderr
          Locked 2 packages
                 ~ answer 1.0.0 -> 1.9.0
    ");
    // A manifest that names another one than is locked is not satisfied.
    project(
        &machine,
        "answer = { version = \"1\", registry = \"team\" }\n",
    );
    let run = machine.refused("project", "lock --locked");
    assert!(run.stderr.contains("`other` is locked"), "{run}");
    machine.ok("project", "lock");
    assert!(machine.read("project/Puck.lock").contains("answer 1.0.0"));
}

#[test]
fn registries_that_nobody_knows() {
    let machine = machine_of_a_team();
    project(
        &machine,
        "asker = { version = \"1\", registry = \"taem\" }\n",
    );
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: your project takes `asker` from the registry `taem`, which is not known here

    hint: say where it is: `puck config set registries.taem ADDRESS`, or [registries] in Puck.toml, or set PUCK_REGISTRY_TAEM
    ");
    assert_snapshot!(machine.refused("project", "lock --registry taem"), @"
    exit 1
    --- stderr
    error: no registry is known as `taem`

    hint: did you mean `team`?
    ");
    assert_snapshot!(machine.refused("project", "search a --registry ftp://example"), @"
    exit 1
    --- stderr
    error: --registry: `ftp://example` is not a registry: expected an address that begins with `https://` or `http://`, or a folder
    ");
    let secret = machine.refused("project", "search a --registry https://me:secret@example");
    assert!(!secret.stderr.contains("secret"), "{secret}");
    assert!(secret.stderr.contains("puck login"), "{secret}");
}

#[test]
fn added_from_a_registry_by_name() {
    let machine = machine_of_a_team();
    project(&machine, "");
    machine.ok("project", "add asker --registry team");
    assert_snapshot!(machine.read("project/Puck.toml"), @r#"
    [dependencies]
    asker = { version = "1.0.0", registry = "team" }
    "#);
    machine.ok("project", "install --locked");
    // The default registry, once it is set, need not be named.
    machine.ok("", "config set registry team");
    machine.ok("project", "add answer");
    assert!(
        machine
            .read("project/Puck.toml")
            .contains("answer = \"1.0.0\"")
    );
    assert_snapshot!(machine.puck("", "search ask"), @"
    exit 0
    --- stdout
    asker 1.0.0
        asker: fn() -> i32
    ");
}

/// Who uses the published package would look for its dependency in the wrong registry.
#[test]
fn a_package_is_published_where_its_dependencies_are() {
    let machine = machine_of_a_team();
    assert_snapshot!(machine.refused("asker", "publish"), @r#"
    exit 1
    --- stderr
    error: `answer` comes from the registry `team`, but a package in `local` that does not say so looks for it in `local`

    hint: write `answer = { version = "…", registry = "team" }` in the manifest
    "#);
    let named = "answer = { version = \"1\", registry = \"team\" }\n";
    machine.c_package("asker", "1.0.0", ASKER, named);
    machine.ok("asker", "publish");
    project(&machine, "asker = \"1\"\n");
    machine.ok("project", "install");
    assert_eq!(machine.ok("project", "run asker::asker"), "2\n");
    let lockfile = machine.read("project/Puck.lock");
    for source in ["registry+local", "registry+team"] {
        assert_eq!(lockfile.matches(source).count(), 1, "{lockfile}");
    }
}

#[test]
fn yanked_and_restored() {
    let machine = machine_of_a_team();
    machine.ok("", "config set registry team");
    assert_snapshot!(machine.puck("", "yank answer@1.0.0 --reason 'off by one'"), @"
    exit 0
    --- stderr
          Yanked answer 1.0.0 in `team`
    ");
    assert_snapshot!(machine.puck("", "yank answer@1.0.0"), @"
    exit 0
    --- stderr
       Unchanged answer 1.0.0 in `team` is yanked already
    ");
    let info = machine.ok("", "info answer");
    assert!(
        info.starts_with("answer 1.0.0 (yanked: off by one)\n"),
        "{info}"
    );
    project(&machine, "answer = \"1\"\n");
    machine.refused("project", "lock");
    assert_snapshot!(machine.puck("", "yank answer@1.0.0 --undo"), @"
    exit 0
    --- stderr
        Restored answer 1.0.0 in `team`
    ");
    machine.ok("project", "lock");
    assert_snapshot!(machine.refused("", "yank answer@7.0.0"), @"
    exit 1
    --- stderr
    error: the registry has no answer 7.0.0

    hint: it has 1.0.0
    ");
    let run = machine.refused("", "owner list answer");
    assert!(run.stderr.contains("is a folder"), "{run}");
    let run = machine.refused("", "login team");
    assert!(
        run.stderr.contains("is a folder") || run.stderr.contains("no terminal"),
        "{run}"
    );
}

/// What `--registry` says is stronger than what the name was bound to, and is written down.
#[test]
fn adding_from_a_named_registry_binds_the_name_anew() {
    for line in ["add", "install"] {
        let machine = machine_of_a_team();
        machine.publish_constant("answer", "1.5.0", 5, "");
        let [folder, manifest, lockfile] = match line {
            "add" => [
                "project",
                "work/project/Puck.toml",
                "work/project/Puck.lock",
            ],
            _ => ["", "home/user/Puck.toml", "home/user/Puck.lock"],
        };
        let read = |path: &str| fs_err::read_to_string(machine.root().join(path)).unwrap();
        project(&machine, "answer = \"1\" # forty-two\n");
        machine.ok(folder, &format!("{line} answer"));
        assert!(read(lockfile).contains("registry+local"), "{line}");

        for spec in ["answer@1", "answer"] {
            machine.ok(folder, &format!("{line} {spec} --registry team"));
            let text = read(manifest);
            assert!(text.contains("registry = \"team\""), "{line}: {text}");
            let text = read(lockfile);
            assert!(text.contains("registry+team"), "{line}: {text}");
            assert!(!text.contains("registry+local"), "{line}: {text}");
        }
        // And back; the table keeps what else it says.
        machine.ok(folder, &format!("{line} answer --registry local"));
        let text = read(manifest);
        assert!(
            text.contains("1.5.0\", registry = \"local\""),
            "{line}: {text}"
        );
        assert!(read(lockfile).contains("registry+local"), "{line}");

        // What manifests cannot name cannot be bound to.
        machine.ok("", "config unset registries.team");
        let team = machine.path("team");
        let call = machine.call(folder, &format!("{line} answer --registry"));
        let run = call.arg(&team).run();
        assert_eq!(run.code, Some(1), "{line}: {run}");
        assert!(run.stderr.contains("one registry"), "{line}: {run}");
    }
}
