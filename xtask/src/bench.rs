//! The measurements of `docs/performance.md`.

use std::path::PathBuf;

use anyhow::Result;

use crate::workspace::{cargo, command, root, target_dir};
use crate::{setup, steps, tools};

/// The uv that package management is compared with: the same one everywhere.
const UV: &str = "uv==0.13.9";

/// What jitted functions are compared with: the same versions everywhere.
const NUMBA: [&str; 4] = [
    "numba==0.67.0",
    "numbox==0.7.7",
    "numpy==2.4.6",
    "scipy==1.17.1",
];

/// The verb: builds the command and the benchmarks optimised, and hands the arguments on.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    setup::ensure()?;
    steps::step("Build the command and the benchmarks, optimised", || {
        steps::run(cargo().args(["build", "--release", "--package", "puck"]))?;
        steps::run(cargo().args(["build", "--release", "--package", "puck-benches"]))?;
        // Apart from the others, so that these have no LLVM in them.
        let jit = ["--features", "jit", "--bin", "puck-benches-jit"];
        steps::run(
            cargo()
                .args(["build", "--release", "--package", "puck-benches"])
                .args(jit),
        )
    })?;
    let release = target_dir().join("release");
    let work = root().join("target/bench");
    let mut measure = command(release.join("puck-benches"));
    measure
        .args(arguments)
        .arg("--puck")
        .arg(release.join("puck"))
        .arg("--work")
        .arg(&work)
        .arg("--report")
        .arg(root().join("docs/performance.md"));
    if let Some(clang) = tools::clang() {
        measure.arg("--clang").arg(clang);
    }
    if arguments.iter().any(|argument| argument == "packages") {
        // Not rustup's stand-in for it, which would be measured as well.
        measure.arg("--uv").arg(uv()?);
        measure.arg("--cargo").arg(cargo().get_program());
    }
    if arguments.iter().any(|argument| argument == "numba") {
        measure.arg("--python").arg(numba()?);
    }
    steps::quietly(&mut measure)
}

/// uv, from PyPI, in a Python environment below `target/`.
fn uv() -> Result<PathBuf> {
    let environment = target_dir().join("uv");
    let uv = environment.join("bin/uv");
    if !uv.exists() {
        steps::step("Install uv from PyPI", || {
            steps::run(command("python3").args(["-m", "venv"]).arg(&environment))?;
            let pip = environment.join("bin/pip");
            steps::run(command(pip).args(["install", "--quiet", UV]))
        })?;
    }
    Ok(uv)
}

/// A Python with Numba, numbox and this tree's package `puck`, in an environment below `target/`.
fn numba() -> Result<PathBuf> {
    let environment = target_dir().join("numba");
    let pip = environment.join("bin/pip");
    if !pip.exists() {
        steps::step("Install Numba and numbox from PyPI", || {
            steps::run(command("python3").args(["-m", "venv"]).arg(&environment))?;
            steps::run(command(&pip).args(["install", "--quiet"]).args(NUMBA))
        })?;
    }
    // Always, because this tree may have changed.
    steps::step("Build and install the Python package", || {
        steps::run(
            command(&pip)
                .args(["install", "--quiet", "--no-deps", "--force-reinstall"])
                .arg(root().join("python")),
        )
    })?;
    Ok(environment.join("bin/python"))
}
