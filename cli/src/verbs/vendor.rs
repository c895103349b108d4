//! `puck vendor`

use std::path::PathBuf;

use clap::Args;
use puck_project::vendor;

use crate::arguments::ModeArguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

/// Write the locked packages into a folder of the project, as a registry
///
/// The folder holds exactly what Puck.lock names: one registry, or, where packages come from
/// several, one in a folder of each one's name. The same Puck.lock gives the same bytes. What is
/// printed goes into Puck.toml; then the project installs from the folder, anywhere and without a
/// network. Packages that are built from folders are not part of it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck vendor vendor                     write, and show the setting
  puck vendor vendor >> Puck.toml        the first time
  puck install --offline                 on a machine that has nothing else")]
pub(crate) struct VendorArguments {
    /// The folder; it must be new, empty, or have been written by this command
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &VendorArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let VendorArguments { folder, mode } = arguments;
    let machine = settings.machine()?;
    let vendored = vendor(
        &machine,
        &settings.project()?,
        &settings.directory.join(folder),
        &mode.mode(settings),
        settings.jobs,
        console,
    )?;
    let packages = match vendored.packages {
        1 => "1 package".to_owned(),
        count => format!("{count} packages"),
    };
    let place = settings.shown(&vendored.directory).display();
    console.done("Vendored", format_args!("{packages} in {place}"));
    if vendored.registries.is_empty() {
        return Ok(());
    }
    console.note("to install from there, Puck.toml needs:");
    console.print(format_args!("\n{}", vendored.settings))
}
