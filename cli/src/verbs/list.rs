//! `puck list`

use clap::Args;
use puck_package::{EnvironmentPackage, Function, listing};
use puck_runtime::Environment;
use serde_json::{Value, json};

use crate::arguments::Format;
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;

/// List what is installed, in the project or for yourself
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck list
  puck list --functions
  puck list --user --format json")]
pub(crate) struct ListArguments {
    /// List the functions of each package, too
    #[arg(long)]
    functions: bool,
    /// Your own environment, also in a project
    #[arg(long)]
    user: bool,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

pub(crate) fn run(
    arguments: &ListArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let ListArguments {
        functions,
        user,
        format,
    } = arguments;
    let Some(environment) = settings.environment(*user)? else {
        return match format {
            Format::Json => console.json(&json!([])),
            Format::Text => {
                console.done("Empty", "nothing is installed");
                Ok(())
            }
        };
    };
    let of = |package: &EnvironmentPackage| -> Result<_, Failure> {
        let listed = functions
            .then(|| exported(&environment, package))
            .transpose()?;
        Ok(listed.unwrap_or_default())
    };
    if *format == Format::Json {
        let mut list = Vec::new();
        for package in environment.packages()? {
            let mut entry = json!({
                "name": package.name,
                "version": package.version,
                "series": package.series,
                "soname": package.soname,
                "sha256": package.sha256,
                "targets": package.targets,
                "direct": package.direct,
            });
            if *functions {
                entry["functions"] = of(package)?.iter().map(described).collect();
            }
            list.push(entry);
        }
        return console.json(&list);
    }
    for package in environment.packages()? {
        let indirect = if package.direct { "" } else { " (indirect)" };
        let EnvironmentPackage { name, version, .. } = package;
        console.line(format_args!(
            "{NAME}{name}{NAME:#} {version}{FAINT}{indirect}{FAINT:#}"
        ))?;
        for (function, types) in listing(&of(package)?) {
            let name = &function.name;
            console.line(format_args!("    {name}: {FAINT}{types}{FAINT:#}"))?;
        }
    }
    Ok(())
}

fn exported(
    environment: &Environment,
    package: &EnvironmentPackage,
) -> Result<Vec<Function>, Failure> {
    Ok(environment.functions(&format!("{}.{}", package.name, package.series))?)
}

/// An entry point for programs: with what tells it from others, where it is not one of C's.
fn described(function: &Function) -> Value {
    let mut entry = json!({"name": function.name, "signature": function.signature});
    if !function.is_c() {
        entry["abi"] = json!(function.abi);
        entry["link-name"] = json!(function.link_name);
    }
    if let Some(declared) = &function.declared {
        entry["declared"] = json!(declared);
    }
    entry
}
