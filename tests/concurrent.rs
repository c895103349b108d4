//! Many processes at once: all succeed, and leave what one after the other would leave.

use std::sync::Barrier;
use std::thread;

use crate::support::Machine;
use crate::support::listing::Listing;
use crate::support::run::{Call, Run};

/// How many processes there are.
const PROCESSES: usize = 8;

/// Runs all calls at once.
fn at_once(calls: Vec<Call>) -> Vec<Run> {
    let start = &Barrier::new(calls.len());
    thread::scope(|scope| {
        let run = |call: Call| {
            scope.spawn(move || {
                start.wait();
                call.run()
            })
        };
        let running: Vec<_> = calls.into_iter().map(run).collect();
        running
            .into_iter()
            .map(|call| call.join().unwrap())
            .collect()
    })
}

/// Runs all calls at once; all must succeed.
#[track_caller]
fn all_succeed(calls: Vec<Call>) -> Vec<Run> {
    let runs = at_once(calls);
    for run in &runs {
        assert_eq!(run.code, Some(0), "{run}");
    }
    runs
}

/// How many runs said `word`.
fn count(runs: &[Run], word: &str) -> usize {
    let said = |run: &&Run| run.stdout.contains(word) || run.stderr.contains(word);
    runs.iter().filter(said).count()
}

/// `name0`, `name1`, …: one for each process.
fn numbered(name: &str) -> impl Iterator<Item = String> {
    (0..PROCESSES).map(move |i| format!("{name}{i}"))
}

#[test]
fn concurrent_installs() {
    let registry = Machine::new();
    for name in numbered("leaf") {
        registry.publish_ir(&name, "1.0.0", 1, &[]);
    }
    registry.publish_ir("root", "1.0.0", 1, &["leaf0", "leaf1", "leaf2"]);
    // Four projects, each installed by two processes; the last two are the same.
    let projects = [
        ("a", "leaf3 = \"1\"\nroot = \"1\"\n"),
        ("b", "leaf4 = \"1\"\nleaf5 = \"1\"\nleaf6 = \"1\"\n"),
        ("c", "leaf0 = \"1\"\nleaf7 = \"1\"\nroot = \"1\"\n"),
        ("d", "leaf0 = \"1\"\nleaf7 = \"1\"\nroot = \"1\"\n"),
    ];
    let machine = || {
        let machine = Machine::new();
        for (name, dependencies) in projects {
            let text = format!("[dependencies]\n{dependencies}");
            machine.write(format!("{name}/Puck.toml"), text);
        }
        machine
    };
    let install = |machine: &Machine, project: &str| {
        let call = machine.call(project, "install");
        call.env("PUCK_REGISTRY", registry.registry())
    };
    let one_by_one = machine();
    for (name, _) in projects {
        install(&one_by_one, name).ok();
    }
    // Where projects are is known to the store, and each machine has its own folders.
    let expected = Listing::of(&one_by_one.home(), &["projects"]);
    for _ in 0..5 {
        let machine = machine();
        let twice = projects.iter().chain(&projects);
        all_succeed(twice.map(|(name, _)| install(&machine, name)).collect());
        expected.expect_same(&Listing::of(&machine.home(), &["projects"]));
        machine.expect_tidy();
        for (name, _) in projects {
            machine.expect_tidy_project(name);
            assert_eq!(
                machine.environment_key(name),
                one_by_one.environment_key(name)
            );
            let lockfile = format!("{name}/Puck.lock");
            assert_eq!(machine.read(&lockfile), one_by_one.read(&lockfile));
        }
    }
}

/// Also the first publishes on their machine, so that all find no registry and make one.
#[test]
fn concurrent_publishes_of_packages() {
    for round in 0..3 {
        let machine = Machine::new();
        for name in numbered("package") {
            machine.ir_package(&name, "1.0.0", round, &[]);
        }
        let calls = numbered("package").map(|name| machine.call(&name, "publish"));
        let runs = all_succeed(calls.collect());
        assert_eq!(count(&runs, "Published"), PROCESSES);
        machine.expect_tidy();
        for name in numbered("package") {
            assert_eq!(machine.published(&name), ["1.0.0"]);
        }
    }
}

