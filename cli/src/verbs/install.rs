//! `puck install`

use clap::Args;
use puck_project::{
    Addition, InstallOptions, Installed, Mode, PackageSpec, Project, add_and_install, install,
};

use crate::arguments::{ChoiceArguments, ModeArguments};
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::changes;

/// Install what the project needs, or packages for yourself
///
/// Without names: what Puck.lock says, and the project itself if it is a package, into the
/// environment `.puck`. With names: packages into your own environment, which `puck run` uses
/// outside of projects.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck install
  puck install --frozen          exactly what is locked, from this machine alone
  puck install linalg stats@0.3  for yourself")]
pub(crate) struct InstallArguments {
    /// Packages for your own environment: NAME or NAME@REQUIREMENT
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PackageSpec>,
    /// Install only the dependencies of a project that is a package
    #[arg(long, conflicts_with = "packages")]
    only_dependencies: bool,
    #[command(flatten)]
    choice: ChoiceArguments,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &InstallArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let InstallArguments {
        packages,
        only_dependencies,
        choice,
        mode,
    } = arguments;
    let machine = settings.machine()?;
    let options = InstallOptions {
        mode: Mode {
            choice: choice.choice(),
            ..mode.mode(settings)
        },
        update: choice.update(),
        with_itself: !only_dependencies && cfg!(feature = "compiler"),
        jobs: settings.jobs,
    };
    let installed = if packages.is_empty() {
        install(&machine, &settings.project()?, &options, console)?
    } else {
        let user = Project::user(machine.store())?;
        let additions: Vec<_> = packages
            .iter()
            .map(|spec| Addition {
                spec: spec.clone(),
                path: None,
            })
            .collect();
        add_and_install(&machine, &user, &additions, &options, console)?
    };
    report(&installed, console);
    Ok(())
}

/// Says what an install changed.
fn report(installed: &Installed, console: &Console) {
    changes(console, &installed.locked);
    let count = installed.environment.document.packages.len();
    let packages = if count == 1 {
        "1 package".to_owned()
    } else {
        format!("{count} packages")
    };
    if installed.activated {
        console.done("Installed", packages);
    } else {
        console.done("Unchanged", format_args!("{packages} installed"));
    }
}
