//! Which locked packages have newer versions.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::Machine;

/// A project that needs `a`, which needs `b`; both locked at 1.0.0.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish_ir("bees", "1.0.0", 1, &[]);
    machine.publish_ir("ants", "1.0.0", 1, &["bees"]);
    machine.project(&[("ants", "1")]);
    machine.ok("project", "lock");
    machine
}

fn outdated(machine: &Machine) -> Value {
    let output = machine.ok("project", "outdated --format json");
    serde_json::from_str(&output).unwrap()
}

#[test]
fn newer_and_withdrawn_versions() {
    let machine = machine();
    assert_snapshot!(machine.puck("project", "outdated --exit-code"), @"
    exit 0
    --- stderr
       Unchanged every package is the newest there is
    ");
    assert_eq!(outdated(&machine), json!([]));

    machine.publish_ir("bees", "1.1.0", 1, &[]);
    machine.publish_ir("bees", "2.0.0", 1, &[]);
    machine.publish_ir("ants", "2.0.0-rc.1", 1, &["bees"]);
    let registry = puck_registry::Registry::open(&machine.registry()).unwrap();
    let (name, version) = ("ants".parse().unwrap(), "1.0.0".parse().unwrap());
    registry
        .yank(&name, &version, true, Some("counts wrong"))
        .unwrap();
    let before = machine.listing();
    assert_snapshot!(machine.puck("project", "outdated --exit-code"), @"
    exit 1
    --- stdout
    name  locked  compatible  newest      kind
    ants  1.0.0   -           2.0.0-rc.1  direct    yanked: counts wrong
    bees  1.0.0   1.1.0       2.0.0       indirect
    ");
    before.expect_same(&machine.listing());
    assert_eq!(outdated(&machine)[1]["compatible"], "1.1.0");
    assert_eq!(outdated(&machine)[0]["yank-reason"], "counts wrong");
    assert_eq!(machine.puck("project", "outdated").code, Some(0));
}
