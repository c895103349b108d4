//! `puck login`

use clap::Args;
use puck_project::account::login;

use crate::console::Console;
use crate::failure::Failure;
use crate::secret;
use crate::settings::Settings;

/// Keep a token for a registry, which knows you by it
///
/// The token is asked for, or read from standard input; the registry says whether it is good. It is
/// kept in `credentials.toml` in Puck's home, which only you can read, and is sent to that registry's
/// address alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck login team
  puck login --registry https://registry.example --token-stdin < token")]
pub(crate) struct LoginArguments {
    /// The registry's name [default: the default registry]
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Read the token from standard input
    #[arg(long)]
    token_stdin: bool,
}

pub(crate) fn run(
    arguments: &LoginArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let LoginArguments { name, token_stdin } = arguments;
    let machine = settings.machine()?;
    let registries = settings.registries(&machine)?;
    let place = match name {
        Some(name) => registries.place(name)?,
        None => registries.default_place().clone(),
    };
    let location = place.registry.location.to_string();
    let token = if *token_stdin {
        secret::read()?
    } else {
        secret::ask(&format!("Token for {location}"))?
    };
    match login(&machine, &registries, &place, &token)? {
        Some(me) => console.done("Logged in", format_args!("to {location} as {}", me.user)),
        None => {
            console.done("Kept", format_args!("the token for {location}"));
            console.note("the registry has no API, so nobody can say whether the token is good");
        }
    }
    Ok(())
}
