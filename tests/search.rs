//! `puck search` and `puck info`.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Machine;
use crate::support::package::VECMATH;

fn machine() -> Machine {
    let machine = Machine::new();
    machine.c_package("vecmath", "1.0.0", VECMATH, "");
    machine.edit(
        "vecmath/Puck.toml",
        "version = \"1.0.0\"\n",
        "version = \"1.0.0\"\ndescription = \"Dense kernels\"\nkeywords = [\"blas\"]\n",
    );
    machine.ok("vecmath", "publish");
    machine.publish_constant("answer", "1.0.0", 42, "vecmath = \"1\"\n");
    machine
}

#[test]
fn by_words() {
    let machine = machine();
    for word in ["vecm", "DENSE", "blas", "scale"] {
        let found = machine.ok("", &format!("search {word}"));
        assert!(
            found.starts_with("vecmath 1.0.0  Dense kernels\n"),
            "{word}: {found}"
        );
        assert!(!found.contains("answer"), "{word}: {found}");
    }
    assert_snapshot!(machine.puck("", "search scale"), @"
    exit 0
    --- stdout
    vecmath 1.0.0  Dense kernels
        scale: fn(n: u64, a: f64, x: *mut f64)
    ");
    assert_snapshot!(machine.puck("", "search nowhere"), @"
    exit 0
    --- stderr
         Nothing found
    ");
}

#[test]
fn by_signature() {
    let machine = machine();
    let signature = "'fn(u64, *const f64, *const f64) -> f64'";
    assert_snapshot!(machine.puck("", &format!("search --signature {signature}")), @"
    exit 0
    --- stdout
    vecmath 1.0.0  Dense kernels
        dot: fn(n: u64, x: *const f64, y: *const f64) -> f64
    ");
    let found = machine.ok("", "search --signature 'fn() -> i32' --format json");
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found[0]["name"], "answer");
    assert_eq!(found[0]["exports"][0]["signature"], "fn() -> i32");
    assert_snapshot!(machine.puck("", "search --signature 'fn(u64)'"), @"
    exit 0
    --- stderr
         Nothing found
    ");
}

#[test]
fn what_a_registry_says() {
    let machine = machine();
    assert_snapshot!(machine.puck("", "info answer"), @"
    exit 0
    --- stdout
    answer 1.0.0
    published  [TIME]
    size       [SIZE]
    sha256     [SHA256]
    targets    x86-64
    versions   1.0.0
    needs      vecmath ^1 (v1)
        answer: fn() -> i32
    ");
    let info: Value = serde_json::from_str(&machine.ok("", "info vecmath --format json")).unwrap();
    assert_eq!(info["newest"]["keywords"], serde_json::json!(["blas"]));
    assert_eq!(info["versions"], serde_json::json!(["1.0.0"]));
    assert_snapshot!(machine.refused("", "info vekmath"), @"
    exit 1
    --- stderr
    error: no package `vekmath` in the registry [HOME]/registry

    hint: did you mean `vecmath`?
    ");
    assert_snapshot!(machine.refused("", "info vecmath@2"), @"
    exit 1
    --- stderr
    error: no version of `vecmath` matches `^2`; there is 1.0.0
    ");
}

#[test]
fn nothing_was_ever_published() {
    let machine = Machine::new();
    assert_snapshot!(machine.puck("", "search anything"), @"
    exit 0
    --- stderr
         Nothing found
    ");
    assert_snapshot!(machine.refused("", "info anything"), @"
    exit 1
    --- stderr
    error: no package `anything` in the registry [HOME]/registry

    hint: `puck search` finds packages by words; --registry names another registry
    ");
    assert!(!machine.home().exists());
}
