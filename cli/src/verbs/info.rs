//! `puck info`

use clap::Args;
use puck_package::{IndexLine, listing};
use puck_project::{PackageSpec, Registries, newest, no_such_version, unknown_package};

use crate::arguments::Format;
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::{needs, size, table};

/// Show what the registry says of a package: its versions, what it offers and needs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck info linalg
  puck info linalg@1.2 --format json")]
pub(crate) struct InfoArguments {
    /// The package: NAME, or NAME@REQUIREMENT for the newest version that matches
    package: PackageSpec,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

pub(crate) fn run(
    arguments: &InfoArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let InfoArguments { package, format } = arguments;
    let machine = settings.machine()?;
    let versions = versions(&settings.registries(&machine)?, package)?;
    let Some(newest) = newest(&versions, package.requirement.as_ref()) else {
        return Err(no_such_version(package, &versions).into());
    };
    match format {
        Format::Json => {
            let all: Vec<_> = versions.iter().map(|line| &line.version).collect();
            console.json(&serde_json::json!({"newest": newest, "versions": all}))
        }
        Format::Text => show(newest, &versions, console),
    }
}

fn versions(registries: &Registries<'_>, package: &PackageSpec) -> Result<Vec<IndexLine>, Failure> {
    let versions = match registries.default()? {
        Some(registry) => registry.versions(&package.name)?,
        None => Vec::new(),
    };
    if versions.is_empty() {
        return Err(unknown_package(registries, &package.name)?.into());
    }
    Ok(versions)
}

fn show(line: &IndexLine, versions: &[IndexLine], console: &Console) -> Result<(), Failure> {
    let yanked = match (&line.yank_reason, line.yanked) {
        (_, false) => String::new(),
        (None, true) => " (yanked)".to_owned(),
        (Some(reason), true) => format!(" (yanked: {reason})"),
    };
    console.line(format_args!(
        "{NAME}{}{NAME:#} {}{yanked}",
        line.name, line.version
    ))?;
    if !line.description.is_empty() {
        console.line(&line.description)?;
    }
    let mut facts = vec![
        vec!["published".to_owned(), line.time.clone()],
        vec!["size".to_owned(), size(line.size)],
        vec!["sha256".to_owned(), line.sha256.to_string()],
        vec!["targets".to_owned(), line.targets.join(" ")],
    ];
    if !line.keywords.is_empty() {
        facts.push(vec!["keywords".to_owned(), line.keywords.join(" ")]);
    }
    let all: Vec<_> = versions
        .iter()
        .map(|l| format!("{}{}", l.version, if l.yanked { " (yanked)" } else { "" }))
        .collect();
    facts.push(vec!["versions".to_owned(), all.join(", ")]);
    for dependency in &line.dependencies {
        let what = format!(
            "{} {} ({})",
            dependency.name, dependency.requirement, dependency.series
        );
        facts.push(vec!["needs".to_owned(), what]);
    }
    console.print(table(&facts))?;
    for (export, types) in listing(&line.exports) {
        let needs = needs(export.needs.as_deref());
        let needs = needs.map_or_else(String::new, |needs| format!("  ({needs})"));
        console.line(format_args!(
            "    {}: {FAINT}{types}{FAINT:#}{needs}",
            export.name
        ))?;
    }
    Ok(())
}
