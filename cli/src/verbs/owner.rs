//! `puck owner`

use clap::{Args, Subcommand};
use puck_package::PackageName;
use puck_project::account::{OwnerChange, owners};
use serde_json::json;

use crate::arguments::Format;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

/// Show or change who may publish versions of a package
///
/// Whoever publishes a package first owns it; a package has one owner at least.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck owner list linalg
  puck owner add linalg alice")]
pub(crate) struct OwnerArguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the owners of a package
    List {
        /// The package
        name: PackageName,
        /// The form of the output
        #[arg(long, value_enum, default_value_t, value_name = "FORM")]
        format: Format,
    },
    /// Let a user publish versions of a package, too
    Add {
        /// The package
        name: PackageName,
        /// The user
        user: String,
    },
    /// Let a user publish versions of a package no more
    Remove {
        /// The package
        name: PackageName,
        /// The user
        user: String,
    },
}

pub(crate) fn run(
    arguments: &OwnerArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let machine = settings.machine()?;
    let registries = settings.registries(&machine)?;
    let change = |name, change| owners(&registries, name, &change);
    match &arguments.action {
        Action::List { name, format } => {
            let owners = change(name, OwnerChange::None)?;
            match format {
                Format::Json => console.json(&json!({"name": name, "owners": owners}))?,
                Format::Text if owners.is_empty() => {
                    console.done("None", format_args!("nobody owns `{name}`"));
                }
                Format::Text => {
                    for owner in owners {
                        console.line(owner)?;
                    }
                }
            }
        }
        Action::Add { name, user } => {
            let owners = change(name, OwnerChange::Add(user.clone()))?;
            console.done("Added", format_args!("{user} to the owners of `{name}`"));
            console.note(format_args!("now: {}", owners.join(", ")));
        }
        Action::Remove { name, user } => {
            let owners = change(name, OwnerChange::Remove(user.clone()))?;
            console.done(
                "Removed",
                format_args!("{user} from the owners of `{name}`"),
            );
            console.note(format_args!("now: {}", owners.join(", ")));
        }
    }
    Ok(())
}
