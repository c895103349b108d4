//! `puck registry`

mod owner;
mod place;
mod serve;
mod token;

use clap::{Args, Subcommand};

use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

/// Run a registry for others: serve it, and say who may change it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck registry serve /srv/puck --address 0.0.0.0:7878
  puck registry token create /srv/puck --user alice
  puck registry owner add /srv/puck linalg alice")]
pub(crate) struct RegistryArguments {
    #[command(subcommand)]
    verb: RegistryVerb,
}

#[derive(Debug, Subcommand)]
enum RegistryVerb {
    Serve(Box<serve::ServeArguments>),
    Token(token::TokenArguments),
    Owner(owner::OwnerArguments),
}

pub(crate) fn run(
    arguments: &RegistryArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    match &arguments.verb {
        RegistryVerb::Serve(arguments) => serve::run(arguments, settings, console),
        RegistryVerb::Token(arguments) => token::run(arguments, settings, console),
        RegistryVerb::Owner(arguments) => owner::run(arguments, settings, console),
    }
}
