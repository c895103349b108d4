//! `puck verify`

use clap::Args;
use puck_project::{InstallOptions, LinkOptions, Project, Update, Verified, VerifyOptions, verify};
use serde_json::json;

use crate::arguments::{Format, ModeArguments};
use crate::console::{Console, FAINT};
use crate::failure::Failure;
use crate::settings::Settings;

/// Compare every byte of what is installed with what it should be
///
/// Reads the whole store: archives, packages, environments, and the libraries that were made here
/// for them. Then looks whether the project's environment, and your own, are what Puck.lock says.
/// Installing looks at names and sizes only. Exits with 1 if anything is wrong and stays so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck verify
  puck verify --fix            remove what is damaged, and make it again
  puck verify --environment    only what the project uses")]
pub(crate) struct VerifyArguments {
    /// Repair: from archives, and from registries where archives are damaged, too
    #[arg(long)]
    fix: bool,
    /// Only the store
    #[arg(long, conflicts_with = "environment")]
    store: bool,
    /// Only the environment of the project, or else your own, and its packages
    #[arg(long)]
    environment: bool,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &VerifyArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let VerifyArguments {
        fix,
        store,
        environment,
        format,
        mode,
    } = arguments;
    let machine = settings.machine()?;
    let mut projects = Vec::new();
    if !store {
        projects.extend(settings.find_project()?);
        // Made on first use, and not for this.
        let user = machine.store().user_directory();
        if (!environment || projects.is_empty()) && user.join("Puck.toml").exists() {
            projects.push(Project::open(&user)?);
        }
    }
    let install = InstallOptions {
        mode: mode.mode(settings),
        update: Update::Nothing,
        with_itself: cfg!(feature = "compiler"),
        link: LinkOptions {
            as_it_is: true,
            ..LinkOptions::default()
        },
        jobs: settings.jobs,
    };
    let options = VerifyOptions {
        store: !environment,
        projects: &projects,
        fix: fix.then_some(install),
    };
    let verified = verify(&machine, &options, console)?;
    if *format == Format::Json {
        console.json(&json(&verified))?;
    } else {
        text(&verified, settings, console)?;
    }
    let left = verified.faults.iter().filter(|fault| !fault.fixed).count();
    match left {
        0 => Ok(()),
        _ => {
            let problems = if left == 1 { "problem" } else { "problems" };
            let failure = Failure::new(format!("{left} {problems} found"));
            Err(if *fix {
                failure
            } else {
                failure.hint("`puck verify --fix` repairs what can be repaired")
            })
        }
    }
}

fn text(verified: &Verified, settings: &Settings, console: &Console) -> Result<(), Failure> {
    for fault in &verified.faults {
        let path = settings.shown(&fault.path).display();
        let reason = &fault.reason;
        if fault.fixed {
            console.line(format_args!("{path}: {reason} {FAINT}(repaired){FAINT:#}"))?;
        } else {
            let advice = &fault.advice;
            console.line(format_args!("{path}: {reason}; {FAINT}{advice}{FAINT:#}"))?;
        }
    }
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {one}s"),
    };
    let mut all = vec![
        count(verified.archives, "archive"),
        count(verified.packages, "package"),
        count(verified.environments, "environment"),
    ];
    match verified.libraries {
        0 => {}
        1 => all.push("1 library made here".to_owned()),
        number => all.push(format!("{number} libraries made here")),
    }
    console.done("Verified", all.join(", "));
    Ok(())
}

fn json(verified: &Verified) -> serde_json::Value {
    let faults = verified.faults.iter().map(|fault| {
        json!({
            "path": fault.path,
            "reason": fault.reason,
            "advice": if fault.fixed { None } else { Some(&fault.advice) },
            "fixed": fault.fixed,
        })
    });
    json!({
        "archives": verified.archives,
        "packages": verified.packages,
        "libraries": verified.libraries,
        "environments": verified.environments,
        "problems": faults.collect::<Vec<_>>(),
    })
}
