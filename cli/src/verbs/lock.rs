//! `puck lock`

use clap::Args;
use puck_project::{Mode, lock};

use crate::arguments::{ChoiceArguments, ModeArguments};
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
  puck lock --locked              fail if Puck.lock is not up to date
  puck lock --resolution lowest   the oldest versions that the manifest allows")]
pub(crate) struct LockArguments {
    #[command(flatten)]
    choice: ChoiceArguments,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &LockArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let LockArguments { choice, mode } = arguments;
    let machine = settings.machine()?;
    let mode = Mode {
        choice: choice.choice(),
        ..mode.mode(settings)
    };
    let locked = lock(&machine, &settings.project()?, &mode, choice.update())?;
    show::lock(console, &locked);
    Ok(())
}
