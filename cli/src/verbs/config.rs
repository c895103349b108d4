//! `puck config`

use clap::{Args, Subcommand};
use puck_project::config::{CommandSettings, SetValue, Setting, set, settings, unset};
use puck_store::Store;
use serde_json::{Value, json};

use crate::arguments::Format;
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;

/// Show or change the settings, and what they come from
///
/// Settings come from flags, variables, the project's manifest and `config.toml` in Puck's home, the
/// strongest first. `set` and `unset` change `config.toml`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  puck config --show-origin
  puck config registry
  puck config set registries.team https://registry.example
  puck config set registry team
  puck config unset offline"
)]
pub(crate) struct ConfigArguments {
    #[command(subcommand)]
    change: Option<Change>,
    /// Show only the value of this setting
    #[arg(value_name = "KEY")]
    key: Option<String>,
    /// Show what each value comes from: a flag, a variable, a line of a file
    #[arg(long)]
    show_origin: bool,
    /// Print the page of the reference instead
    #[arg(long, hide = true, conflicts_with = "key")]
    reference: bool,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Change {
    /// Write a setting to config.toml
    Set {
        /// The setting, such as registries.team
        key: String,
        /// Its value
        value: String,
    },
    /// Take a setting out of config.toml
    Unset {
        /// The setting, such as registries.team
        key: String,
    },
}

pub(crate) fn run(
    arguments: &ConfigArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let ConfigArguments {
        change,
        key,
        show_origin,
        reference,
        format,
    } = arguments;
    match change {
        Some(change) => write(change, settings, console),
        None if *reference => console.print(puck_package::config::page()),
        None => show(
            &wanted(key.as_deref(), settings)?,
            key.is_some(),
            *show_origin,
            *format,
            console,
        ),
    }
}

fn write(change: &Change, settings: &Settings, console: &Console) -> Result<(), Failure> {
    let home = std::path::absolute(Store::default_home()?)?;
    match change {
        Change::Set { key, value } => {
            set(&home, &settings.here, key, &SetValue(value.clone()))?;
            console.done("Set", format_args!("{key} to {value}"));
        }
        Change::Unset { key } if unset(&home, key)? => console.done("Removed", key),
        Change::Unset { key } => console.done("Unchanged", format_args!("{key} was not set")),
    }
    Ok(())
}

/// All settings that hold, or the one of a key.
fn wanted(key: Option<&str>, own: &Settings) -> Result<Vec<Setting>, Failure> {
    let command = CommandSettings {
        jobs: (own.jobs, own.jobs_by.clone()),
        color: own.color.clone(),
    };
    let mut all = settings(&own.machine()?, own.find_project()?.as_ref(), &command)?;
    let Some(key) = key else {
        return Ok(all);
    };
    let known: Vec<String> = all.iter().map(|setting| setting.key.clone()).collect();
    all.retain(|setting| setting.key == key);
    if all.is_empty() {
        let near = puck_package::nearest(key, known.iter().map(String::as_str));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`puck config` lists what is set".to_owned(),
        };
        return Err(Failure::new(format!("`{key}` is not set")).hint(hint));
    }
    Ok(all)
}

fn show(
    settings: &[Setting],
    one: bool,
    origins: bool,
    format: Format,
    console: &Console,
) -> Result<(), Failure> {
    if format == Format::Json {
        let list: Vec<_> = settings.iter().map(as_json).collect();
        return match list.first() {
            Some(setting) if one => console.json(setting),
            _ => console.json(&list),
        };
    }
    for Setting { key, value, origin } in settings {
        let plain = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let origin = if origins {
            format!("{FAINT}  # {origin}{FAINT:#}")
        } else {
            String::new()
        };
        if one {
            console.line(format_args!("{plain}{origin}"))?;
        } else {
            console.line(format_args!("{NAME}{key}{NAME:#} = {value}{origin}"))?;
        }
    }
    Ok(())
}

fn as_json(setting: &Setting) -> Value {
    let Setting { key, value, origin } = setting;
    json!({"key": key, "value": value, "origin": origin.to_string()})
}
