//! `puck inspect`: IR, machine code, and what is in an archive.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Machine;
use crate::support::package::{NORM, VECMATH};

fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.publish("linalg", "1.0.0", NORM, "vecmath = \"1\"\n");
    machine
}

#[test]
fn intermediate_representation() {
    let machine = machine();
    let ir = machine.ok("", "inspect linalg --ir");
    assert!(
        ir.contains("define dso_local double @linalg.v1.norm2."),
        "{ir}"
    );
    assert!(ir.contains("@vecmath.v1.dot."), "{ir}");
    assert!(!ir.contains("target-cpu"), "{ir}");
}

#[test]
fn machine_code() {
    let machine = machine();
    let code = machine.ok("", "inspect linalg --asm norm2");
    assert!(
        code.contains("norm2") && code.contains("vecmath.v1.dot."),
        "{code}"
    );
    let same = machine.ok("", "inspect linalg@1 --asm norm2 --target x86-64");
    assert_eq!(code, same);
    assert_snapshot!(machine.refused("", "inspect linalg --asm norm"), @"
    exit 1
    --- stderr
    error: `linalg` has no function `norm`

    hint: did you mean `norm2`?
    ");
    assert_snapshot!(machine.refused("", "inspect linalg --asm norm2 --target x86-64-v4"), @"
    exit 1
    --- stderr
    error: `linalg` has no code for x86-64-v4; it has: x86-64
    ");
}

#[test]
fn imports_and_system_imports() {
    let machine = machine();
    let source = "#include <math.h>\ndouble waves(double x) { return sin(x) + exp(x); }\n";
    machine.publish("waves", "1.0.0", source, "");
    assert_snapshot!(machine.ok("", "inspect waves"), @"
    waves 1.0.0
    archive     [HOME]/registry/archives/waves/waves-1.0.0.puck ([SIZE])
    sha256      [SHA256]
    built with  puck [VERSION], LLVM [VERSION], clang [VERSION]
    glibc       2.29 or newer

    functions
      waves  fn(x: f64) -> f64  [SIZE]  waves.v1.waves.856ea68b

    targets
      x86-64  obj/[HASH].o  [SIZE]

    system imports
      exp  libm.so.6  GLIBC_2.29
      sin  libm.so.6  GLIBC_2.2.5

    files
      include/waves.h         [SIZE]  [SHA256]
      ir/waves.bc             [SIZE]  [SHA256]
      obj/[HASH].o  [SIZE]  [SHA256]
    ");
    let text = machine.ok("", "inspect linalg --format json");
    let package = &serde_json::from_str::<Value>(&text).unwrap()["package"];
    assert_eq!(package["imports"][0]["package"], "vecmath");
    assert_eq!(package["imports"][0]["function"], "dot");
    assert_eq!(package["dependencies"][0]["series"], "v1");
}

#[test]
fn files_and_names() {
    let machine = machine();
    let archive = machine.archive("linalg", "1.0.0");
    let by_file = machine.call("", "inspect").arg(&archive).ok();
    assert_eq!(by_file, machine.ok("", "inspect linalg@1.0"));
    // Nothing but the file is needed.
    fs_err::copy(&archive, machine.path("copy.puck")).unwrap();
    fs_err::remove_dir_all(machine.home()).unwrap();
    machine.ok("", "inspect copy.puck");
    assert_snapshot!(machine.refused("", "inspect missing.puck"), @"
    exit 1
    --- stderr
    error: failed to open file `[WORK]/missing.puck`: No such file or directory (os error 2)
    ");
    assert_snapshot!(machine.refused("", "inspect linalg"), @"
    exit 1
    --- stderr
    error: no package `linalg` in the registry [HOME]/registry

    hint: `puck search` finds packages by words; --registry names another registry
    ");
    machine.write("other.puck", "not an archive at all");
    assert_snapshot!(machine.refused("", "inspect other.puck"), @"
    exit 1
    --- stderr
    error: [WORK]/other.puck: the archive is truncated or damaged: Unknown frame descriptor
    ");
}
