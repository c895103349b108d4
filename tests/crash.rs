//! Commands that are killed or interrupted at random points: what they leave is whole, and the same
//! command, run again, succeeds and leaves what an undisturbed one leaves.
//!
//! The kills are spread over threads, each with machines of its own: most of a command's time is
//! waiting for the disk.

use std::time::Duration;

use crate::support::Machine;
use crate::support::kill::{KILLS, in_threads, time};
use crate::support::listing::Listing;
use crate::support::run::Call;

/// A project's lockfile and environment.
#[derive(Clone, Debug, PartialEq)]
struct Installed {
    lockfile: Option<String>,
    environment: Option<String>,
}

impl Installed {
    fn of(machine: &Machine) -> Self {
        let lockfile = machine.path("project/Puck.lock");
        Self {
            lockfile: lockfile.exists().then(|| machine.read("project/Puck.lock")),
            environment: machine.environment_key("project"),
        }
    }
}

/// A machine whose registry has packages that build on each other, for others to install from.
fn registry() -> Machine {
    let machine = Machine::new();
    machine.publish_ir("first", "1.0.0", 1, &[]);
    machine.publish_ir("second", "1.0.0", 2, &[]);
    machine.publish_ir("third", "1.0.0", 3, &["first", "second"]);
    machine.publish_ir("fourth", "1.0.0", 4, &["third"]);
    machine
}

const ALL: [(&str, &str); 2] = [("second", "1"), ("fourth", "1")];

fn install(machine: &Machine, registry: &Machine) -> Call {
    machine
        .call("project", "install")
        .env("PUCK_REGISTRY", registry.registry())
}

/// A machine with a project that is to be installed; with `updated`, something else was before.
fn before_install(registry: &Machine, updated: bool) -> Machine {
    let machine = Machine::new();
    if updated {
        machine.project(&[("first", "1")]);
        install(&machine, registry).ok();
    }
    machine.project(&ALL);
    machine
}

#[test]
fn killed_install() {
    let registry = &registry();
    // What an install that nobody disturbs takes and leaves.
    let undisturbed = [false, true].map(|updated| {
        let machine = before_install(registry, updated);
        let usual = time(|| drop(install(&machine, registry).ok()));
        let listing = Listing::of(&machine.home(), &["projects"]);
        (usual, Installed::of(&machine), listing)
    });
    in_threads(1, KILLS, |stopper| {
        while stopper.goes_on() {
            let updated = stopper.random().below(2) == 1;
            let (usual, complete, listing) = &undisturbed[usize::from(updated)];
            let machine = before_install(registry, updated);
            let before = Installed::of(&machine);
            for _ in 0..=stopper.random().below(3) {
                stopper.stop(install(&machine, registry), *usual);
                machine.expect_whole();
                let between = Installed::of(&machine);
                assert!(
                    [&before.lockfile, &complete.lockfile].contains(&&between.lockfile),
                    "half a lockfile: {between:?}"
                );
                if between.environment == complete.environment {
                    assert_eq!(machine.ok("project", "run fourth::sum"), "10\n");
                } else {
                    assert_eq!(between.environment, before.environment);
                }
            }
            install(&machine, registry).ok();
            assert_eq!(Installed::of(&machine), *complete);
            assert_eq!(machine.ok("project", "run fourth::sum"), "10\n");
            machine.expect_tidy();
            machine.expect_tidy_project("project");
            listing.expect_same(&Listing::of(&machine.home(), &["projects"]));
        }
    });
}

/// Publishes that are the first on their machine: the registry itself is made.
#[test]
fn killed_first_publish() {
    let publish = |machine: &Machine| machine.call("first", "publish");
    let machine = || {
        let machine = Machine::new();
        machine.ir_package("first", "1.0.0", 1, &[]);
        machine
    };
    let usual = time(|| drop(publish(&machine()).ok()));
    in_threads(10, KILLS / 4, |stopper| {
        while stopper.goes_on() {
            let machine = machine();
            for _ in 0..=stopper.random().below(2) {
                stopper.stop(publish(&machine), usual);
                machine.expect_whole();
            }
            publish(&machine).ok();
            assert_eq!(machine.published("first"), ["1.0.0"]);
            machine.expect_tidy();
            machine.expect_tidy_project("first");
        }
    });
}

/// Version after version to the same registry, of a package that depends on another.
#[test]
fn killed_publish() {
    in_threads(20, KILLS, |stopper| {
        let machine = Machine::new();
        machine.publish_ir("first", "1.0.0", 1, &[]);
        let publish = || machine.call("next", "publish");
        let mut versions = Vec::new();
        // From nothing, and with all but the archive made: then it is the registry that is stopped.
        let mut usual = [Duration::MAX; 2];
        while stopper.goes_on() {
            let number = versions.len();
            let version = format!("1.{number}.0");
            machine.ir_package("next", &version, 7, &["first"]);
            let prepared = number % 2 == 1;
            if prepared {
                machine.ok("next", "pack");
            } else if machine.path("next/target").exists() {
                fs_err::remove_dir_all(machine.path("next/target")).unwrap();
            }
            match &mut usual[usize::from(prepared)] {
                usual @ &mut Duration::MAX => *usual = time(|| drop(publish().ok())),
                usual => {
                    for _ in 0..=stopper.random().below(2) {
                        stopper.stop(publish(), *usual);
                        machine.expect_whole();
                    }
                    publish().ok();
                }
            }
            versions.push(version);
            assert_eq!(machine.published("next"), versions);
            machine.expect_tidy();
            machine.expect_tidy_project("next");
        }
        // A consumer finds them all in order.
        machine.project(&[("next", "1")]);
        machine.ok("project", "install");
        assert_eq!(machine.ok("project", "run next::sum"), "8\n");
    });
}

