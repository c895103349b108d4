//! The Python package: lints, its wheel, and its tests with the oldest and the newest Numba.
//!
//! Everything is under `target/python/`: a virtual environment for tools, one for each end of what is
//! supported, the wheel. What is there and current is not made again: an environment when what is
//! asked of it changes, its `puck` when the wheel does.

mod environment;
mod interpreters;
mod runs;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::workspace::{command, root, target_dir};
use crate::{setup, steps};
use environment::Environment;

/// The ends of what is supported: what they are called, and the requirements' file.
const ENDS: [&str; 2] = ["oldest", "newest"];

/// The verb: only the Python package, arguments to pytest.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    setup::ensure()?;
    steps::step("Build the command", || {
        steps::run(crate::workspace::cargo().args(["build", "--package", "puck"]))
    })?;
    lint()?;
    test(arguments)
}

/// Formatting and lints.
pub(crate) fn lint() -> Result<()> {
    steps::step("Formatting and lints of Python", || {
        let ruff = tools()?.program("ruff");
        for check in [&["format", "--check", "--quiet"][..], &["check", "--quiet"]] {
            let mut ruff = command(&ruff);
            // Where its configuration is.
            ruff.args(check).current_dir(root().join("python"));
            ruff.env("RUFF_CACHE_DIR", target_dir().join("python/ruff"));
            steps::run(&mut ruff)?;
        }
        Ok(())
    })
}

/// Builds the wheel, and tests what it installs.
pub(crate) fn test(arguments: &[String]) -> Result<()> {
    let wheel = steps::step("Python wheel", wheel)?;
    let (oldest, newest) = interpreters::ends()?;
    let environments = steps::step("Python environments", || {
        let mut environments = Vec::new();
        for (end, python) in ENDS.into_iter().zip([&oldest, &newest]) {
            let environment = Environment::ensure(end, python)?;
            environment.ensure_wheel(&wheel)?;
            environments.push(environment);
        }
        Ok(environments)
    })?;
    steps::step("Python tests, with the oldest and the newest Numba", || {
        runs::all(&environments, arguments)
    })
}

/// A Python with the newest Numba and the package: the program.
pub(crate) fn newest() -> Result<PathBuf> {
    let wheel = wheel()?;
    let (_, python) = interpreters::ends()?;
    let environment = Environment::ensure(ENDS[1], &python)?;
    environment.ensure_wheel(&wheel)?;
    Ok(environment.program("python"))
}

fn tools() -> Result<Environment> {
    Environment::ensure("tools", &interpreters::any()?)
}

/// The wheel, built if what it is made of has changed.
fn wheel() -> Result<PathBuf> {
    let tools = tools()?;
    let folder = target_dir().join("python/wheel");
    // Afresh: an older version's would be found beside it.
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    let mut maturin = command(tools.program("maturin"));
    maturin
        .args(["build", "--quiet", "--profile", "dev", "--manifest-path"])
        .arg(root().join("python/Cargo.toml"))
        .arg("--interpreter")
        .arg(tools.program("python"))
        .arg("--out")
        .arg(&folder)
        // Cargo is told of the interpreter there, and would build much again for each of both.
        .env("CARGO_TARGET_DIR", target_dir().join("python/build"));
    steps::run(&mut maturin)?;
    let wheels = fs_err::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    match wheels.as_slice() {
        [wheel] => Ok(wheel.path()),
        _ => bail!(
            "expected one wheel in {}, found {}",
            folder.display(),
            wheels.len()
        ),
    }
}
