//! What every chore needs on the machine.

use anyhow::Result;

use crate::{no_arguments, sdk, steps, tools};

/// The verb: like [`ensure`], and says so when there is nothing to do.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    no_arguments("setup", arguments)?;
    ensure()?;
    if let Some(clang) = tools::clang() {
        steps::note(&format!("clang: {clang}"));
    }
    if !tools::has_nextest() {
        steps::note("cargo-nextest is not installed: tests run with `cargo test`");
    }
    steps::note("all is there: `cargo build` and `cargo nextest run` work too");
    Ok(())
}

/// Gets what is missing; silent when nothing is.
pub(crate) fn ensure() -> Result<()> {
    tools::ensure()?;
    sdk::ensure()
}
