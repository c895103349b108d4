//! `puck run`

use std::path::PathBuf;

use clap::Args;
use puck_project::call::{self, Asked, Described, Raised, Report};
use puck_project::{InstallOptions, LinkOptions, Machine, Project, Update, install};
use puck_runtime::Environment;

use crate::arguments::{Format, ModeArguments};
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

/// Arrays longer than this are shortened for people.
const SHOWN: usize = 100;

/// Call a function
///
/// In a project the project's environment is used, brought up to date first; elsewhere your own.
/// The arguments are checked against the function's signature. Arrays that the function changed
/// are printed after the result.
///
/// A function that Numba compiled takes its own arguments, at the end fewer if it has default values:
/// its result is printed, and an exception is an error. It also takes 1+2j for a complex number,
/// (1, [2,3]) for a tuple, None for a value that may be missing.
///
/// Arguments: numbers (12, 0xff, 1e-9, inf), true, false, arrays ([1,2,3], zeros:100 for zeros),
/// arrays from files (@x.npy, @table.csv:COLUMN), "text" for bytes, null for a null pointer. Put
/// -- before arguments such as -inf.
///
/// What an array must hold is the function's business: too short a one makes it read what is not
/// there.
#[derive(Debug, Args)]
#[expect(
    rustdoc::broken_intra_doc_links,
    reason = "this is a help text, and `[1,2,3]` in it an array"
)]
#[command(
    allow_negative_numbers = true,
    after_help = "\
Examples:
  puck run linalg::dot 3 [1,2,3] [4,5,6]
  puck run linalg::axpy 2 10 [1,2] [0.5,0.5] --format json
  puck run stats::mean 16 @longley.csv:GNP
  puck run kernels::f --signature 'fn(f32) -> f32' 0.1
  puck run kernels::g --signature '(x: float64) -> float64' 2"
)]
pub(crate) struct RunArguments {
    /// The function: PACKAGE::FUNCTION, or PACKAGE.SERIES::FUNCTION
    function: String,
    /// Its arguments, in order
    arguments: Vec<String>,
    /// Which of several functions of the name
    #[arg(long, value_name = "SIGNATURE")]
    signature: Option<Asked>,
    /// Use your own environment, also in a project
    #[arg(long, conflicts_with = "environment")]
    user: bool,
    /// Use this environment, or that of this project
    #[arg(long, value_name = "DIR")]
    environment: Option<PathBuf>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
    #[command(flatten)]
    mode: ModeArguments,
}

pub(crate) fn run(
    arguments: &RunArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let RunArguments {
        function,
        arguments: texts,
        signature,
        format,
        ..
    } = arguments;
    let environment = environment(arguments, settings, console)?;
    let overloads = environment.overloads(function).map_err(|error| {
        let mut failure = Failure::from(error);
        if let Some(meant) = meant(&environment, function) {
            failure.hint = Some(format!("did you mean `{meant}`?"));
        }
        failure
    })?;
    // It was found under that name: there is a package in it.
    let package = function.split("::").next().unwrap_or_default();
    let described = match environment.share(package, Described::FILE)? {
        Some(bytes) => Described::read(&bytes).map_err(|error| Failure::new(error.to_string()))?,
        None => Described::default(),
    };
    let directory = &settings.directory;
    let chosen = match signature {
        Some(asked) => call::by_signature(&overloads, &described, asked, texts, directory)?,
        None => call::choose(&overloads, &described, texts, directory)?,
    };
    let address = environment.address(function, &chosen.function.signature)?;
    // SAFETY: the function at `address` has the signature that the arguments were read for: its
    // link name says so. That the arrays hold what it expects is for the user to see to.
    let outcome = unsafe { chosen.arguments.call(address.as_ptr()) }?;
    if let Some(raised) = outcome.raised {
        return Err(exception(&environment, function, package, raised));
    }
    match format {
        Format::Json => console.json(&Report {
            function,
            signature: &chosen.signature,
            outcome: &outcome,
        }),
        Format::Text => {
            let text = outcome.display(Some(SHOWN)).to_string();
            if text.is_empty() {
                Ok(())
            } else {
                console.line(text)
            }
        }
    }
}

/// The exception that a function ended with.
fn exception(
    environment: &Environment,
    function: &str,
    package: &str,
    Raised { status, exception }: Raised,
) -> Failure {
    let address = std::ptr::with_exposed_provenance(exception);
    // SAFETY: what a function of the package has just left.
    match unsafe { environment.numba_exception(package, status, address) } {
        Ok(Some(raised)) => {
            let mut failure = Failure::new(format!("`{function}` raised {raised}"));
            if let Some(place) = &raised.location {
                let place = format!("{}:{}, in {}", place.file, place.line, place.function);
                failure.causes.push(place);
            }
            failure
        }
        Ok(None) => Failure::new(format!("`{function}` ended with the status {status}")),
        Err(error) => error.into(),
    }
}

/// The function that is meant by a name without `::`: one of the environment's that is called so, or
/// one whose package is set off by something else.
fn meant(environment: &Environment, name: &str) -> Option<String> {
    if name.contains("::") {
        return None;
    }
    let exists = |name: &String| environment.overloads(name).is_ok();
    let packages = environment.packages().ok()?.iter();
    packages
        .map(|package| format!("{}::{name}", package.name))
        .chain([name.replacen([':', '.', '/'], "::", 1)])
        .find(exists)
}

fn environment(
    arguments: &RunArguments,
    settings: &Settings,
    console: &Console,
) -> Result<Environment, Failure> {
    let RunArguments {
        user,
        environment,
        mode,
        ..
    } = arguments;
    if let Some(directory) = environment {
        return Ok(Environment::open(settings.directory.join(directory))?);
    }
    let machine = settings.machine()?;
    let project = if *user {
        None
    } else {
        settings.find_project()?
    };
    if let Some(project) = project {
        bring_up_to_date(&machine, &project, mode, settings, console)?;
    }
    settings.environment(*user)?.ok_or_else(|| {
        Failure::new("nothing is installed for you")
            .hint("`puck install NAME` installs a package; in a project its own are used")
    })
}

fn bring_up_to_date(
    machine: &Machine,
    project: &Project,
    mode: &ModeArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let options = InstallOptions {
        mode: mode.mode(settings),
        update: Update::Nothing,
        with_itself: cfg!(feature = "compiler"),
        link: LinkOptions {
            as_it_is: true,
            ..LinkOptions::default()
        },
        jobs: settings.jobs,
    };
    install(machine, project, &options, console)?;
    Ok(())
}
