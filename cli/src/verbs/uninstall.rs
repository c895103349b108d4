//! `puck uninstall`

use std::collections::BTreeSet;

use clap::Args;
use puck_package::PackageName;
use puck_project::{InstallOptions, Project, Update, uninstall};

use crate::arguments::{LinkArguments, ModeArguments};
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::changes;

/// Remove packages from your own environment
///
/// A project's dependencies are removed with `puck remove`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck uninstall linalg")]
pub(crate) struct UninstallArguments {
    /// The packages
    #[arg(required = true, value_name = "NAME")]
    names: Vec<PackageName>,
    #[command(flatten)]
    link: LinkArguments,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &UninstallArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let UninstallArguments { names, link, mode } = arguments;
    let machine = settings.machine()?;
    let user = Project::user(machine.store())?;
    let options = InstallOptions {
        mode: mode.mode(settings),
        update: Update::Nothing,
        with_itself: false,
        link: link.options(),
        jobs: settings.jobs,
    };
    let installed = uninstall(&machine, &user, names, &options, console)?;
    changes(console, &installed.locked);
    for name in names.iter().collect::<BTreeSet<_>>() {
        console.done("Removed", name);
    }
    Ok(())
}
