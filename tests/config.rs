//! `puck config`: what holds, what said so, and the file it is said in.

use insta::assert_snapshot;

use crate::support::Machine;

fn file(machine: &Machine) -> std::path::PathBuf {
    machine.home().join("config.toml")
}

#[test]
fn every_value_says_what_it_comes_from() {
    let machine = Machine::new();
    assert_snapshot!(machine.ok("", "config --show-origin --jobs 3"), @r#"
    home = "[HOME]"  # PUCK_HOME
    registry = "local"  # default
    registries.local = "[HOME]/registry"  # default
    offline = false  # default
    jobs = 3  # --jobs
    color = "auto"  # default
    http-retries = 4  # default
    gc.max-age = "30d"  # default
    "#);
    fs_err::create_dir_all(machine.home()).unwrap();
    let text = "registry = \"team\"\noffline = true\njobs = 7\ncolor = \"never\"\nhttp-retries = 1\n\n\
                [registries]\nteam = \"https://team.example\"\nlab = { url = \"http://lab:8080\", \
                certificates = \"lab.pem\", plain-http-token = true }\n\n\
                [gc]\nmax-age = \"2w\"\nmax-size = \"10GB\"\n";
    fs_err::write(file(&machine), text).unwrap();
    let manifest = "[dependencies]\n[registries]\nnear = \"../near\"\n";
    machine.write("project/Puck.toml", manifest);
    assert_snapshot!(machine.ok("project", "config --show-origin"), @r#"
    home = "[HOME]"  # PUCK_HOME
    registry = "team"  # [HOME]/config.toml:1
    registries.lab = "http://lab:8080"  # [HOME]/config.toml:9
    registries.lab.certificates = "[HOME]/lab.pem"  # [HOME]/config.toml:9
    registries.lab.plain-http-token = true  # [HOME]/config.toml:9
    registries.local = "[HOME]/registry"  # default
    registries.near = "[WORK]/project/../near"  # [WORK]/project/Puck.toml:3
    registries.team = "https://team.example"  # [HOME]/config.toml:8
    offline = true  # [HOME]/config.toml:2
    jobs = 7  # [HOME]/config.toml:3
    color = "never"  # [HOME]/config.toml:4
    http-retries = 1  # [HOME]/config.toml:5
    gc.max-age = "2w"  # [HOME]/config.toml:12
    gc.max-size = "10GB"  # [HOME]/config.toml:13
    "#);
    let call = machine
        .call(
            "project",
            "config --show-origin --color always --registry lab",
        )
        .env("PUCK_OFFLINE", "0")
        .env("PUCK_HTTP_RETRIES", "9")
        .env("PUCK_REGISTRY", "team")
        .env("PUCK_REGISTRY_TEAM", "../elsewhere");
    let shown = call.ok();
    for line in [
        "lab\"\u{1b}[2m  # --registry",
        "elsewhere\"\u{1b}[2m  # PUCK_REGISTRY_TEAM",
        "false\u{1b}[2m  # PUCK_OFFLINE",
        "\"always\"\u{1b}[2m  # --color",
        "9\u{1b}[2m  # PUCK_HTTP_RETRIES",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert_eq!(machine.ok("", "config jobs"), "7\n");
    assert_snapshot!(machine.ok("", "config jobs --format json"), @r#"
    {
      "key": "jobs",
      "origin": "[HOME]/config.toml:3",
      "value": 7
    }
    "#);
}

#[test]
fn set_and_unset() {
    let machine = Machine::new();
    machine.ok("", "config set registries.team https://team.example/puck/");
    machine.write("keep", "");
    machine.ok("", "config set registries.near ../near");
    machine.ok("", "config set registry team");
    let text = fs_err::read_to_string(file(&machine)).unwrap();
    fs_err::write(file(&machine), format!("# Mine.\n{text}")).unwrap();
    assert_snapshot!(machine.puck("", "config set jobs 2"), @"
    exit 0
    --- stderr
             Set jobs to 2
    ");
    assert_snapshot!(machine.puck("", "config unset registries.near"), @"
    exit 0
    --- stderr
         Removed registries.near
    ");
    assert_snapshot!(machine.puck("", "config unset registries.near"), @"
    exit 0
    --- stderr
       Unchanged registries.near was not set
    ");
    assert_snapshot!(fs_err::read_to_string(file(&machine)).unwrap(), @r#"
    # Mine.
    registry = "team"
    jobs = 2
    [registries]
    team = "https://team.example/puck/"
    "#);
    // The default registry would be nowhere.
    assert_snapshot!(machine.refused("", "config unset registries.team"), @"
    exit 1
    --- stderr
    error: [HOME]/config.toml:2: `registry`: no registry `team` in [registries] of this file
    ");
    assert_snapshot!(machine.refused("", "config set jobs many"), @"
    exit 1
    --- stderr
    error: [HOME]/config.toml:3: `jobs`: expected a whole number from 1 to 65535, found string
    ");
    assert_snapshot!(machine.refused("", "config set jbos 1"), @"
    exit 1
    --- stderr
    error: `jbos` is not a setting

    hint: did you mean `jobs`?
    ");
    assert_snapshot!(machine.refused("", "config gc.max-size"), @"
    exit 1
    --- stderr
    error: `gc.max-size` is not set

    hint: did you mean `gc.max-age`?
    ");
}

/// Whatever a verb does, it does not do it with settings that were misunderstood.
#[test]
fn a_file_with_mistakes_is_refused_by_every_verb() {
    let machine = Machine::new();
    machine.write("project/Puck.toml", "[dependencies]\n");
    fs_err::create_dir_all(machine.home()).unwrap();
    fs_err::write(file(&machine), "jobs = 2\nofline = true\n").unwrap();
    let expected = "error: [HOME]/config.toml:2: unknown key `ofline`";
    for verb in ["install", "lock", "search a", "config", "config set jobs 1"] {
        let run = machine.refused("project", verb);
        let said = run.stderr.replace(
            &*machine.home().canonicalize().unwrap().to_string_lossy(),
            "[HOME]",
        );
        assert!(said.starts_with(expected), "{verb}: {run}");
        assert!(said.contains("did you mean `offline`?"), "{verb}: {run}");
    }
    // What does no work needs no settings.
    machine.ok("project", "--version");
    machine.ok("project", "install --help");
}

#[test]
fn what_asked_to_stay_offline_is_named() {
    let machine = Machine::new();
    machine.write(
        "project/Puck.toml",
        "[dependencies]\nanswer = { version = \"1\", registry = \"team\" }\n\
         [registries]\nteam = \"http://127.0.0.1:9\"\n",
    );
    let unlocked = "hint: check the name `answer`";
    for mode in ["--offline", "--frozen"] {
        let run = machine.refused("project", &format!("lock {mode}"));
        assert!(run.stderr.contains(mode), "{mode}: {run}");
        assert!(mode == "--frozen" || run.stderr.contains(unlocked), "{run}");
    }
    let lockfile = "version = 1\ndependencies = [\"answer 1.0.0\"]\n[[package]]\nname = \"answer\"\n\
                    version = \"1.0.0\"\nsource = \"registry+team\"\nsha256 = \
                    \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\n";
    machine.write("project/Puck.lock", lockfile);
    assert_snapshot!(machine.refused("project", "install --offline"), @"
    exit 1
    --- stderr
    error: answer 1.0.0 is locked, but not on this machine, and --offline forbids to ask the registry http://127.0.0.1:9

    hint: run the command without --offline, or `puck fetch` beforehand, where the registry may be asked
    ");
    let run = machine.refuse(machine.call("project", "install").env("PUCK_OFFLINE", "1"));
    assert!(run.stderr.contains("PUCK_OFFLINE forbids"), "{run}");
    assert!(run.stderr.contains("hint: unset PUCK_OFFLINE"), "{run}");
    machine.ok("", "config set offline true");
    let run = machine.refused("project", "install");
    assert!(run.stderr.contains("config.toml:1 forbids"), "{run}");
    assert_snapshot!(machine.refused("project", "search a --registry team"), @"
    exit 1
    --- stderr
    error: this needs the registry at http://127.0.0.1:9, but [HOME]/config.toml:1 forbids to ask it

    hint: change line 1 of [HOME]/config.toml
    ");
}
