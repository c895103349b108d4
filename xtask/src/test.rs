//! Formatting, lints, tests: what continuous integration runs.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;

use crate::workspace::{cargo, target_dir};
use crate::{docs, python, setup, steps, tools};

/// The verb. Stops at the first step that fails; the test runner's own summary comes last.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let start = Instant::now();
    setup::ensure()?;
    steps::step("Formatting", || {
        steps::run(cargo().args(["fmt", "--all", "--check"]))
    })?;
    steps::step("Lints", || {
        steps::run(cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    steps::step("Lints of the command without LLVM", || {
        steps::run(
            cargo()
                .args(["clippy", "--package", "puck", "--no-default-features"])
                .args(["--", "-D", "warnings"]),
        )
    })?;
    python::lint()?;
    if tools::has_deny() {
        steps::step("Licences, advisories and sources of dependencies", || {
            steps::run(cargo().args(["deny", "check"]))
        })?;
    } else {
        steps::note("cargo-deny is not installed: licences and advisories are not checked");
    }

    // All at once: parts of the workspace, built alone, would be built again with other features.
    steps::step("Build", || {
        steps::run(cargo().args(["build", "--workspace", "--all-targets"]))
    })?;
    steps::step("Reference of the command is current", || {
        docs::reference(true)
    })?;
    if tools::has_nextest() {
        steps::step("Examples in the documentation", || {
            steps::run(cargo().args(["test", "--workspace", "--doc", "--quiet"]))
        })?;
        steps::step("Tests", || {
            steps::run(
                cargo()
                    .args(["nextest", "run", "--workspace"])
                    .args(arguments),
            )
        })?;
    } else {
        steps::note("cargo-nextest is not installed: `cargo test` runs the tests");
        steps::step("Tests", || {
            steps::run(
                cargo()
                    .args(["test", "--workspace", "--no-fail-fast"])
                    .args(arguments),
            )
        })?;
    }
    if arguments.is_empty() {
        python::test(&[])?;
    } else {
        steps::note(
            "Python's tests are left out, as tests were chosen: `cargo xtask python` runs them",
        );
    }
    steps::step("Tests of the command without LLVM", without_llvm)?;
    println!("all checks passed in {}", steps::seconds(start.elapsed()));
    Ok(())
}

/// Builds the other command, and runs the test that is for it.
fn without_llvm() -> Result<()> {
    let command = build_without_llvm()?;
    let mut cargo = cargo();
    // The whole workspace, as before, so that nothing is compiled again with other features.
    if tools::has_nextest() {
        cargo.args(["nextest", "run", "--workspace", "--run-ignored", "only"]);
        cargo.args(["-E", "test(without_llvm)"]);
    } else {
        cargo.args(["test", "--workspace", "--", "--ignored", "without_llvm"]);
    }
    steps::run(cargo.env("PUCK_TEST_WITHOUT_LLVM", command))
}

/// The command without LLVM, out of the way of the one with it.
fn build_without_llvm() -> Result<PathBuf> {
    steps::run(cargo().args(["build", "--package", "puck", "--no-default-features"]))?;
    let place = target_dir().join("without-llvm");
    fs_err::create_dir_all(&place)?;
    let command = place.join("puck");
    fs_err::copy(target_dir().join("debug/puck"), &command)?;
    Ok(command)
}
