//! `puck update`

use clap::Args;
use puck_package::PackageName;
use puck_project::{Mode, Update, lock};
use semver::Version;

use crate::arguments::{ChoiceArguments, ModeArguments};
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show;

/// Choose the newest versions that the manifest allows
///
/// Only Puck.lock changes; `puck install` installs what it says then.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck update
  puck update linalg vecmath
  puck update linalg --precise 1.2.0
  puck update --before 7d             nothing that is newer than a week")]
pub(crate) struct UpdateArguments {
    /// The packages to choose anew [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<PackageName>,
    /// Choose exactly this version of the one package that is named
    #[arg(
        long,
        value_name = "VERSION",
        requires = "names",
        conflicts_with = "resolution"
    )]
    precise: Option<Version>,
    #[command(flatten)]
    choice: ChoiceArguments,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &UpdateArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let UpdateArguments {
        names,
        precise,
        choice,
        mode,
    } = arguments;
    let machine = settings.machine()?;
    let update = match (precise, names.as_slice()) {
        (Some(version), [name]) => Update::Precise(name.clone(), version.clone()),
        (Some(_), _) => {
            return Err(Failure::new(
                "`--precise` takes one package, as one version is that of one package".to_owned(),
            ));
        }
        (None, []) => Update::Everything,
        (None, names) => Update::Packages(names.iter().cloned().collect()),
    };
    let mode = Mode {
        choice: choice.choice(),
        ..mode.mode(settings)
    };
    let locked = lock(&machine, &settings.project()?, &mode, update)?;
    show::lock(console, &locked);
    Ok(())
}
