//! What is typed wrongly: usage (exit code 2), and calls that fit no function.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::support::Machine;

#[test]
fn wrong_usage() {
    let machine = Machine::new();
    let mut all = String::new();
    for line in [
        "biuld",
        "build --fast",
        "build --jobs 0",
        "new",
        "new Kernels",
        "new kernels --lang fortran",
        "add",
        "add linalg@one",
        "install linalg@1 --only-dependencies",
        "inspect",
        "inspect a.puck --target x86-64",
        "inspect a.puck --asm f --target x86-64-v9",
        "search",
        "search --signature 'fn(int)'",
        "run",
        "environment --flags --export x",
        "completions tcsh",
        "lock --color sometimes",
    ] {
        let before = machine.listing();
        let run = machine.puck("", line);
        assert_eq!(run.code, Some(2), "{line}: {run}");
        assert_eq!(run.stdout, "", "{line}");
        before.expect_same(&machine.listing());
        let error = run.stderr.split("\nUsage:").next().unwrap();
        let error = error.split("\nFor more information").next().unwrap();
        writeln!(all, "$ puck {line}\n{error}").unwrap();
    }
    assert_snapshot!(all, @"
    $ puck biuld
    error: unrecognized subcommand 'biuld'

      tip: a similar subcommand exists: 'build'

    $ puck build --fast
    error: unexpected argument '--fast' found

    $ puck build --jobs 0
    error: invalid value '0' for '--jobs <N>': 0 is not in 1..=65535

    $ puck new
    error: the following required arguments were not provided:
      <NAME>

    $ puck new Kernels
    error: invalid value 'Kernels' for '<NAME>': `Kernels` is not a package name: expected a lower-case letter, then lower-case letters, digits and `-`, at most 64 characters

    $ puck new kernels --lang fortran
    error: invalid value 'fortran' for '--lang <LANGUAGE>'
      [possible values: c, cpp, rust, ir, python]

    $ puck add
    error: the following required arguments were not provided:
      <PACKAGE>...

    $ puck add linalg@one
    error: invalid value 'linalg@one' for '<PACKAGE>...': `one` is not a version requirement such as `1.2`: unexpected character 'o' while parsing major version number

    $ puck install linalg@1 --only-dependencies
    error: the argument '[PACKAGE]...' cannot be used with '--only-dependencies'

    $ puck inspect
    error: the following required arguments were not provided:
      <FILE.puck | PACKAGE>

    $ puck inspect a.puck --target x86-64
    error: the following required arguments were not provided:
      --asm <FUNCTION>

    $ puck inspect a.puck --asm f --target x86-64-v9
    error: invalid value 'x86-64-v9' for '--target <TARGET>': unknown target `x86-64-v9`: expected one of x86-64, x86-64-v2, x86-64-v3, x86-64-v4; did you mean `x86-64-v2`?

    $ puck search
    error: the following required arguments were not provided:
      <WORD>...

    $ puck search --signature 'fn(int)'
    error: invalid value 'fn(int)' for '--signature <SIGNATURE>': invalid signature `fn(int)`: `int` is called `i32` here

    $ puck run
    error: the following required arguments were not provided:
      <FUNCTION>

    $ puck environment --flags --export x
    error: the argument '--flags' cannot be used with '--export <DIR>'

    $ puck completions tcsh
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]

      tip: a similar value exists: 'zsh'

    $ puck lock --color sometimes
    error: invalid value 'sometimes' for '--color <WHEN>'
      [possible values: auto, always, never]
    ");
    let bare = machine.puck("", "");
    assert_eq!((bare.code, bare.stdout.as_str()), (Some(2), ""));
    assert!(bare.stderr.contains("Usage: puck"), "{bare}");
}

