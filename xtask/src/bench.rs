//! The measurements of `docs/performance.md`.

use anyhow::Result;

use crate::workspace::{cargo, command, root, target_dir};
use crate::{setup, steps, tools};

/// The verb: builds the command and the benchmarks optimised, and hands the arguments on.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    setup::ensure()?;
    steps::step("Build the command and the benchmarks, optimised", || {
        steps::run(cargo().args(["build", "--release", "--package", "puck"]))?;
        steps::run(cargo().args(["build", "--release", "--package", "puck-benches"]))
    })?;
    let release = target_dir().join("release");
    let mut measure = command(release.join("puck-benches"));
    measure
        .arg("--puck")
        .arg(release.join("puck"))
        .arg("--work")
        .arg(root().join("target/bench"))
        .arg("--report")
        .arg(root().join("docs/performance.md"));
    if let Some(clang) = tools::clang() {
        measure.arg("--clang").arg(clang);
    }
    steps::quietly(measure.args(arguments))
}
