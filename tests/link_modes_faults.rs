//! Link modes asked for wrongly, interrupted, at once, damaged, and no longer needed.

use std::path::PathBuf;
use std::thread;

use insta::assert_snapshot;

use crate::damage::damage;
use crate::link_modes::{MODES, machine};
use crate::support::Machine;
use crate::support::kill::{Stopper, time};
use crate::support::package::VECMATH;
use crate::support::sound::names;

const CALL: &str = "run doubled::norm2 2 [3,4]";

impl Machine {
    /// The libraries that were made on this machine.
    fn libraries(&self) -> Vec<String> {
        let folder = self.home().join("libraries");
        if folder.exists() {
            names(&folder)
        } else {
            Vec::new()
        }
    }

    fn library(&self, name: &str) -> PathBuf {
        self.home().join("libraries").join(name).join("library.so")
    }
}

#[test]
fn what_is_asked_for_wrongly() {
    let machine = machine();
    assert_snapshot!(machine.puck("project", "install --link static"), @"
    exit 2
    --- stderr
    error: invalid value 'static' for '--link <MODE>'
      [possible values: dynamic, image, lto]

    For more information, try '--help'.
    ");
    assert_snapshot!(machine.puck("project", "install --target-cpu haswell"), @"
    exit 2
    --- stderr
    error: invalid value 'haswell' for '--target-cpu <CPU>'
      [possible values: native, x86-64, x86-64-v2, x86-64-v3, x86-64-v4]

    For more information, try '--help'.
    ");
    let manifest = machine.read("project/Puck.toml");
    let with = |section: &str| {
        machine.write(
            "project/Puck.toml",
            format!("{manifest}\n[environment]\n{section}\n"),
        );
    };
    with("lnik = \"lto\"");
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: [WORK]/project/Puck.toml:6: unknown key `lnik` in [environment]

    hint: did you mean `link`?
    ");
    with("link = \"lot\"");
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: [WORK]/project/Puck.toml:6: `link`: unknown link mode `lot`: expected one of dynamic, image, lto; did you mean `lto`?
    ");

    // Told only when the packages are known, and then before anything is compiled.
    with("");
    machine.ok("project", "install");
    with("link = \"lto\"\nkeep = [\"linalg\", \"vecmat::dot\"]");
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: [WORK]/project/Puck.toml:7: `keep`: `vecmat::dot` names nothing: no package `vecmat` is installed

    hint: did you mean `vecmath`?
    ");
    with("link = \"lto\"\nkeep = [\"vecmath::dto\"]");
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: [WORK]/project/Puck.toml:7: `keep`: `vecmath::dto` names nothing: `vecmath` has no function `dto`

    hint: did you mean `vecmath::dot`?
    ");
    with("link = \"lto\"\nkeep = [\"vecmath.v3\"]");
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: [WORK]/project/Puck.toml:7: `keep`: `vecmath.v3` names nothing: of `vecmath` v1 and v2 is installed, and not v3
    ");
    assert_eq!(machine.libraries(), [""; 0]);
    // Of no interest in another mode.
    let run = machine.puck("project", "install --link image");
    assert!(run.code == Some(0) && !run.stderr.contains("keep"), "{run}");
    with("keep = [\"vecmath::dot\"]");
    assert_snapshot!(machine.puck("project", "install"), @"
    exit 0
    --- stderr
    warning: [WORK]/project/Puck.toml:6: `keep` matters only with `link = \"lto\"`; this is dynamic
       Installed 4 packages
    ");
    let run = machine.puck("project", "install --link lto");
    assert!(run.code == Some(0) && !run.stderr.contains("keep"), "{run}");
}

/// What `keep` says of a package that is made here is no mistake where that package is left out.
#[test]
fn what_is_kept_of_the_project_itself() {
    let machine = machine();
    let own = |folder: &str, more: &str| {
        machine.ir_package_in(folder, "own", "1.0.0", 1, &[]);
        let manifest = machine.read(format!("{folder}/Puck.toml"));
        machine.write(format!("{folder}/Puck.toml"), manifest + more);
    };
    let section = "\n[environment]\nlink = \"lto\"\nkeep = [\"own::sum\"]\n";
    own("own", section);
    own("whole/own", "");
    machine.write(
        "whole/Puck.toml",
        format!("[workspace]\nmembers = [\"own\"]\n{section}"),
    );
    for folder in ["own", "whole"] {
        machine.ok(folder, "install --only-dependencies");
        assert_eq!(machine.environment(folder)["keep"][0], "own::sum");
        machine.ok(folder, "verify");
        machine.ok(folder, "install");
        assert_eq!(machine.ok(folder, "run own::sum"), "1\n");
        let manifest = machine.read(format!("{folder}/Puck.toml"));
        let mistaken = manifest.replace("own::sum", "own::smu");
        machine.write(format!("{folder}/Puck.toml"), mistaken);
        let run = machine.puck(folder, "install");
        assert!(run.stderr.contains("did you mean `own::sum`?"), "{run}");
    }
}

/// A processor that this machine does not have.
#[test]
fn another_processor() {
    let machine = machine();
    let run = machine.puck("project", "install --link lto --target-cpu x86-64-v4");
    if run.code == Some(0) {
        // It does have it.
        assert_eq!(machine.ok("project", CALL), "50\n");
        return;
    }
    let said = "--target-cpu asks for code for x86-64-v4, which this machine's processor cannot run: it lacks ";
    assert!(run.code == Some(1) && run.stderr.contains(said), "{run}");
    let run = machine.puck("project", "install --target-cpu x86-64-v4");
    assert!(
        run.code == Some(0) && run.stderr.contains("warning: "),
        "{run}"
    );
    assert_eq!(machine.ok("project", CALL), "50\n");
}

#[test]
fn flags_are_stronger_than_the_manifest() {
    let machine = machine();
    let manifest = machine.read("project/Puck.toml");
    machine.write(
        "project/Puck.toml",
        manifest + "\n[environment]\nlink = \"image\"\n",
    );
    machine.ok("project", "install");
    assert_eq!(machine.mode("project"), "image");
    machine.ok("project", "install --link lto");
    assert_eq!(machine.mode("project"), "lto");
    // What the manifest says is what a project is brought to.
    assert_eq!(machine.ok("project", CALL), "50\n");
    assert_eq!(machine.mode("project"), "image");
    machine.ok("project", "install --link dynamic");
    assert_eq!(machine.mode("project"), "dynamic");
    machine.ok("project", "install");
    assert_eq!(machine.mode("project"), "image");
}

#[test]
fn a_workspace_says_it_for_all() {
    let machine = Machine::new();
    machine.ir_package_in("whole/base", "base", "1.0.0", 1, &[]);
    machine.ir_package_in("whole/top", "top", "1.0.0", 2, &[]);
    machine.write(
        "whole/Puck.toml",
        "[workspace]\nmembers = [\"base\", \"top\"]\n[environment]\nlink = \"image\"\n",
    );
    machine.ok("whole/top", "install");
    assert_eq!(machine.mode("whole"), "image");
    assert_eq!(machine.ok("whole/base", "run top::sum"), "2\n");
    let manifest = machine.read("whole/top/Puck.toml");
    machine.write(
        "whole/top/Puck.toml",
        manifest + "\n[environment]\nlink = \"lto\"\n",
    );
    assert_snapshot!(machine.refused("whole/base", "install"), @"
    exit 1
    --- stderr
    error: [WORK]/whole/top/Puck.toml:18: members of a workspace share one environment, so [environment] belongs in [WORK]/whole/Puck.toml

    hint: move the table there
    ");
}

/// Killed anywhere, an install leaves nothing half made, and goes through when it is run again.
#[test]
fn killed() {
    let machine = machine();
    machine.ok("project", "install");
    // So that there is something to make each time.
    let install = |mode: &str, version: &str, factor: usize| {
        let source = VECMATH.replace("sum +=", &format!("sum += {factor} *"));
        machine.publish("vecmath", version, &source, "");
        machine.ok("project", "update");
        machine.call("project", &format!("install --link {mode}"))
    };
    for (minor, mode) in [(1, "image"), (2, "lto")] {
        let mut factor = 1;
        let first = install(mode, &format!("1.{minor}.0"), factor);
        let usual = time(|| drop(first.ok()));
        let mut stopper = Stopper::new(minor, 6);
        while stopper.goes_on() {
            factor += 1;
            let call = install(mode, &format!("1.{minor}.{factor}"), factor);
            stopper.stop(call, usual);
            machine.expect_whole();
            machine.ok("project", &format!("install --link {mode}"));
            let output = machine.ok("project", "run linalg::norm2 2 [3,4]");
            assert_eq!(output, format!("{}\n", factor * 25));
            machine.expect_tidy();
            machine.expect_tidy_project("project");
        }
    }
}

#[test]
fn at_once() {
    let machine = machine();
    let manifest = machine.read("project/Puck.toml");
    let folders = ["first", "second", "third", "fourth"];
    for folder in folders {
        machine.write(format!("{folder}/Puck.toml"), &manifest);
    }
    for mode in MODES {
        thread::scope(|scope| {
            for folder in folders {
                let call = machine.call(folder, &format!("install --link {mode}"));
                scope.spawn(move || call.ok());
            }
        });
        let key = machine.environment_key("first");
        for folder in folders {
            assert_eq!(machine.environment_key(folder), key);
            assert_eq!(machine.ok(folder, CALL), "50\n");
        }
        machine.expect_tidy();
    }
}

#[test]
fn what_nothing_needs_is_removed() {
    let machine = machine();
    machine.ok("project", "install --link image");
    let image = machine.libraries();
    machine.ok("project", "install --link lto");
    assert!(machine.libraries().len() > image.len());
    // What is in use stays.
    machine.ok("", "gc --max-age 0s");
    let lto = machine.libraries();
    assert!(
        !lto.is_empty() && lto.iter().all(|library| !image.contains(library)),
        "{lto:?}"
    );
    assert_eq!(machine.ok("project", CALL), "50\n");
    machine.ok("project", "install");
    machine.ok("", "gc --max-age 0s");
    assert_eq!(machine.libraries(), [""; 0]);
    assert_eq!(machine.ok("project", CALL), "50\n");
    machine.expect_tidy();
}

#[test]
fn damaged() {
    for options in ["--link image", "--link lto", "--target-cpu native"] {
        let machine = machine();
        let install = format!("install {options}");
        machine.ok("project", &install);
        let library = machine.library(&machine.libraries()[0]);
        let mut bytes = fs_err::read(&library).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        for bytes in [Some(&bytes[..]), Some(b"shorter"), None] {
            damage(&library, bytes);
            let found = machine.puck("project", "verify");
            assert_eq!(found.code, Some(1), "{options}\n{found}");
            assert!(found.stdout.contains("libraries/"), "{options}\n{found}");
            let repaired = machine.puck("project", "verify --fix");
            assert_eq!(repaired.code, Some(0), "{options}\n{repaired}");
            machine.expect_tidy();
            machine.ok("project", &install);
            assert_eq!(machine.ok("project", CALL), "50\n", "{options}");
        }
    }
}