#[test]
fn calls_that_fit_no_function() {
    let machine = Machine::new();
    machine.ok("", "new kernels");
    machine.ok("kernels", "publish");
    machine.ok("", "install kernels");
    machine.write("data.csv", "a,b\n1,2\n");
    machine.write("x.npy", "not numpy");
    let mut all = String::new();
    for call in [
        "kernels::dot",
        "kernels::dot 2 [1,2]",
        "kernels::dot 2 [1,2] [3,4] 5",
        "kernels::dot -1 [1] [1]",
        "kernels::dot 1.5 [1] [1]",
        "kernels::dot [1] [1] [1]",
        "kernels::dot 1 [one] [1]",
        "kernels::dot 1 [1 [1]",
        "kernels::dot 1 @data.csv:c [1]",
        "kernels::dot 1 @data.csv [1]",
        "kernels::dot 1 @missing.npy [1]",
        "kernels::dot 1 @x.npy [1]",
        "kernels::dot --signature 'fn(u32) -> f64' 1",
        "kernels::dott 1 [1] [1]",
        "kernel::dot 1 [1] [1]",
        "kernels.v1::dot 1 [1] [1]",
        "kernels.dot 1",
        "dot 1 [1] [1]",
    ] {
        let run = machine.refused("", &format!("run {call}"));
        assert_eq!(run.stdout, "", "{call}");
        writeln!(all, "$ puck run {call}\n{}", run.stderr).unwrap();
    }
    assert_snapshot!(all, @r"
    $ puck run kernels::dot
    error: expected 3 arguments, found 0: fn(n: u64, x: *const f64, y: *const f64) -> f64

    $ puck run kernels::dot 2 [1,2]
    error: expected 3 arguments, found 2: fn(n: u64, x: *const f64, y: *const f64) -> f64

    $ puck run kernels::dot 2 [1,2] [3,4] 5
    error: expected 3 arguments, found 4: fn(n: u64, x: *const f64, y: *const f64) -> f64

    $ puck run kernels::dot -1 [1] [1]
    error: argument 1 (`n: u64`): `-1` is out of the range of u64: 0 to 18446744073709551615

    $ puck run kernels::dot 1.5 [1] [1]
    error: argument 1 (`n: u64`): expected a whole number, found `1.5`

    $ puck run kernels::dot [1] [1] [1]
    error: argument 1 (`n: u64`): expected a whole number, found `[1]`

    $ puck run kernels::dot 1 [one] [1]
    error: argument 2 (`x: *const f64`): element 0 (from 0): expected a number, found `one`

    $ puck run kernels::dot 1 [1 [1]
    error: argument 2 (`x: *const f64`): character 3 of the array: expected `,` or `]`, found the end

    hint: arrays look like `[1, 2, 3]`, `[[1, 2], [3, 4]]`, `[0; 100]`

    $ puck run kernels::dot 1 @data.csv:c [1]
    error: argument 2 (`x: *const f64`): [WORK]/data.csv: no column `c`; there are `a`, `b`

    $ puck run kernels::dot 1 @data.csv [1]
    error: argument 2 (`x: *const f64`): [WORK]/data.csv: which column? Write `:NAME` behind the file's name; there are `a`, `b`

    $ puck run kernels::dot 1 @missing.npy [1]
    error: argument 2 (`x: *const f64`): failed to open file `[WORK]/missing.npy`: No such file or directory (os error 2)

    $ puck run kernels::dot 1 @x.npy [1]
    error: argument 2 (`x: *const f64`): [WORK]/x.npy: not a .npy file: it does not begin with \x93NUMPY

    $ puck run kernels::dot --signature 'fn(u32) -> f64' 1
    error: no function has the signature `fn(u32) -> f64`; there is:
      fn(n: u64, x: *const f64, y: *const f64) -> f64

    $ puck run kernels::dott 1 [1] [1]
    error: kernels 0.1.0 has no function `dott`

    hint: did you mean `kernels::dot`?

    $ puck run kernel::dot 1 [1] [1]
    error: no package `kernel` in [HOME]/environments/[SHA256]

    hint: did you mean `kernels`?

    $ puck run kernels.v1::dot 1 [1] [1]
    error: no series v1 of `kernels` in [HOME]/environments/[SHA256], but v0_1

    hint: `kernels.v0_1::…` names the functions of v0_1

    $ puck run kernels.dot 1
    error: `kernels.dot` names no function: expected `package::function` or `package.v1::function`, found no `::`

    hint: did you mean `kernels::dot`?

    $ puck run dot 1 [1] [1]
    error: `dot` names no function: expected `package::function` or `package.v1::function`, found no `::`

    hint: did you mean `kernels::dot`?
    ");
}

#[test]
fn targets_that_the_processor_lacks() {
    let machine = Machine::new();
    machine.ok("", "new kernels");
    machine.ok("kernels", "publish");
    machine.ok("", "install kernels");
    let call = |target| {
        machine
            .call("", "run kernels::dot 1 [2] [3]")
            .env("PUCK_TARGET", target)
    };
    assert_snapshot!(machine.refuse(call("x86-64-v9")), @"
    exit 1
    --- stderr
    error: PUCK_TARGET: unknown target `x86-64-v9`: expected one of x86-64, x86-64-v2, x86-64-v3, x86-64-v4; did you mean `x86-64-v2`?
    ");
    assert_snapshot!(machine.refuse(call("pentium")), @"
    exit 1
    --- stderr
    error: PUCK_TARGET: unknown target `pentium`: expected one of x86-64, x86-64-v2, x86-64-v3, x86-64-v4
    ");
    // What this machine has is not for the test to choose.
    #[cfg(target_arch = "x86_64")]
    if !std::arch::is_x86_feature_detected!("avx512f") {
        let run = machine.refuse(call("x86-64-v4"));
        assert!(run.stderr.contains("x86-64-v4"), "{run}");
    }
}

#[test]
fn where_nothing_is() {
    let machine = Machine::new();
    let mut all = String::new();
    for verb in [
        "pack",
        "publish",
        "lock",
        "update",
        "install",
        "add linalg",
        "remove linalg",
    ] {
        let (run, build) = (machine.puck("", verb), machine.puck("", "build"));
        assert_eq!((run.code, &run.stderr), (Some(1), &build.stderr), "{verb}");
    }
    for line in [
        "build",
        "run a::b",
        "environment",
        "--directory nowhere build",
        "uninstall linalg",
        "install linalg",
        "inspect linalg",
        "info linalg",
        "--registry nowhere install linalg",
        "--registry nowhere publish",
    ] {
        let run = machine.puck("", line);
        assert_eq!(run.code, Some(1), "{line}: {run}");
        writeln!(all, "$ puck {line}\n{}", run.stderr).unwrap();
    }
    assert_snapshot!(all, @"
    $ puck build
    error: no Puck.toml in [WORK] or any folder above it

    hint: `puck new NAME` makes a package; a Puck.toml with [dependencies] alone is a project that uses packages; a crate is a package if its Cargo.toml has a [package.metadata.puck]

    $ puck run a::b
    error: nothing is installed for you

    hint: `puck install NAME` installs a package; in a project its own are used

    $ puck environment
    error: there is no environment yet

    hint: run `puck install`

    $ puck --directory nowhere build
    error: [WORK]/nowhere is not a folder

    $ puck uninstall linalg
    error: [HOME]/user/Puck.toml does not depend on `linalg`

    $ puck install linalg
    error: no package `linalg` in the registry [HOME]/registry

    hint: `puck search` finds packages by words; --registry names another registry

    $ puck inspect linalg
    error: no package `linalg` in the registry [HOME]/registry

    hint: `puck search` finds packages by words; --registry names another registry

    $ puck info linalg
    error: no package `linalg` in the registry [HOME]/registry

    hint: `puck search` finds packages by words; --registry names another registry

    $ puck --registry nowhere install linalg
    error: no registry is known as `nowhere`

    hint: give its address or folder, or say once where it is: `puck config set registries.nowhere ADDRESS`

    $ puck --registry nowhere publish
    error: no Puck.toml in [WORK] or any folder above it

    hint: `puck new NAME` makes a package; a Puck.toml with [dependencies] alone is a project that uses packages; a crate is a package if its Cargo.toml has a [package.metadata.puck]
    ");
}
