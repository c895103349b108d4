//! `puck install`

use clap::Args;
use puck_project::{
    Addition, InstallOptions, Mode, PackageSpec, Project, add_and_install, install,
};

use crate::arguments::{ChoiceArguments, LinkArguments, ModeArguments};
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::installed;

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
  puck install --link lto        all packages compiled as one program for this machine
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
    link: LinkArguments,
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
        link,
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
        link: link.options(),
        jobs: settings.jobs,
    };
    let done = if packages.is_empty() {
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
    installed(console, &done);
    Ok(())
}
