//! `puck fetch`

use clap::Args;
use puck_project::fetch;

use crate::arguments::ModeArguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::changes;

/// Download what Puck.lock names, to install it later without a network
///
/// Archives are put into the store; nothing is unpacked, built or activated. Then `puck install
/// --offline` finds everything there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck fetch
  puck fetch --locked          exactly what Puck.lock says
  puck install --offline       later, without a network")]
pub(crate) struct FetchArguments {
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &FetchArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let FetchArguments { mode } = arguments;
    let machine = settings.machine()?;
    let mode = mode.mode(settings);
    let fetched = fetch(
        &machine,
        &settings.project()?,
        &mode,
        settings.jobs,
        console,
    )?;
    changes(console, &fetched.locked);
    let archives = |count: usize| match count {
        1 => "1 archive".to_owned(),
        count => format!("{count} archives"),
    };
    match fetched.fetched.len() {
        0 => console.done(
            "Unchanged",
            format_args!("{} in the store", archives(fetched.all)),
        ),
        count => console.done(
            "Fetched",
            format_args!("{}, {} in the store", archives(count), fetched.all),
        ),
    }
    for id in &fetched.fetched {
        console.note(id);
    }
    Ok(())
}
