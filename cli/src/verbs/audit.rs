//! `puck audit`

use std::collections::BTreeSet;

use clap::Args;
use puck_package::Capability;
use puck_project::{Audit, AuditedPackage, PackageSpec, Uses, audit};
use serde_json::json;

use crate::arguments::{Format, ModeArguments};
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;

/// Show what packages may touch: files, network, processes, …
///
/// What compiled functions reach beyond their memory they reach by functions of the system, which
/// their package lists. They are sorted by what they reach. `[policy] deny = ["network", "process"]`
/// in the manifest makes installing refuse packages that reach that; this shows which do, and exits
/// with 1 if there are any.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck audit                       all packages of the project
  puck audit linalg                one of them, or else the newest in the registry
  puck audit --format json")]
pub(crate) struct AuditArguments {
    /// Only these packages: NAME or NAME@REQUIREMENT
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PackageSpec>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &AuditArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let AuditArguments {
        packages,
        format,
        mode,
    } = arguments;
    let machine = settings.machine()?;
    let mode = mode.mode(settings);
    let project = match settings.find_project()? {
        Some(project) => Some(project),
        None if packages.is_empty() => Some(settings.project_or_user(&machine)?),
        None => None,
    };
    let found = audit(&machine, project.as_ref(), packages, &mode, console)?;
    match format {
        Format::Json => console.json(&json(&found))?,
        Format::Text => text(&found, console)?,
    }
    let denied: Vec<_> = found
        .packages
        .iter()
        .filter(|p| !p.denied.is_empty())
        .collect();
    match denied.first() {
        None => Ok(()),
        Some(first) => {
            let words: Vec<_> = first
                .denied
                .iter()
                .map(|word| format!("`{word}`"))
                .collect();
            let others = match denied.len() - 1 {
                0 => String::new(),
                1 => ", and 1 other package is not either".to_owned(),
                count => format!(", and {count} other packages are not either"),
            };
            Err(Failure::new(format!(
                "{} reaches {}, which [policy] does not allow{others}",
                first.id,
                words.join(", ")
            )))
        }
    }
}

fn text(audit: &Audit, console: &Console) -> Result<(), Failure> {
    for package in &audit.packages {
        let AuditedPackage { id, direct, .. } = package;
        let indirect = if *direct { "" } else { " (indirect)" };
        console.line(format_args!(
            "{NAME}{}{NAME:#} {}{FAINT}{indirect}{FAINT:#}",
            id.name, id.version
        ))?;
        if package.uses.is_empty() {
            console.line(format_args!(
                "    {FAINT}nothing but its own memory{FAINT:#}"
            ))?;
        }
        list(&package.uses, &package.denied, console)?;
    }
    if audit.packages.len() > 1 {
        console.line(format_args!("{NAME}all{NAME:#}"))?;
        let denied = audit.packages.iter().flat_map(|package| &package.denied);
        let words: Vec<_> = audit.all().keys().map(ToString::to_string).collect();
        let denied: BTreeSet<_> = denied.copied().collect();
        let words = if words.is_empty() {
            "nothing".to_owned()
        } else {
            words.join(", ")
        };
        console.line(format_args!("    {words}"))?;
        if !denied.is_empty() {
            let words: Vec<_> = denied.iter().map(ToString::to_string).collect();
            console.line(format_args!("    denied: {}", words.join(", ")))?;
        }
    }
    for id in &audit.not_built {
        console.note(format_args!(
            "{id} is not built yet; `puck install` does that"
        ));
    }
    Ok(())
}

fn list(uses: &Uses, denied: &BTreeSet<Capability>, console: &Console) -> Result<(), Failure> {
    for (capability, symbols) in uses {
        let words: Vec<_> = symbols.iter().map(String::as_str).collect();
        let mark = if denied.contains(capability) {
            " (denied)"
        } else {
            ""
        };
        console.line(format_args!(
            "    {capability:<12}{FAINT}{}{FAINT:#}{mark}",
            words.join(" ")
        ))?;
    }
    Ok(())
}

fn json(audit: &Audit) -> serde_json::Value {
    let uses = |uses: &Uses| -> serde_json::Value {
        let entry =
            |(capability, symbols): (&Capability, _)| (capability.to_string(), json!(symbols));
        uses.iter()
            .map(entry)
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let words = |denied: &BTreeSet<Capability>| -> Vec<_> {
        denied.iter().map(ToString::to_string).collect()
    };
    let packages = audit.packages.iter().map(|package| {
        json!({
            "name": package.id.name,
            "version": package.id.version,
            "direct": package.direct,
            "uses": uses(&package.uses),
            "denied": words(&package.denied),
        })
    });
    let not_built = audit
        .not_built
        .iter()
        .map(|id| json!({"name": id.name, "version": id.version}));
    json!({
        "packages": packages.collect::<Vec<_>>(),
        "all": uses(&audit.all()),
        "not-built": not_built.collect::<Vec<_>>(),
    })
}
