//! `puck completions`

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::console::Console;
use crate::failure::Failure;

/// Print a script that completes puck's arguments in a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck completions bash > ~/.local/share/bash-completion/completions/puck
  puck completions fish > ~/.config/fish/completions/puck.fish")]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: &CompletionsArguments, console: &Console) -> Result<(), Failure> {
    let CompletionsArguments { shell } = arguments;
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut Arguments::command(), "puck", &mut script);
    console.bytes(&script)
}
