//! `puck outdated`

use clap::Args;
use puck_project::{Outdated, outdated};
use serde_json::json;

use crate::arguments::{Format, ModeArguments};
use crate::console::{Console, FAINT};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::table;

/// Show which locked packages have newer versions, or were withdrawn
///
/// `compatible` is what `puck update` would lock; `newest` may need another requirement in the
/// manifest, or other versions of what needs the package.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck outdated
  puck outdated --exit-code        exit with 1 if there is anything to show
  puck update                      take what is compatible")]
pub(crate) struct OutdatedArguments {
    /// Exit with 1 if anything is outdated
    #[arg(long)]
    exit_code: bool,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &OutdatedArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let OutdatedArguments {
        exit_code,
        format,
        mode,
    } = arguments;
    let machine = settings.machine()?;
    let found = outdated(&machine, &settings.project()?, &mode.mode(settings))?;
    match format {
        Format::Json => console.json(&found.iter().map(json).collect::<Vec<_>>())?,
        Format::Text if found.is_empty() => {
            console.done("Unchanged", "every package is the newest there is");
        }
        Format::Text => console.print(rows(&found))?,
    }
    if *exit_code && !found.is_empty() {
        return Err(Failure::silent());
    }
    Ok(())
}

fn rows(found: &[Outdated]) -> String {
    let shown = |version: Option<String>| version.unwrap_or_else(|| "-".to_owned());
    let head = ["name", "locked", "compatible", "newest", "kind", ""];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for package in found {
        let yanked = match (package.yanked, &package.yank_reason) {
            (false, _) => String::new(),
            (true, None) => "yanked".to_owned(),
            (true, Some(reason)) => format!("yanked: {reason}"),
        };
        rows.push(vec![
            package.id.name.to_string(),
            package.id.version.to_string(),
            shown(package.compatible.as_ref().map(ToString::to_string)),
            shown(package.newest.as_ref().map(ToString::to_string)),
            kind(package).to_owned(),
            yanked,
        ]);
    }
    let text = table(&rows);
    match text.split_once('\n') {
        Some((head, rest)) => format!("{FAINT}{head}{FAINT:#}\n{rest}"),
        None => text,
    }
}

fn kind(package: &Outdated) -> &'static str {
    if package.direct { "direct" } else { "indirect" }
}

fn json(package: &Outdated) -> serde_json::Value {
    json!({
        "name": package.id.name,
        "locked": package.id.version,
        "compatible": package.compatible,
        "newest": package.newest,
        "yanked": package.yanked,
        "yank-reason": package.yank_reason,
        "kind": kind(package),
        "registry": package.registry,
    })
}
