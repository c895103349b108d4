//! `puck new`, and the whole way of what it makes, in every language.

use insta::assert_snapshot;
use puck_package::Digest;
use serde_json::Value;

use crate::support::Machine;

/// From `new` to a call and away again, in a language that these `compilers` build.
fn whole_way(language: &str, compilers: &[&str]) {
    let machine = Machine::new();
    machine.ok("", &format!("new kernels --lang {language}"));

    let built = machine.puck("kernels", "build");
    assert!(built.stderr.contains("objects compiled)"), "{built}");
    let again = machine.puck("kernels", "build");
    assert!(again.stderr.contains("(nothing to compile)"), "{again}");

    let archive = machine.ok("kernels", "pack");
    assert_eq!(archive, "target/puck/kernels-0.1.0.puck\n");
    let path = machine.path("kernels").join(archive.trim());
    let digest = Digest::of_file(&path).unwrap();
    fs_err::remove_dir_all(machine.path("kernels/target")).unwrap();
    machine.ok("kernels", "pack");
    assert_eq!(
        Digest::of_file(&path).unwrap(),
        digest,
        "the same sources give the same bytes"
    );

    let inspected = machine.ok(
        "kernels",
        "inspect target/puck/kernels-0.1.0.puck --format json",
    );
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    assert_eq!(inspected["sha256"], digest.to_string());
    let signatures: Vec<_> = inspected["package"]["functions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|function| function["signature"].as_str().unwrap())
        .collect();
    assert_eq!(
        signatures,
        [
            "fn(n: u64, x: *mut f64) -> f64",
            "fn(n: u64, x: *const f64, y: *const f64) -> f64"
        ]
    );

    let published = machine.puck("kernels", "publish");
    assert!(
        published
            .stderr
            .contains("Published kernels 0.1.0 to `local`"),
        "{published}"
    );
    let again = machine.puck("kernels", "publish");
    assert!(again.stderr.contains("Unchanged kernels 0.1.0"), "{again}");

    // A package can be called where it is made, and from anywhere once it is installed.
    assert_eq!(
        machine.ok("kernels", "run kernels::dot 3 [1,2,3] [4,5,6]"),
        "32\n"
    );
    machine.ok("", "install kernels@0.1");
    assert_eq!(machine.ok("", "run kernels::dot 3 [1,2,3] [4,5,6]"), "32\n");
    assert_eq!(
        machine.ok("", "run kernels::center 3 [1,2,6]"),
        "3\nx = [-2, -1, 3]\n"
    );
    assert_eq!(machine.ok("", "list"), "kernels 0.1.0\n");
    machine.ok("", "uninstall kernels");
    assert_eq!(machine.ok("", "list"), "");

    let inspected = machine.ok("", "inspect kernels");
    let (built_with, rest): (Vec<&str>, Vec<&str>) = inspected
        .lines()
        .partition(|line| line.starts_with("built with  puck "));
    let built_with = built_with.concat();
    let named = built_with.split(", ").skip(1);
    let named: Vec<_> = named.filter_map(|tool| tool.split(' ').next()).collect();
    assert_eq!(named, compilers, "{inspected}");
    assert_snapshot!(rest.join("\n"), @"
    kernels 0.1.0
    Vectors of doubles: dot product and centering
    archive     [HOME]/registry/archives/kernels/kernels-0.1.0.puck ([SIZE])
    sha256      [SHA256]

    functions
      center  fn(n: u64, x: *mut f64) -> f64                   [SIZE]  kernels.v0_1.center.0920c1eb
      dot     fn(n: u64, x: *const f64, y: *const f64) -> f64  [SIZE]  kernels.v0_1.dot.99b54b0a

    targets
      x86-64     obj/[HASH].o  [SIZE]
      x86-64-v3  obj/[HASH].o  [SIZE]
      x86-64-v4  obj/[HASH].o  [SIZE]

    files
      README.md               [SIZE]  [SHA256]
      include/kernels.h       [SIZE]  [SHA256]
      ir/kernels.bc           [SIZE]  [SHA256]
      obj/[HASH].o  [SIZE]  [SHA256]
      obj/[HASH].o  [SIZE]  [SHA256]
      obj/[HASH].o  [SIZE]  [SHA256]
    ");
}

#[test]
fn c() {
    whole_way("c", &["LLVM", "clang"]);
}

#[test]
fn cpp() {
    whole_way("cpp", &["LLVM", "clang"]);
}

#[test]
fn rust() {
    whole_way("rust", &["LLVM", "rustc"]);
}

#[test]
fn ir() {
    whole_way("ir", &["LLVM"]);
}

#[test]
fn what_is_written() {
    let machine = Machine::new();
    assert_snapshot!(machine.puck("", "new kernels --lang c"), @"
    exit 0
    --- stderr
         Created kernels in kernels
                 kernels/.gitignore
                 kernels/Puck.toml
                 kernels/README.md
                 kernels/src/vector.c
    ");
    assert_snapshot!(machine.puck("", "new kernels --lang rust --path deep/crate"), @"
    exit 0
    --- stderr
         Created kernels in deep/crate
                 deep/crate/.gitignore
                 deep/crate/Cargo.toml
                 deep/crate/README.md
                 deep/crate/src/lib.rs
    ");
    assert_snapshot!(machine.read("kernels/Puck.toml"), @r#"
    [package]
    name = "kernels"
    version = "0.1.0"
    description = "Vectors of doubles: dot product and centering"
    readme = "README.md"

    [build]
    sources = ["src/*.c"]

    # Only what is listed is exported. Signatures are read from what the compiler says of the code.

    [[function]]
    name = "dot"
    doc = "The dot product of x and y: the sum of x[i] * y[i]."

    [[function]]
    name = "center"
    doc = "Subtracts the mean of x from each of its elements, and returns the mean."
    "#);
}

#[test]
fn nothing_is_overwritten() {
    let machine = Machine::new();
    machine.write("kernels/notes.txt", "precious");
    assert_snapshot!(machine.refused("", "new kernels"), @"
    exit 1
    --- stderr
    error: [WORK]/kernels is not empty: it has `notes.txt`

    hint: choose another name or folder; an empty folder, or one with nothing but `.git`, is taken
    ");
    machine.write("file", "precious");
    assert_snapshot!(machine.refused("", "new kernels --path file"), @"
    exit 1
    --- stderr
    error: [WORK]/file is there already, and is not a folder

    hint: choose another name or folder; an empty folder, or one with nothing but `.git`, is taken
    ");
}
