//! `puck registry owner`

use clap::{Args, Subcommand};
use puck_package::PackageName;
use puck_registry_server::access::{Identity, User};
use puck_registry_server::http::block_on;

use super::place::PlaceArguments;
use crate::arguments::Format;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

/// Say who owns a package
///
/// As whoever runs the registry: packages that were published straight into the folder have no
/// owner until they are given one here.
#[derive(Debug, Args)]
pub(super) struct OwnerArguments {
    #[command(subcommand)]
    verb: OwnerVerb,
}

#[derive(Debug, Subcommand)]
enum OwnerVerb {
    /// Add an owner
    Add(ChangeArguments),
    /// Remove an owner; the last one stays
    Remove(ChangeArguments),
    /// Show the owners
    List(ListArguments),
}

#[derive(Debug, Args)]
struct ChangeArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The package
    #[arg(value_name = "PACKAGE")]
    package: PackageName,
    /// The user
    #[arg(value_name = "USER")]
    user: User,
}

#[derive(Debug, Args)]
struct ListArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The package
    #[arg(value_name = "PACKAGE")]
    package: PackageName,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn run(
    arguments: &OwnerArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let operator = Identity::operator();
    match &arguments.verb {
        OwnerVerb::Add(ChangeArguments {
            place,
            package,
            user,
        }) => {
            let service = place.service(settings)?;
            let owners = block_on(service.add_owner(package, user, &operator))??;
            console.done("Owned", format_args!("{package} by {}", listed(&owners)));
        }
        OwnerVerb::Remove(ChangeArguments {
            place,
            package,
            user,
        }) => {
            let service = place.service(settings)?;
            let owners = block_on(service.remove_owner(package, user, &operator))??;
            console.done("Owned", format_args!("{package} by {}", listed(&owners)));
        }
        OwnerVerb::List(ListArguments {
            place,
            package,
            format,
        }) => {
            let service = place.service(settings)?;
            let owners = block_on(service.owners(package))??;
            match format {
                Format::Json => console.json(&serde_json::json!({ "owners": owners }))?,
                Format::Text => {
                    for owner in owners {
                        console.line(owner)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn listed(owners: &[User]) -> String {
    let owners: Vec<&str> = owners.iter().map(User::as_str).collect();
    owners.join(", ")
}
