//! The `puck` command: arguments in, reports out.
//!
//! | module | what |
//! |---|---|
//! | `arguments` | what can be typed: the verbs and the options that all share |
//! | `verbs` | one file a verb: its own options, and what it shows |
//! | `console` | the only place that prints |
//! | `settings` | what holds after options, environment and `config.toml`: home, registry, mode |
//! | `secret` | what is typed and not shown |
//! | `failure` | errors, hints and exit codes |
//!
//! The work itself is in `puck-project` and below.

mod arguments;
mod console;
mod failure;
mod secret;
mod settings;
mod show;
mod verbs;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use puck_package::Config;
use puck_store::Store;

use crate::arguments::Arguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

fn main() -> ExitCode {
    let typed: Vec<_> = std::env::args_os().collect();
    // What is wrong with the arguments is shown in the colours that they ask for, too.
    let parsed = Arguments::command()
        .color(arguments::asked_color(&typed))
        .try_get_matches_from(&typed)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => return failure::usage(&error),
    };
    let config = config();
    let color = settings::color(&arguments.global, config.as_ref().ok());
    let console = Console::new(&arguments.global, color.0);
    let result = config
        .and_then(|config| Settings::new(&arguments.global, config, color, &console))
        .and_then(|settings| verbs::run(arguments.verb, &settings, &console));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => console.failure(&failure),
    }
}

/// The user's settings; none, where there is no home.
fn config() -> Result<Config, Failure> {
    match Store::default_home() {
        Ok(home) => Ok(Config::read(&std::path::absolute(home)?)?),
        Err(_) => Ok(Config::default()),
    }
}
