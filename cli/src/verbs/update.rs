//! `puck update`

use clap::Args;
use puck_package::PackageName;
use puck_project::{Update, lock};

use crate::arguments::ModeArguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show;

/// Choose the newest versions that the manifest allows
///
/// Only Puck.lock changes; `puck install` installs what it says then.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck update
  puck update linalg vecmath")]
pub(crate) struct UpdateArguments {
    /// The packages to choose anew [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<PackageName>,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &UpdateArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let UpdateArguments { names, mode } = arguments;
    let machine = settings.machine()?;
    let update = if names.is_empty() {
        Update::Everything
    } else {
        Update::Packages(names.iter().cloned().collect())
    };
    let locked = lock(&machine, &settings.project()?, &mode.mode(settings), update)?;
    show::lock(console, &locked);
    Ok(())
}
