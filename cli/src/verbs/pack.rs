//! `puck pack`

use clap::Args;
use puck_project::pack;

use crate::arguments::{MemberArguments, ModeArguments};
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::size;

/// Build the package in this folder and write its archive
///
/// The archive is target/puck/NAME-VERSION.puck; the same sources and tools always give the same
/// bytes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck pack
  puck inspect $(puck pack --quiet)")]
pub(crate) struct PackArguments {
    #[command(flatten)]
    member: MemberArguments,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &PackArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let PackArguments { member, mode } = arguments;
    let machine = settings.machine()?;
    let project = member.project(settings)?;
    let packed = pack(
        &machine,
        &project,
        &mode.mode(settings),
        settings.jobs,
        console,
    )?;
    let document = &packed.built.document;
    let (name, version) = (&document.name, &document.version);
    console.done(
        "Packed",
        format_args!("{name} {version} ({})", size(packed.size)),
    );
    console.line(settings.shown(&packed.path).display())
}
