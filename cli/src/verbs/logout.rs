//! `puck logout`

use clap::Args;
use puck_project::account::logout;

use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

/// Forget the token for a registry
///
/// The registry itself still knows it; whoever runs it can revoke it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck logout team")]
pub(crate) struct LogoutArguments {
    /// The registry's name [default: the default registry]
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(crate) fn run(
    arguments: &LogoutArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let LogoutArguments { name } = arguments;
    let machine = settings.machine()?;
    let registries = settings.registries(&machine)?;
    let place = match name {
        Some(name) => registries.place(name)?,
        None => registries.default_place().clone(),
    };
    let location = &place.registry.location;
    if logout(&machine, &place)? {
        console.done("Logged out", format_args!("of {location}"));
    } else {
        console.done(
            "Unchanged",
            format_args!("there was no token for {location}"),
        );
    }
    Ok(())
}
