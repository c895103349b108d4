//! What can be typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, ValueEnum};
use puck_package::{LinkMode, PackageName, Target, TargetCpu};
use puck_project::{Before, Choice, LinkOptions, Origin, Project, Strategy, Update};

use crate::failure::Failure;
use crate::settings::Settings;
use crate::verbs::Verb;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Package manager, build tool and runtime for compiled functions
///
/// Packs compiled functions with their LLVM IR and typed signatures, serves them from a registry,
/// and installs them as ordinary shared libraries: a caller declares its callees, and every one of
/// them is on the machine once.
#[derive(Debug, Parser)]
#[command(
    name = "puck",
    version,
    styles = STYLES,
    max_term_width = 100,
    disable_help_subcommand = false,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  puck new kernels --lang c                make a package
  puck build                               compile it
  puck publish                             publish it to the local registry
  puck install kernels                     install it for yourself
  puck run kernels::dot 2 [1,2] [3,4]      call a function of it

`puck help VERB` says more about a verb."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
}

/// Options of every verb.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArguments {
    /// The default registry: a configured name, an address or a folder [env: PUCK_REGISTRY]
    #[arg(long, global = true, value_name = "REGISTRY")]
    pub(crate) registry: Option<OsString>,
    /// Work in this folder
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Print only results and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Colours in what is printed [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub(crate) color: Option<ColorChoice>,
    /// How many threads may work at once [default: the number of processors]
    #[arg(short, long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
}

/// When to print colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What `--color` says in arguments that may not be valid otherwise.
pub(crate) fn asked_color(typed: &[OsString]) -> clap::ColorChoice {
    let mut choice = clap::ColorChoice::Auto;
    for (i, word) in typed.iter().enumerate() {
        let value = match word.to_str() {
            Some("--color") => typed.get(i + 1).and_then(|value| value.to_str()),
            Some(word) => word.strip_prefix("--color="),
            None => None,
        };
        match value {
            Some("always") => choice = clap::ColorChoice::Always,
            Some("never") => choice = clap::ColorChoice::Never,
            _ => {}
        }
    }
    choice
}

/// The form of what is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// How versions are chosen that are not locked.
#[derive(Debug, Args)]
pub(crate) struct ChoiceArguments {
    /// Which of the versions that would do is taken; choosing by it anew gives the lock up
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(crate) resolution: Option<ResolutionChoice>,
    /// Pass over versions published later, unless they are locked: 2026-01-31, or 7d for a week ago
    #[arg(long, value_name = "TIME", value_parser = puck_project::before)]
    pub(crate) before: Option<Before>,
}

/// Which of the versions that would do is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResolutionChoice {
    /// The newest of every package
    Highest,
    /// The oldest of every package
    Lowest,
    /// The oldest of what the project requires itself, the newest of all else
    LowestDirect,
}

impl ChoiceArguments {
    pub(crate) fn choice(&self) -> Choice {
        let Self { resolution, before } = self;
        Choice {
            strategy: match resolution {
                None | Some(ResolutionChoice::Highest) => Strategy::Highest,
                Some(ResolutionChoice::Lowest) => Strategy::Lowest,
                Some(ResolutionChoice::LowestDirect) => Strategy::LowestDirect,
            },
            before: before.clone(),
        }
    }

    /// What is given up where nothing is named: all, if it is to be chosen in another way.
    pub(crate) fn update(&self) -> Update {
        match self.resolution {
            None => Update::Nothing,
            Some(_) => Update::Everything,
        }
    }
}

/// How the environment that is made is linked; for this run, whatever the manifest says.
#[derive(Debug, Args)]
pub(crate) struct LinkArguments {
    /// A library for each package (dynamic), one of all (image), or one compiled as a whole (lto)
    /// [default: as the manifest says]
    #[arg(long, value_name = "MODE", value_parser = link_mode())]
    pub(crate) link: Option<LinkMode>,
    /// Compile the packages on this machine: for exactly its processor, or for a level [default: as
    /// the manifest says, and with lto native]
    #[arg(long, value_name = "CPU", value_parser = target_cpu())]
    pub(crate) target_cpu: Option<TargetCpu>,
}

fn link_mode() -> impl TypedValueParser<Value = LinkMode> {
    PossibleValuesParser::new(LinkMode::ALL.map(LinkMode::name)).try_map(|name| name.parse())
}

fn target_cpu() -> impl TypedValueParser<Value = TargetCpu> {
    let levels = Target::ALL.map(Target::name);
    PossibleValuesParser::new(["native"].into_iter().chain(levels)).try_map(|name| name.parse())
}

impl LinkArguments {
    pub(crate) fn options(&self) -> LinkOptions {
        let Self { link, target_cpu } = *self;
        LinkOptions {
            link,
            target_cpu,
            as_it_is: false,
        }
    }
}

/// Which package of a workspace.
#[derive(Debug, Args)]
pub(crate) struct MemberArguments {
    /// Work on this member of the workspace
    #[arg(short, long, value_name = "NAME")]
    pub(crate) package: Option<PackageName>,
}

impl MemberArguments {
    /// The project that is worked in, or its member that was named.
    pub(crate) fn project(&self, settings: &Settings) -> Result<Project, Failure> {
        let project = settings.project()?;
        match &self.package {
            Some(name) => Ok(project.member(name)?),
            None => Ok(project),
        }
    }
}

/// What must not happen.
#[derive(Debug, Args)]
pub(crate) struct ModeArguments {
    /// Fail if Puck.lock would change
    #[arg(long)]
    pub(crate) locked: bool,
    /// Use only what is on this machine
    #[arg(long)]
    pub(crate) offline: bool,
    /// Both --locked and --offline
    #[arg(long)]
    pub(crate) frozen: bool,
}

impl ModeArguments {
    pub(crate) fn mode(&self, settings: &Settings) -> puck_project::Mode {
        let Self {
            locked,
            offline,
            frozen,
        } = *self;
        let by = |asked: bool, flag| asked.then_some(flag);
        let offline = by(frozen, "--frozen").or(by(offline, "--offline"));
        puck_project::Mode {
            locked: by(frozen, "--frozen").or(by(locked, "--locked")),
            offline: offline
                .map(Origin::Flag)
                .or_else(|| settings.offline.clone()),
            choice: Choice::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_known_before_the_arguments_are() {
        for (typed, choice) in [
            (&["puck", "bild"][..], clap::ColorChoice::Auto),
            (
                &["puck", "bild", "--color", "never"],
                clap::ColorChoice::Never,
            ),
            (
                &["puck", "--color=always", "bild"],
                clap::ColorChoice::Always,
            ),
            (&["puck", "--color"], clap::ColorChoice::Auto),
            (&["puck", "--color", "pink"], clap::ColorChoice::Auto),
        ] {
            let typed: Vec<_> = typed.iter().map(OsString::from).collect();
            assert_eq!(asked_color(&typed), choice, "{typed:?}");
        }
    }
}
