//! Layered call graphs: disk, builds, opening and memory, for each way to link them.

use anyhow::{Result, bail};

use crate::findings::Findings;
use crate::settings::Settings;

/// Measures every graph.
pub(crate) fn run(_: &Settings) -> Result<Findings> {
    Ok(Findings::default())
}

/// Runs as a child.
pub(crate) fn child(words: &[&str]) -> Result<()> {
    bail!("not a child's arguments: {words:?}")
}
