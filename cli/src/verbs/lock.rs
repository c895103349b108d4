//! `puck lock`

use clap::Args;
use puck_project::{Update, lock};

use crate::arguments::ModeArguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show;

/// Bring Puck.lock up to date with the manifest
///
/// What is locked and still allowed is kept; `puck update` chooses newer versions.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck lock
  puck lock --locked      fail if Puck.lock is not up to date")]
pub(crate) struct LockArguments {
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &LockArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let LockArguments { mode } = arguments;
    let machine = settings.machine()?;
    let locked = lock(
        &machine,
        &settings.project()?,
        &mode.mode(settings),
        Update::Nothing,
    )?;
    show::lock(console, &locked);
    Ok(())
}
