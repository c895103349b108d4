//! Reading every byte, and repairing what is damaged.

use insta::assert_snapshot;
use serde_json::Value;

use crate::damage::{damage, machine, stored};
use crate::support::Machine;

/// Flips a bit in the middle of a file that is read-only.
fn flip(path: &std::path::Path) {
    let mut bytes = fs_err::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    damage(path, Some(&bytes));
}

fn problems(machine: &Machine, options: &str) -> Vec<Value> {
    let run = machine.puck("project", &format!("verify --format json {options}"));
    let found: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run}"));
    let problems = found["problems"].as_array().unwrap().clone();
    let left = problems.iter().any(|problem| problem["fixed"] == false);
    assert_eq!(run.code, Some(i32::from(left)), "{run}");
    problems
}

const CALL: &str = "run vecmath::dot 2 [1,2] [3,4]";

#[test]
fn all_is_well() {
    let machine = machine();
    assert_snapshot!(machine.puck("project", "verify"), @"
    exit 0
    --- stderr
        Verified 1 archive, 1 package, 1 environment
    ");
    assert_snapshot!(machine.puck("project", "verify --environment"), @"
    exit 0
    --- stderr
        Verified 0 archives, 1 package, 1 environment
    ");
    assert_snapshot!(machine.puck("", "verify --store --format json"), @r#"
    exit 0
    --- stdout
    {
      "archives": 1,
      "environments": 1,
      "libraries": 0,
      "packages": 1,
      "problems": []
    }
    "#);
    // A machine that nothing was done on is in order, and stays as it is.
    let empty = Machine::new();
    assert_eq!(empty.puck("", "verify").code, Some(0));
}

#[test]
fn every_byte_counts_and_is_repaired() {
    for end in [
        "package.json",
        ".so",
        ".o",
        ".bc",
        "vecmath.h",
        "installed.json",
        ".puck",
    ] {
        let machine = machine();
        let path = stored(&machine, end).pop().unwrap();
        flip(&path);
        let before = machine.listing();
        let found = problems(&machine, "");
        before.expect_same(&machine.listing());
        assert!(!found.is_empty(), "{end}");
        let fixed = problems(&machine, "--fix");
        assert!(
            fixed.iter().all(|problem| problem["fixed"] == true),
            "{end}: {fixed:?}"
        );
        assert_eq!(problems(&machine, ""), Vec::<Value>::new(), "{end}");
        assert_eq!(machine.ok("project", CALL), "11\n", "{end}");
        machine.expect_tidy();
    }
}

#[test]
fn environments_are_repaired() {
    type Harm = fn(&Machine);
    let cases: [(&str, Harm); 5] = [
        ("the folder is gone", |machine| {
            let script = "chmod -R u+w ../home/environments; rm -r ../home/environments/*";
            machine.shell("", script).ok();
        }),
        ("its document is spoilt", |machine| {
            let document = machine.path("project/.puck/environment.json");
            damage(&document.canonicalize().unwrap(), Some(b"{"));
        }),
        ("a link leads elsewhere", |machine| {
            let script = "cd project/.puck/lib; chmod u+w .; ln -sf nowhere vecmath.v1.so";
            machine.shell("", script).ok();
        }),
        (".puck leads nowhere", |machine| {
            machine.shell("project", "ln -sfn /nowhere .puck").ok();
        }),
        ("it is not what is locked", |machine| {
            machine.write("project/Puck.toml", "[dependencies]\n");
            machine.ok("project", "lock");
        }),
    ];
    for (name, harm) in cases {
        let machine = machine();
        harm(&machine);
        let found = problems(&machine, "");
        assert!(!found.is_empty(), "{name}");
        if name != "a link leads elsewhere" {
            assert!(!problems(&machine, "--environment").is_empty(), "{name}");
        }
        let fixed = problems(&machine, "--fix");
        assert!(
            fixed.iter().all(|problem| problem["fixed"] == true),
            "{name}: {fixed:?}"
        );
        assert_eq!(problems(&machine, ""), Vec::<Value>::new(), "{name}");
        if name != "it is not what is locked" {
            assert_eq!(machine.ok("project", CALL), "11\n", "{name}");
        }
    }
}

#[test]
fn what_cannot_be_repaired_is_said() {
    let machine = machine();
    let (library, archive) = (
        stored(&machine, ".so").pop().unwrap(),
        stored(&machine, ".puck").pop().unwrap(),
    );
    flip(&library);
    flip(&archive);
    assert_snapshot!(machine.refused("project", "verify"), @"
    exit 1
    --- stdout
    [HOME]/archives/[SHA256].puck: its SHA-256 is [SHA256]; run `puck verify --fix`
    [HOME]/packages/vecmath-1.0.0-[HASH]: lib/[HASH].so has changed; run `puck verify --fix`

    --- stderr
        Verified 1 archive, 1 package, 1 environment
    error: 2 problems found

    hint: `puck verify --fix` repairs what can be repaired
    ");
    fs_err::rename(machine.registry(), machine.root().join("away")).unwrap();
    assert_snapshot!(machine.puck("project", "verify --fix"), @"
    exit 1
    --- stdout
    [HOME]/archives/[SHA256].puck: its SHA-256 is [SHA256]; vecmath 1.0.0 is locked, but neither the store nor the registry [HOME]/registry has it; name the registry that has it with --registry or PUCK_REGISTRY, or choose other versions with `puck update`
    [HOME]/packages/vecmath-1.0.0-[HASH]: lib/[HASH].so has changed; it could not be installed again (vecmath 1.0.0 is locked, but neither the store nor the registry [HOME]/registry has it; name the registry that has it with --registry or PUCK_REGISTRY, or choose other versions with `puck update`); run `puck install` in the project that needs it
    [HOME]/environments/[SHA256]: vecmath-1.0.0-[HASH] is missing or damaged; it could not be installed again (vecmath 1.0.0 is locked, but neither the store nor the registry [HOME]/registry has it; name the registry that has it with --registry or PUCK_REGISTRY, or choose other versions with `puck update`); run `puck install` in the project that needs it

    --- stderr
        Verified 1 archive, 1 package, 1 environment
    error: 3 problems found
    ");
    fs_err::rename(machine.root().join("away"), machine.registry()).unwrap();
    assert_snapshot!(machine.puck("project", "verify --fix"), @"
    exit 0
    --- stdout
    [HOME]/environments/[SHA256]: vecmath-1.0.0-[HASH] is missing or damaged (repaired)

    --- stderr
        Verified 0 archives, 0 packages, 1 environment
    ");
    assert_eq!(machine.ok("project", CALL), "11\n");
}

/// Another project's package is made again from its archive, without asking anybody.
#[test]
fn other_projects_are_repaired_too() {
    let machine = machine();
    machine.write("elsewhere/Puck.toml", "[dependencies]\n");
    flip(&stored(&machine, ".so").pop().unwrap());
    let run = machine.puck("elsewhere", "verify --fix --offline");
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(machine.ok("project", CALL), "11\n");
    machine.expect_tidy();
}

#[test]
fn members_of_a_workspace() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", crate::support::package::VECMATH, "");
    machine.write("team/Puck.toml", "[workspace]\nmembers = [\"norms\"]\n");
    let source = crate::support::package::NORM;
    machine.c_package("norms", "1.0.0", source, "vecmath = \"1\"\n");
    fs_err::rename(machine.path("norms"), machine.path("team/norms")).unwrap();
    machine.ok("team/norms", "install");
    for folder in ["team", "team/norms"] {
        machine.ok(folder, "verify");
    }
    flip(&stored(&machine, ".so").pop().unwrap());
    assert_eq!(machine.puck("team/norms", "verify").code, Some(1));
    machine.ok("team/norms", "verify --fix");
    machine.ok("team", "gc --max-age 0s");
    let call = "run norms::norm2 2 [3,4]";
    assert_eq!(machine.ok("team/norms", call), "25\n");
}