/// What is removed is removed from manifest, lockfile and environment; the manifest comes last.
#[test]
fn killed_uninstall() {
    let registry = &registry();
    let call = |machine: &Machine, line: &str| {
        let call = machine.call("", line);
        call.env("PUCK_REGISTRY", registry.registry())
    };
    let machine = || {
        let machine = Machine::new();
        call(&machine, "install second fourth").ok();
        machine
    };
    let undisturbed = machine();
    let usual = time(|| drop(call(&undisturbed, "uninstall fourth").ok()));
    in_threads(50, KILLS / 4, |stopper| {
        while stopper.goes_on() {
            let machine = machine();
            stopper.stop(call(&machine, "uninstall fourth"), usual);
            machine.expect_whole();
            let again = call(&machine, "uninstall fourth").run();
            // It may have been killed when all was done: then there is nothing to remove.
            let done = again.stderr.contains("`fourth`");
            assert!(again.code == Some(0) || done, "{again}");
            assert_eq!(machine.ok("", "list"), undisturbed.ok("", "list"));
            machine.expect_tidy();
        }
    });
}

/// A package of several sources in two languages.
fn mixed_sources() -> Machine {
    let machine = Machine::new();
    machine.ir_package("mixed", "1.0.0", 1, &[]);
    machine.edit("mixed/Puck.toml", "src/*.ll", "src/*");
    for i in 0..3 {
        machine.edit(
            "mixed/Puck.toml",
            "[dependencies]",
            &format!("[[function]]\nname = \"twice{i}\"\n\n[dependencies]"),
        );
        machine.write(
            format!("mixed/src/twice{i}.c"),
            format!(
                "#include <math.h>\ndouble twice{i}(double x) {{ return {i} + sin(2 * x); }}\n"
            ),
        );
    }
    machine
}

/// Neither object cache nor what is kept of the compilers may be poisoned: the next build gives
/// what an undisturbed one gives.
#[test]
fn killed_build() {
    let archive = |machine: &Machine, name: &str| {
        machine.ok(name, "pack --quiet");
        fs_err::read(machine.path(format!("{name}/target/puck/{name}-1.0.0.puck"))).unwrap()
    };
    let undisturbed = mixed_sources();
    let mut expected = Vec::new();
    let usual = time(|| expected = archive(&undisturbed, "mixed"));
    in_threads(30, KILLS / 2, |stopper| {
        let machine = mixed_sources();
        while stopper.goes_on() {
            fs_err::remove_dir_all(machine.path("mixed/target")).ok();
            for _ in 0..=stopper.random().below(3) {
                stopper.stop(machine.call("mixed", "pack"), usual);
            }
            assert!(
                archive(&machine, "mixed") == expected,
                "other bytes after a kill"
            );
            machine.expect_tidy_project("mixed");
            // Changed and changed back, parts of the cache are used by turns.
            machine.edit("mixed/src/twice1.c", "2 * x", "3 * x");
            stopper.stop(machine.call("mixed", "pack"), usual);
            machine.edit("mixed/src/twice1.c", "3 * x", "2 * x");
            assert!(
                archive(&machine, "mixed") == expected,
                "other bytes after a change"
            );
        }
        let left = crate::support::sound::names(&machine.root().join("temporary"));
        assert!(
            left.is_empty(),
            "left in the system's temporary folder: {left:?}"
        );
    });
}

/// The same for a crate, where cargo keeps what was compiled.
#[test]
fn killed_build_of_a_crate() {
    let archive = |machine: &Machine| {
        machine.ok("krate", "pack --quiet");
        fs_err::read(machine.path("krate/target/puck/krate-0.1.0.puck")).unwrap()
    };
    let machine = || {
        let machine = Machine::new();
        machine.ok("", "new krate --lang rust");
        machine
    };
    let undisturbed = machine();
    let mut expected = Vec::new();
    let usual = time(|| expected = archive(&undisturbed));
    in_threads(40, KILLS / 5, |stopper| {
        let machine = machine();
        while stopper.goes_on() {
            fs_err::remove_dir_all(machine.path("krate/target")).ok();
            stopper.stop(machine.call("krate", "pack"), usual);
            assert!(archive(&machine) == expected, "other bytes after a kill");
            machine.expect_tidy_project("krate");
        }
    });
}
