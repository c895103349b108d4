//! `puck remove`

use clap::Args;
use puck_package::PackageName;
use puck_project::remove;

use crate::arguments::ModeArguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::changes;

/// Remove dependencies from the manifest, and lock
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck remove linalg")]
pub(crate) struct RemoveArguments {
    /// The packages
    #[arg(required = true, value_name = "NAME")]
    names: Vec<PackageName>,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &RemoveArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let RemoveArguments { names, mode } = arguments;
    let machine = settings.machine()?;
    let edited = remove(&machine, &settings.project()?, names, &mode.mode(settings))?;
    for (name, _) in &edited.dependencies {
        console.done("Removed", name);
    }
    changes(console, &edited.locked);
    Ok(())
}
