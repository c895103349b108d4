//! The server's log: lines on standard error, for people or for programs.

use std::io::IsTerminal as _;

use puck_package::variables;
use tracing_subscriber::EnvFilter;

/// What is logged unless `PUCK_LOG` says otherwise.
const USUAL: &str = "info";

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A line of JSON.
    Json,
}

/// Writes what is logged from now on to standard error, as `PUCK_LOG` asks for: a level (`warn`),
/// or levels by target (`warn,puck::request=info`).
///
/// Does nothing if the process logs already. Returns what of `PUCK_LOG` was not understood.
pub fn start(format: LogFormat) -> Option<String> {
    let asked = variables::get(variables::PUCK_LOG);
    let (filter, complaint) = match asked.as_ref().map(|text| text.to_string_lossy()) {
        None => (EnvFilter::new(USUAL), None),
        Some(text) => match EnvFilter::try_new(&text) {
            Ok(filter) => (filter, None),
            Err(error) => (
                EnvFilter::new(USUAL),
                Some(format!("PUCK_LOG is not understood: {error}")),
            ),
        },
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // Whoever embeds the server may have a log already.
    _ = match format {
        LogFormat::Text => log.compact().try_init(),
        LogFormat::Json => log
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .try_init(),
    };
    complaint
}
