//! Manifests that are not valid, and what is said of them.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::support::Machine;

const MANIFEST: &str = "\
[package]
name = \"answer\"
version = \"1.0.0\"

[build]
sources = [\"*.c\"]
targets = [\"x86-64\"]

[[function]]
name = \"answer\"
signature = \"fn() -> i32\"

[dependencies]
";

/// Changes the manifest in each of the ways and gives what `puck build` says.
fn refusals(machine: &Machine, cases: &[(&str, &str)]) -> String {
    machine.write("answer/answer.c", "int answer(void) { return 42; }\n");
    machine.write("answer/Puck.toml", MANIFEST);
    machine.ok("answer", "build");
    let mut all = String::new();
    for (from, to) in cases {
        machine.write("answer/Puck.toml", MANIFEST);
        machine.edit("answer/Puck.toml", from, to);
        let run = machine.refused("answer", "build");
        assert_eq!(run.stdout, "", "{to}");
        writeln!(all, "# {to}\n{}", run.stderr).unwrap();
    }
    all
}

#[test]
fn unknown_keys() {
    let machine = Machine::new();
    let cases = [
        ("[build]", "[biuld]"),
        ("name = \"answer\"\nversion", "nmae = \"answer\"\nversion"),
        ("sources", "source"),
        ("signature", "singature"),
        ("[dependencies]", "[dependencies]\na = { verison = \"1\" }"),
        ("[package]", "[package]\nedition = \"2024\""),
    ];
    assert_snapshot!(refusals(&machine, &cases), @r#"
    # [biuld]
    error: [WORK]/answer/Puck.toml:5: unknown key `biuld`

    hint: did you mean `build`?

    # nmae = "answer"
    version
    error: [WORK]/answer/Puck.toml:2: unknown key `nmae` in [package]

    hint: did you mean `name`?

    # source
    error: [WORK]/answer/Puck.toml:6: unknown key `source` in [build]

    hint: did you mean `sources`?

    # singature
    error: [WORK]/answer/Puck.toml:11: unknown key `singature` in [[function]]

    hint: did you mean `signature`?

    # [dependencies]
    a = { verison = "1" }
    error: [WORK]/answer/Puck.toml:14: unknown key `verison` in a dependency

    hint: did you mean `version`?

    # [package]
    edition = "2024"
    error: [WORK]/answer/Puck.toml:2: unknown key `edition` in [package]

    hint: known keys in [package]: name, version, description, license, authors, repository, readme, keywords
    "#);
}

#[test]
fn values_that_mean_nothing() {
    let machine = Machine::new();
    let cases = [
        ("\"answer\"\nversion", "\"Answer\"\nversion"),
        ("\"answer\"\nversion", "\"\"\nversion"),
        ("1.0.0", "1.0"),
        ("\"1.0.0\"", "1"),
        ("version = \"1.0.0\"", ""),
        ("fn() -> i32", "fn() -> int"),
        ("fn() -> i32", "fn(Matrix) -> i32"),
        ("fn() -> i32", "answer"),
        ("x86-64", "x86-64-v5"),
        ("[\"x86-64\"]", "[]"),
        ("[build]", "[build]\nopt-level = 9"),
        ("[build]", "[build]\ndebug = \"yes\""),
        ("[build]", "[build]\ncargo = \"Cargo.toml\""),
        ("[dependencies]", "[dependencies]\nlinalg = \"one\""),
        ("[dependencies]", "[dependencies]\nLinalg = \"1\""),
        ("[dependencies]", "[dependencies]\nlinalg = {}"),
        ("[dependencies]", "[dependencies]\nanswer = \"1\""),
        ("name = \"answer\"\nsignature", "signature"),
        ("[package]", "[package"),
        ("[build]", "[package]"),
    ];
    assert_snapshot!(refusals(&machine, &cases), @r#"
    # "Answer"
    version
    error: [WORK]/answer/Puck.toml:2: `name`: `Answer` is not a package name: expected a lower-case letter, then lower-case letters, digits and `-`, at most 64 characters

    # ""
    version
    error: [WORK]/answer/Puck.toml:2: `name`: `` is not a package name: expected a lower-case letter, then lower-case letters, digits and `-`, at most 64 characters

    # 1.0
    error: [WORK]/answer/Puck.toml:3: `version`: `1.0` is not a version such as `1.2.0`: unexpected end of input while parsing minor version number

    # 1
    error: [WORK]/answer/Puck.toml:3: `version`: expected a string, found integer

    # 
    error: [WORK]/answer/Puck.toml:1: [package] has no `version`

    # fn() -> int
    error: [WORK]/answer/Puck.toml:11: `signature`: invalid signature `fn() -> int`: `int` is called `i32` here

    # fn(Matrix) -> i32
    error: [WORK]/answer/Puck.toml:11: `signature`: invalid signature `fn(Matrix) -> i32`: `Matrix` by value: pass structs by pointer, `*const Matrix`

    # answer
    error: [WORK]/answer/Puck.toml:11: `signature`: invalid signature `answer`: expected a function type such as `fn(n: u64, x: *const f64) -> f64` (expected `fn`)

    # x86-64-v5
    error: [WORK]/answer/Puck.toml:7: `targets`: unknown target `x86-64-v5`: expected one of x86-64, x86-64-v2, x86-64-v3, x86-64-v4; did you mean `x86-64-v2`?

    # []
    error: [WORK]/answer/Puck.toml:7: `targets`: `x86-64` is missing: it runs on every processor, and the others are its variants

    # [build]
    opt-level = 9
    error: [WORK]/answer/Puck.toml:6: `opt-level`: expected a whole number from 0 to 3, found 9

    # [build]
    debug = "yes"
    error: [WORK]/answer/Puck.toml:6: `debug`: expected true or false, found string

    # [build]
    cargo = "Cargo.toml"
    error: [WORK]/answer/Puck.toml:5: [build] has both `sources` and `cargo`; a package is built from one

    # [dependencies]
    linalg = "one"
    error: [WORK]/answer/Puck.toml:14: `one` is not a version requirement such as `1.2` or `>=1.2, <3`: unexpected character 'o' while parsing major version number

    # [dependencies]
    Linalg = "1"
    error: [WORK]/answer/Puck.toml:14: `Linalg` is not a package name: expected a lower-case letter, then lower-case letters, digits and `-`, at most 64 characters

    # [dependencies]
    linalg = {}
    error: [WORK]/answer/Puck.toml:14: a dependency needs a `version` or a `path`

    # [dependencies]
    answer = "1"
    error: no choice of versions meets all requirements of answer 1.0.0

    answer 1.0.0 requires `answer ^1`, a package that does not exist.

    hint: check the name `answer`, and that the registry it is in is the one asked

    # signature
    error: [WORK]/answer/Puck.toml:9: [[function]] has no `name`

    # [package
    error: [WORK]/answer/Puck.toml is not valid TOML
    TOML parse error at line 1, column 9
      |
    1 | [package
      |         ^
    unclosed table, expected `]`

    # [package]
    error: [WORK]/answer/Puck.toml is not valid TOML
    TOML parse error at line 5, column 2
      |
    5 | [package]
      |  ^^^^^^^
    duplicate key
    "#);
}

#[test]
fn what_is_not_there() {
    let machine = Machine::new();
    let cases = [
        ("*.c", "src/*.c"),
        ("*.c", "*.f90"),
        ("*.c", "../*.c"),
        ("*.c", "[*.c"),
        (
            "name = \"answer\"\nsignature",
            "name = \"anser\"\nsignature",
        ),
        (
            "[dependencies]",
            "[dependencies]\nlocal = { path = \"../local\" }",
        ),
        ("[dependencies]", "[dependencies]\nother = { path = \".\" }"),
        ("[dependencies]", "[dependencies]\nlinalg = \"1\""),
        (
            "[dependencies]",
            "[dependencies]\nlinalg = { version = \"1\", registry = \"team\" }",
        ),
        (
            "version = \"1.0.0\"",
            "version = \"1.0.0\"\nreadme = \"READ.ME\"",
        ),
    ];
    assert_snapshot!(refusals(&machine, &cases), @r#"
    # src/*.c
    error: [WORK]/answer/Puck.toml: no file matches `src/*.c` in `sources`

    hint: there are: answer.c

    # *.f90
    error: [WORK]/answer/Puck.toml: no file matches `*.f90` in `sources`

    hint: there are: answer.c

    # ../*.c
    error: [WORK]/answer/Puck.toml: invalid pattern `../*.c` in `sources`: sources lie inside the project's folder

    # [*.c
    error: [WORK]/answer/Puck.toml: invalid pattern `[*.c` in `sources`: invalid range pattern

    # name = "anser"
    signature
    error: the manifest exports `anser`, but no source defines the function `anser`

    hint: did you mean `answer`?

    # [dependencies]
    local = { path = "../local" }
    error: `local` comes from the folder [WORK]/local, but no manifest is there

    hint: correct the path of `local` in the manifest that depends on it

    # [dependencies]
    other = { path = "." }
    error: [WORK]/answer/Puck.toml is the manifest of `answer`, not of `other`

    # [dependencies]
    linalg = "1"
    error: no choice of versions meets all requirements of answer 1.0.0

    answer 1.0.0 requires `linalg ^1`, a package that does not exist.

    hint: check the name `linalg`, and that the registry it is in is the one asked

    # [dependencies]
    linalg = { version = "1", registry = "team" }
    error: answer 1.0.0 takes `linalg` from the registry `team`, which is not known here

    hint: say where it is: `puck config set registries.team ADDRESS`, or [registries] in Puck.toml, or set PUCK_REGISTRY_TEAM

    # version = "1.0.0"
    readme = "READ.ME"
    error: [WORK]/answer/Puck.toml: `readme = "READ.ME"`: failed to query resolved metadata `[WORK]/answer/READ.ME`: No such file or directory (os error 2)
    "#);
}

#[test]
fn not_text_or_not_a_file() {
    let machine = Machine::new();
    machine.write("answer/Puck.toml", b"[package]\nname = \"\xff\"\n");
    assert_snapshot!(machine.refused("answer", "build"), @"
    exit 1
    --- stderr
    error: [WORK]/answer/Puck.toml is not text in UTF-8: byte 18 (from 0) cannot stand there
    ");
    let large = format!("# {}\n", "x".repeat(20_000_000));
    machine.write("large/Puck.toml", large);
    assert_snapshot!(machine.refused("large", "build"), @"
    exit 1
    --- stderr
    error: [WORK]/large/Puck.toml is larger than [N] bytes
    ");
}

#[test]
fn crates() {
    let machine = Machine::new();
    machine.ok("", "new kernels --lang rust");
    machine.ok("kernels", "build");
    let manifest = machine.read("kernels/Cargo.toml");
    for (from, to) in [
        ("doc = \"The dot", "dok = \"The dot"),
        ("version = \"0.1.0\"", "version = \"one\""),
    ] {
        machine.edit("kernels/Cargo.toml", from, to);
        let run = machine.refused("kernels", "build");
        assert!(run.stderr.contains("Cargo.toml"), "{run}");
        machine.write("kernels/Cargo.toml", &manifest);
    }
    machine.edit("kernels/Cargo.toml", "doc = \"The dot", "dok = \"The dot");
    assert_snapshot!(machine.refused("kernels", "build"), @"
    exit 1
    --- stderr
    error: [WORK]/kernels/Cargo.toml:29: unknown key `dok` in [[function]]

    hint: did you mean `doc`?
    ");
    // A crate that is no function package is none.
    machine.write(
        "plain/Cargo.toml",
        "[package]\nname = \"plain\"\nversion = \"1.0.0\"\n",
    );
    assert_snapshot!(machine.refused("plain", "build"), @"
    exit 1
    --- stderr
    error: no Puck.toml in [WORK]/plain or any folder above it

    hint: `puck new NAME` makes a package; a Puck.toml with [dependencies] alone is a project that uses packages; a crate is a package if its Cargo.toml has a [package.metadata.puck]
    ");
}
