//! `puck yank`

use clap::Args;
use puck_project::VersionSpec;
use puck_project::account::yank;

use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

/// Withdraw a published version, or take that back
///
/// A yanked version stays where it is, for the lockfiles that name it; nobody else gets it any more.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck yank linalg@1.2.0 --reason 'wrong results for odd sizes'
  puck yank linalg@1.2.0 --undo")]
pub(crate) struct YankArguments {
    /// The version to withdraw
    #[arg(value_name = "NAME@VERSION")]
    version: VersionSpec,
    /// Take it back
    #[arg(long)]
    undo: bool,
    /// Why, in a line: shown to whoever looks at the package
    #[arg(long, value_name = "TEXT", conflicts_with = "undo")]
    reason: Option<String>,
}

pub(crate) fn run(
    arguments: &YankArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let YankArguments {
        version,
        undo,
        reason,
    } = arguments;
    let machine = settings.machine()?;
    let registries = settings.registries(&machine)?;
    let (changed, registry) = yank(&registries, version, !undo, reason.as_deref())?;
    let what = format!("{} {} in `{registry}`", version.name, version.version);
    match (changed, undo) {
        (true, false) => console.done("Yanked", what),
        (true, true) => console.done("Restored", what),
        (false, false) => console.done("Unchanged", format_args!("{what} is yanked already")),
        (false, true) => console.done("Unchanged", format_args!("{what} is not yanked")),
    }
    Ok(())
}
