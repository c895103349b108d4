//! `puck add`

use std::path::PathBuf;

use clap::Args;
use puck_project::{Addition, PackageSpec, add};

use crate::arguments::ModeArguments;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::changes;

/// Add dependencies to the manifest, and lock
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck add linalg                    the newest version, and what is compatible with it
  puck add linalg@1.2 stats@'>=2'
  puck add local --path ../local")]
pub(crate) struct AddArguments {
    /// The packages: NAME or NAME@REQUIREMENT
    #[arg(required = true, value_name = "PACKAGE")]
    packages: Vec<PackageSpec>,
    /// A folder with the sources of the (one) package
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &AddArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let AddArguments {
        packages,
        path,
        mode,
    } = arguments;
    if path.is_some() && packages.len() > 1 {
        return Err(Failure::new(
            "--path names the folder of one package, but several were given",
        ));
    }
    let additions: Vec<_> = packages
        .iter()
        .map(|spec| Addition {
            spec: spec.clone(),
            path: path.as_ref().map(|path| settings.directory.join(path)),
        })
        .collect();
    let machine = settings.machine()?;
    let edited = add(
        &machine,
        &settings.project()?,
        &additions,
        &mode.mode(settings),
    )?;
    for (name, what) in &edited.dependencies {
        console.done("Added", format_args!("{name} {what}"));
    }
    changes(console, &edited.locked);
    Ok(())
}
