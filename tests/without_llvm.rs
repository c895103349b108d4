//! The command that was built without LLVM: it does all but compile.
//!
//! It is another binary than the one that is tested otherwise, which `cargo xtask test` builds and
//! names in a variable.

use std::path::PathBuf;

use puck_package::variables;

use crate::support::Machine;
use crate::support::run::Run;

/// Where the binary is.
const VARIABLE: &str = "PUCK_TEST_WITHOUT_LLVM";

#[test]
#[ignore = "needs another binary; `cargo xtask test` builds it and runs this"]
fn without_llvm() {
    let other = variables::get(VARIABLE).expect("the variable names the binary");
    let other = PathBuf::from(other);
    let size = |path: &str| fs_err::metadata(path).unwrap().len();
    let without = size(other.to_str().unwrap());
    let with = size(crate::support::PUCK);
    assert!(without < with, "{without} bytes, {with} with LLVM");

    let machine = Machine::new();
    machine.publish_ir("first", "1.0.0", 1, &[]);
    machine.publish_ir("second", "1.0.0", 2, &["first"]);
    machine.project(&[("second", "1")]);
    let call = |folder: &str, line: &str| machine.program(&other, folder, line);

    // What another puck has compiled on this machine serves this one, too.
    let manifest = machine.read("project/Puck.toml");
    machine.write("compiled/Puck.toml", &manifest);
    machine.ok("compiled", "install --link lto --target-cpu x86-64");

    let works = [
        ("project", "install", ""),
        ("project", "install --link lto --target-cpu x86-64", ""),
        ("project", "run second::sum", "3"),
        ("project", "install --link image", ""),
        ("project", "run second::sum", "3"),
        ("project", "install", ""),
        ("project", "install --frozen", ""),
        ("project", "list", "second 1.0.0"),
        ("project", "tree", "first 1.0.0"),
        ("project", "run second::sum", "3"),
        ("project", "environment", "second.v1.so"),
        ("project", "size", "second::sum"),
        (
            "project",
            "search --signature 'fn(u64, f64, *mut f64)'",
            "second 1.0.0",
        ),
        ("project", "info second", "1.0.0"),
        ("project", "inspect second", "second.v1.sum."),
        ("project", "add first", ""),
        ("project", "update", ""),
        ("project", "remove first", ""),
        ("", "install first", ""),
        ("", "run first::sum", "1"),
        ("", "new other --lang c", ""),
        // The dependencies of a package, which itself would have to be compiled.
        ("second", "install", ""),
        ("second", "run first::sum", "1"),
    ];
    for (folder, line, said) in works {
        let stdout = call(folder, line).ok();
        assert!(
            stdout.contains(said),
            "`{line}` in `{folder}`: no `{said}` in\n{stdout}"
        );
    }

    machine.write(
        "consumer/Puck.toml",
        "[dependencies]\nsecond = { path = \"../second\" }\n",
    );
    call("consumer", "lock").ok();
    machine.ok("", "new krate --lang rust");
    let needs_compiler = [
        ("second", "build"),
        ("second", "pack"),
        ("second", "publish"),
        ("consumer", "install"),
        ("krate", "build"),
        ("project", "install --link lto"),
        ("project", "install --target-cpu x86-64"),
        ("project", "inspect second --ir"),
        ("project", "inspect second --asm sum"),
    ];
    for (folder, line) in needs_compiler {
        let Run {
            code,
            stderr,
            stdout,
            ..
        } = machine.refuse(call(folder, line));
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "`{line}`: {stderr}");
        assert!(
            stderr.contains("needs a compiler") && stderr.contains("hint: "),
            "`{line}` in `{folder}`: {stderr}"
        );
    }
}