#[test]
fn concurrent_publishes_and_installs() {
    let machine = Machine::new();
    machine.publish_ir("base", "1.0.0", 1, &[]);
    for name in numbered("package") {
        machine.ir_package(&name, "1.0.0", 2, &["base"]);
    }
    for name in numbered("project") {
        machine.write(
            format!("{name}/Puck.toml"),
            "[dependencies]\nbase = \"1\"\n",
        );
    }
    let publishes = numbered("package").map(|name| machine.call(&name, "publish"));
    let installs = numbered("project").map(|name| machine.call(&name, "install"));
    let mut calls = Vec::new();
    for (publish, install) in publishes.zip(installs) {
        calls.extend([publish, install]);
    }
    all_succeed(calls);
    machine.expect_tidy();
    for name in numbered("package") {
        assert_eq!(machine.published(&name), ["1.0.0"]);
    }
    for name in numbered("project") {
        assert_eq!(machine.ok(&name, "run base::sum"), "1\n");
    }
}

#[test]
fn concurrent_publishes_of_the_same() {
    let machine = Machine::new();
    for folder in numbered("copy") {
        machine.ir_package_in(&folder, "package", "1.0.0", 1, &[]);
    }
    let calls = numbered("copy").map(|folder| machine.call(&folder, "publish"));
    let runs = all_succeed(calls.collect());
    assert_eq!(count(&runs, "Published"), 1);
    assert_eq!(count(&runs, "Unchanged"), PROCESSES - 1);
    assert_eq!(machine.published("package"), ["1.0.0"]);
    machine.expect_tidy();
}

#[test]
fn concurrent_publishes_that_disagree() {
    let machine = Machine::new();
    for (constant, folder) in (0..).zip(numbered("copy")) {
        machine.ir_package_in(&folder, "package", "1.0.0", constant, &[]);
    }
    let calls = numbered("copy").map(|folder| machine.call(&folder, "publish"));
    let runs = at_once(calls.collect());
    assert_eq!(count(&runs, "Published"), 1);
    for run in runs.iter().filter(|run| run.code != Some(0)) {
        assert!(run.stderr.contains("package 1.0.0"), "{run}");
    }
    assert_eq!(
        runs.iter().filter(|run| run.code == Some(1)).count(),
        PROCESSES - 1
    );
    assert_eq!(machine.published("package"), ["1.0.0"]);
    machine.expect_tidy();
}

#[test]
fn concurrent_builds_of_a_project() {
    let archive = |machine: &Machine| {
        fs_err::read(machine.path("package/target/puck/package-1.0.0.puck")).unwrap()
    };
    let alone = Machine::new();
    alone.ir_package("package", "1.0.0", 1, &[]);
    alone.ok("package", "pack");
    for verb in ["build", "pack"] {
        let machine = Machine::new();
        machine.ir_package("package", "1.0.0", 1, &[]);
        let calls = (0..PROCESSES).map(|_| machine.call("package", verb));
        let runs = all_succeed(calls.collect());
        if verb == "build" {
            // One does the work for all.
            assert_eq!(count(&runs, "3 objects compiled"), 1);
            assert_eq!(count(&runs, "nothing to compile"), PROCESSES - 1);
            machine.ok("package", "pack");
        }
        assert!(archive(&machine) == archive(&alone), "{verb}: other bytes");
        machine.expect_tidy_project("package");
    }
}

/// Each changes the same manifest, lockfile and environment.
#[test]
fn concurrent_changes_of_a_project() {
    let machine = Machine::new();
    for name in numbered("package") {
        machine.publish_ir(&name, "1.0.0", 1, &[]);
    }
    // For oneself, where there is no project.
    let calls = numbered("package").map(|name| machine.call("", &format!("install {name}")));
    all_succeed(calls.collect());
    let list = machine.ok("", "list");
    for name in numbered("package") {
        assert!(list.contains(&name), "{name} is lost:\n{list}");
        assert_eq!(machine.ok("", &format!("run {name}::sum")), "1\n");
    }
    let calls = numbered("package").map(|name| machine.call("", &format!("uninstall {name}")));
    all_succeed(calls.collect());
    let list = machine.ok("", "list");
    assert!(
        !list.contains("package"),
        "something is still there:\n{list}"
    );

    machine.project(&[]);
    let calls = numbered("package").map(|name| machine.call("project", &format!("add {name}")));
    all_succeed(calls.collect());
    machine.ok("project", "install --locked");
    for name in numbered("package") {
        assert_eq!(machine.ok("project", &format!("run {name}::sum")), "1\n");
    }
    machine.expect_tidy();
    machine.expect_tidy_project("project");
}
