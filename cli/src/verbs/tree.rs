//! `puck tree`

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;
use puck_package::Lockfile;
use puck_package::lockfile::{PackageId, PackageSource};
use puck_project::{Update, lock};

use crate::arguments::{Format, ModeArguments};
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;

/// Show what the project depends on, and what that depends on
///
/// A package that was shown with its dependencies before is marked with (*).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck tree
  puck tree --format json")]
pub(crate) struct TreeArguments {
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &TreeArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let TreeArguments { format, mode } = arguments;
    let machine = settings.machine()?;
    let project = settings.project_or_user(&machine)?;
    let lockfile = lock(&machine, &project, &mode.mode(settings), Update::Nothing)?.lockfile;
    if *format == Format::Json {
        let packages = lockfile.packages.iter().map(|package| {
            serde_json::json!({
                "name": package.name,
                "version": package.version,
                "source": package.source,
                "dependencies": package.dependencies,
            })
        });
        return console.json(&serde_json::json!({
            "dependencies": lockfile.dependencies,
            "packages": packages.collect::<Vec<_>>(),
        }));
    }
    let mut text = match &project.manifest().package {
        Some(package) => format!("{NAME}{}{NAME:#} {}\n", package.name, package.version),
        None => format!("{}\n", project.directory().display()),
    };
    branches(
        &lockfile,
        &project.dependencies(&lockfile)?,
        "",
        &mut BTreeSet::new(),
        &mut text,
    );
    console.print(text)
}

fn branches(
    lockfile: &Lockfile,
    ids: &[PackageId],
    indent: &str,
    shown: &mut BTreeSet<PackageId>,
    text: &mut String,
) {
    for (i, id) in ids.iter().enumerate() {
        let last = i + 1 == ids.len();
        let (branch, below) = if last {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        let package = lockfile.package(id);
        let dependencies = package.map_or(&[][..], |package| &package.dependencies);
        let repeated = !shown.insert(id.clone()) && !dependencies.is_empty();
        let mut line = format!("{indent}{branch}{NAME}{}{NAME:#} {}", id.name, id.version);
        if let Some(PackageSource::Path(path)) = package.map(|package| &package.source) {
            _ = write!(line, " {FAINT}({path}){FAINT:#}");
        }
        if repeated {
            line.push_str(" (*)");
        }
        text.push_str(&line);
        text.push('\n');
        if !repeated {
            branches(
                lockfile,
                dependencies,
                &format!("{indent}{below}"),
                shown,
                text,
            );
        }
    }
}
