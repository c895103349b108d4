//! `puck publish`

use clap::Args;
use puck_project::publish;

use crate::arguments::{MemberArguments, ModeArguments};
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::size;

/// Build the package in this folder and publish it to a registry
///
/// A published version never changes. A version that is compatible with one that is there (same
/// series) must offer every function that one offers.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck publish --dry-run
  puck publish --registry /srv/registry    an empty folder becomes a registry")]
pub(crate) struct PublishArguments {
    /// Check everything and write nothing to the registry
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    member: MemberArguments,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &PublishArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let PublishArguments {
        dry_run,
        member,
        mode,
    } = arguments;
    let machine = settings.machine()?;
    let project = member.project(settings)?;
    let publication = publish(
        &machine,
        &project,
        &mode.mode(settings),
        settings.jobs,
        *dry_run,
        console,
    )?;
    let line = &publication.published.line;
    let what = format!(
        "{} {} to `{}` ({})",
        line.name,
        line.version,
        publication.registry,
        size(publication.packed.size)
    );
    match (*dry_run, publication.published.new) {
        (true, true) => console.done("Checked", format_args!("{what}; nothing was published")),
        (false, true) => console.done("Published", what),
        (_, false) => {
            console.done(
                "Unchanged",
                format_args!("{what}; the same archive is there already"),
            );
        }
    }
    Ok(())
}
