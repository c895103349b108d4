//! `puck build`

use clap::Args;
use puck_project::build;

use crate::arguments::{MemberArguments, ModeArguments};
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

/// Compile the package in this folder
///
/// The result is in target/puck/NAME-VERSION/: IR, an object for each target, a C header, and
/// package.json. What did not change since the last time is not compiled again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck build
  puck build --locked --jobs 1")]
pub(crate) struct BuildArguments {
    #[command(flatten)]
    member: MemberArguments,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &BuildArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let BuildArguments { member, mode } = arguments;
    let machine = settings.machine()?;
    let project = member.project(settings)?;
    let built = build(
        &machine,
        &project,
        &mode.mode(settings),
        settings.jobs,
        console,
    )?;
    let document = &built.document;
    let objects = match built.compiled {
        0 => "nothing to compile".to_owned(),
        1 => "1 object compiled".to_owned(),
        n => format!("{n} objects compiled"),
    };
    console.done(
        "Built",
        format_args!("{} {} ({objects})", document.name, document.version),
    );
    console.note(settings.shown(&built.directory).display());
    Ok(())
}
