//! Downloading for later, and packages that travel with the project.

use insta::assert_snapshot;

use crate::support::Machine;
use crate::support::listing::Listing;
use crate::support::package::{NORM, VECMATH};
use crate::support::sound::names;

/// A machine with `linalg`, which needs `vecmath`, and a project that needs it.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.publish("linalg", "1.0.0", NORM, "vecmath = \"1\"\n");
    machine.project(&[("linalg", "1")]);
    // What building left in the store is not to help.
    machine
        .shell(
            "",
            "chmod -R u+w ../home; cd ../home; rm -rf archives packages environments",
        )
        .ok();
    machine
}

const CALL: &str = "run linalg::norm2 2 [3,4]";

#[test]
fn what_is_fetched_is_there_later() {
    let machine = machine();
    assert_snapshot!(machine.puck("project", "fetch"), @"
    exit 0
    --- stderr
          Locked 2 packages
                 + linalg 1.0.0
                 + vecmath 1.0.0
         Fetched 2 archives, 2 in the store
                 linalg 1.0.0
                 vecmath 1.0.0
    ");
    assert_snapshot!(machine.puck("project", "fetch"), @"
    exit 0
    --- stderr
       Unchanged 2 archives in the store
    ");
    assert_eq!(names(&machine.home().join("archives")).len(), 2);
    assert!(
        !machine.home().join("packages").exists(),
        "nothing is unpacked"
    );
    assert!(!machine.path("project/.puck").is_symlink());
    // It is kept for the project, however long that takes.
    machine.ok("", "gc --max-age 0s");
    fs_err::rename(machine.registry(), machine.root().join("away")).unwrap();
    machine.ok("project", "install --offline");
    assert_eq!(machine.ok("project", CALL), "25\n");
}

#[test]
fn nothing_is_fetched_that_may_not_be() {
    let machine = machine();
    assert_snapshot!(machine.refused("project", "fetch --locked"), @"
    exit 1
    --- stderr
    error: the lockfile needs to be updated, but --locked forbids it: there is no Puck.lock

    hint: run the command without --locked, or `puck lock`, and look at what changes
    ");
    machine.ok("project", "lock");
    fs_err::rename(machine.registry(), machine.root().join("away")).unwrap();
    assert_snapshot!(machine.refused("project", "fetch"), @"
    exit 1
    --- stderr
    error: linalg 1.0.0 is locked, but neither the store nor the registry [HOME]/registry has it

    hint: name the registry that has it with --registry or PUCK_REGISTRY, or choose other versions with `puck update`
    ");
}

#[test]
fn damaged_archives_are_fetched_again() {
    let machine = machine();
    machine.ok("project", "fetch");
    let archive = names(&machine.home().join("archives")).pop().unwrap();
    let path = machine.home().join("archives").join(archive);
    let size = fs_err::metadata(&path).unwrap().len();
    crate::damage::damage(&path, Some(&vec![0; usize::try_from(size).unwrap()]));
    let run = machine.puck("project", "fetch");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("Fetched"), "{run}");
    machine.expect_whole();
}

#[test]
fn vendored_packages_are_all_that_is_needed() {
    let machine = machine();
    // What is not locked is not taken along.
    machine.publish("other", "1.0.0", VECMATH, "");
    machine.ok("project", "lock");
    let run = machine.puck("project", "vendor vendor");
    assert_snapshot!(run, @r#"
    exit 0
    --- stdout

    [registries]
    local = { path = "vendor" }

    --- stderr
        Vendored 2 packages in vendor
                 to install from there, Puck.toml needs:
    "#);
    let first = Listing::of(&machine.path("project/vendor"), &[]);
    let files: Vec<_> = first.paths().filter(|path| path.contains('.')).collect();
    assert_snapshot!(files.join("\n"), @"
    archives/linalg/linalg-1.0.0.puck
    archives/vecmath/vecmath-1.0.0.puck
    log.jsonl
    registry.json
    ");

    let registry = puck_registry::Registry::open(&machine.path("project/vendor")).unwrap();
    registry.verify_log().unwrap();
    for name in ["linalg", "vecmath"] {
        let theirs = fs_err::read(machine.index(name)).unwrap();
        let vendored = machine.path("project/vendor").join(
            machine
                .index(name)
                .strip_prefix(machine.registry())
                .unwrap(),
        );
        assert_eq!(fs_err::read(vendored).unwrap(), theirs, "{name}");
    }

    // The same again, byte for byte; a package that is locked no more goes.
    machine.ok("project", "vendor vendor");
    first.expect_same(&Listing::of(&machine.path("project/vendor"), &[]));

    // What is published there would be gone with the next one.
    for line in ["publish", "publish --dry-run"] {
        machine.refused("other", &format!("{line} --registry ../project/vendor"));
    }
    assert_snapshot!(machine.refused("", "yank vecmath@1.0.0 --registry project/vendor"), @"
    exit 1
    --- stderr
    error: the registry [WORK]/project/vendor was written by `puck vendor`, which replaces it as a whole

    hint: use the registry that the packages came from (--registry names it), then run `puck vendor` again
    ");
    first.expect_same(&Listing::of(&machine.path("project/vendor"), &[]));

    // On another machine, with nothing but the project.
    let text = machine.read("project/Puck.toml");
    machine.write("project/Puck.toml", text + &run.stdout);
    let elsewhere = machine.root().join("elsewhere");
    for (line, expected) in [("install --offline --locked", ""), (CALL, "25\n")] {
        let call = machine.call("project", line).env("PUCK_HOME", &elsewhere);
        assert_eq!(call.ok(), expected);
    }
    machine.write("project/Puck.toml", "[dependencies]\nvecmath = \"1\"\n");
    machine.ok("project", "vendor vendor");
    let registry = puck_registry::Registry::open(&machine.path("project/vendor")).unwrap();
    assert_eq!(registry.names().unwrap().len(), 1);
    assert_eq!(
        names(&machine.path("project")),
        [".puck", "Puck.lock", "Puck.toml", "vendor"]
    );
}

#[test]
fn several_registries_and_withdrawn_versions() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    let team = machine.root().join("team");
    fs_err::create_dir(&team).unwrap();
    machine.c_package("extra", "1.0.0", "int extra(void) { return 7; }\n", "");
    machine.call("extra", "publish --registry").arg(&team).ok();
    machine.write(
        "project/Puck.toml",
        format!(
            "[dependencies]\nvecmath = \"1\"\nextra = {{ version = \"1\", registry = \"team\" }}\n\n\
             [registries]\nteam = {{ path = \"{}\" }}\n",
            team.display()
        ),
    );
    machine.ok("project", "lock");
    let registry = puck_registry::Registry::open(&machine.registry()).unwrap();
    let (name, version) = ("vecmath".parse().unwrap(), "1.0.0".parse().unwrap());
    registry
        .yank(&name, &version, true, Some("wrong sums"))
        .unwrap();
    let settings = machine.ok("project", "vendor ../vendored");
    assert_snapshot!(settings, @r#"

    [registries]
    local = { path = "../vendored/local" }
    team = { path = "../vendored/team" }
    "#);
    for name in ["local", "team"] {
        let vendored = puck_registry::Registry::open(&machine.path("vendored").join(name));
        vendored.unwrap().verify_log().unwrap();
        let yank = format!("yank vecmath@1.0.0 --registry ../vendored/{name}");
        machine.refused("project", &yank);
    }
    let elsewhere = machine.root().join("elsewhere");
    let manifest = machine.read("project/Puck.toml");
    let (dependencies, _) = manifest.split_once("[registries]").unwrap();
    machine.write("project/Puck.toml", format!("{dependencies}{settings}"));
    let install = machine.call("project", "install --frozen");
    install.env("PUCK_HOME", &elsewhere).ok();
    let run = machine.call("project", "run extra::extra");
    assert_eq!(run.env("PUCK_HOME", &elsewhere).ok(), "7\n");
}

#[test]
fn other_folders_are_left_alone() {
    let machine = machine();
    machine.write("project/vendor/notes", "precious");
    assert_snapshot!(machine.refused("project", "vendor vendor"), @"
    exit 1
    --- stderr
    error: [WORK]/project/vendor holds other things than `puck vendor` wrote

    hint: name a folder that is new or empty
    ");
    machine.write("project/file", "precious");
    assert_snapshot!(machine.refused("project", "vendor file"), @"
    exit 1
    --- stderr
    error: [WORK]/project/file holds other things than `puck vendor` wrote

    hint: name a folder that is new or empty
    ");
}

/// A plain web server over a folder, which ends with this value.
struct Web {
    server: std::process::Child,
    address: String,
}

impl Web {
    fn of(folder: &std::path::Path) -> Self {
        use std::io::BufRead as _;
        let mut server = std::process::Command::new("python3")
            .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"])
            .current_dir(folder)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = server.stdout.take().unwrap();
        std::io::BufReader::new(stdout)
            .read_line(&mut line)
            .unwrap();
        let start = line.find("http://").unwrap();
        let end = line.rfind('/').unwrap();
        Self {
            server,
            address: line[start..end].to_owned(),
        }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.server.kill();
        _ = self.server.wait();
    }
}

#[test]
fn from_another_machine_and_then_without_it() {
    let machine = machine();
    let web = Web::of(&machine.registry());
    let elsewhere = machine.root().join("elsewhere");
    let away = |line: &str| machine.call("project", line).env("PUCK_HOME", &elsewhere);
    machine.write(
        "project/Puck.toml",
        format!(
            "[dependencies]\nlinalg = {{ version = \"1\", registry = \"web\" }}\n\n\
             [registries]\nweb = \"{}\"\n",
            web.address
        ),
    );
    away("fetch").ok();
    let audit: serde_json::Value =
        serde_json::from_str(&away("audit --offline --format json").ok()).unwrap();
    assert_eq!(audit["packages"][1]["name"], "vecmath", "{audit}");
    assert_eq!(away("outdated --format json").ok(), "[]\n");
    let settings = away("vendor vendor").ok();
    for name in ["linalg", "vecmath"] {
        let path = machine.index(name);
        let below = path.strip_prefix(machine.registry()).unwrap();
        let vendored = machine.path("project/vendor").join(below);
        assert_eq!(
            fs_err::read(vendored).unwrap(),
            fs_err::read(&path).unwrap()
        );
    }
    // The index of a registry that a project names is needed; then it is not any more.
    let indices = || names(&elsewhere.join("index")).len();
    away("gc --max-age 0s").ok();
    assert_eq!(indices(), 1);
    drop(web);
    away("install --offline").ok();
    assert_eq!(away(CALL).arg("--quiet").ok(), "25\n");

    let third = machine.root().join("third");
    let manifest = machine.read("project/Puck.toml");
    let (dependencies, _) = manifest.split_once("[registries]").unwrap();
    machine.write("project/Puck.toml", format!("{dependencies}{settings}"));
    let install = machine.call("project", "install --frozen");
    install.env("PUCK_HOME", &third).ok();
    fs_err::remove_dir_all(machine.path("project")).unwrap();
    machine
        .call("", "gc --max-age 0s")
        .env("PUCK_HOME", &elsewhere)
        .ok();
    assert_eq!(indices(), 0);
    assert!(names(&elsewhere.join("archives")).is_empty());
}
