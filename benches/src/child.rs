//! What runs in processes of its own: `puck-benches child SUITE ARGUMENT…`.
//!
//! Opening, calling and holding in memory are measured in fresh processes, each of which does one
//! thing and prints what it found.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::settings::Suite;
use crate::{calls, graphs, kernels};

/// The first argument of a child.
pub(crate) const VERB: &str = "child";

/// Runs as a child.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some((suite, rest)) = words.split_first() else {
        bail!("a child needs the name of a suite");
    };
    match *suite {
        "graphs" => graphs::child(rest),
        "calls" => calls::child(rest),
        "kernels" => kernels::child(rest),
        other => bail!("no suite {other:?} has children"),
    }
}

/// The command that is a child of a suite with these arguments.
pub(crate) fn command<A: AsRef<OsStr>>(suite: Suite, arguments: &[A]) -> Result<Command> {
    let program = std::env::current_exe().context("cannot tell what program this is")?;
    let mut command = Command::new(program);
    command.arg(VERB).arg(suite.name()).args(arguments);
    Ok(command)
}

/// What a child prints, when it has ended well.
pub(crate) fn output<A: AsRef<OsStr>>(suite: Suite, arguments: &[A]) -> Result<String> {
    let mut command = command(suite, arguments)?;
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "a child failed ({command:?}): {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
