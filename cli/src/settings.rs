//! What holds after options and environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use puck_package::config::Color;
use puck_package::{Config, variables};
use puck_project::{Machine, MachineSettings, Origin, Project, Registries};
use puck_runtime::Environment;
use puck_store::Store;

use crate::arguments::{ColorChoice, GlobalArguments};
use crate::console::Console;
use crate::failure::Failure;

/// Where to work, and with what.
pub(crate) struct Settings {
    /// The folder to work in.
    pub(crate) directory: PathBuf,
    /// How many threads may work at once.
    pub(crate) jobs: usize,
    /// What settled that, if anything did.
    pub(crate) jobs_by: Origin,
    /// When to print colours, and what settled that.
    pub(crate) color: (Color, Origin),
    /// What asks every verb to use this machine alone.
    pub(crate) offline: Option<Origin>,
    /// What the file of settings says.
    pub(crate) config: Config,
    /// The folder that the command was called in.
    pub(crate) here: PathBuf,
    /// What was asked for as the default registry, and by what.
    registry: Option<(OsString, Origin)>,
    console: Console,
}

impl Settings {
    pub(crate) fn new(
        arguments: &GlobalArguments,
        config: Config,
        color: (Color, Origin),
        console: &Console,
    ) -> Result<Self, Failure> {
        let GlobalArguments {
            registry,
            directory,
            quiet: _,
            color: _,
            jobs,
        } = arguments;
        let here = std::env::current_dir()?;
        let directory = match directory {
            Some(directory) => here.join(directory),
            None => here.clone(),
        };
        if !directory.is_dir() {
            return Err(Failure::new(format!(
                "{} is not a folder",
                directory.display()
            )));
        }
        let (jobs, jobs_by) = match (jobs, &config.jobs) {
            (Some(jobs), _) => (usize::from(*jobs), Origin::Flag("--jobs")),
            (None, Some(jobs)) => (usize::from(jobs.value), in_file(&config, jobs.line)),
            (None, None) => {
                let processors = std::thread::available_parallelism();
                (processors.map_or(1, usize::from), Origin::Default)
            }
        };
        let variable = |name: &str| {
            let value = variables::get(name)?;
            Some((value, Origin::Variable(name.to_owned())))
        };
        let asked = registry.clone().map(|r| (r, Origin::Flag("--registry")));
        Ok(Self {
            directory,
            jobs,
            jobs_by,
            color,
            offline: offline(&config),
            registry: asked.or_else(|| variable(variables::PUCK_REGISTRY)),
            config,
            here,
            console: console.clone(),
        })
    }

    /// The machine's store, and the settings by which registries are found.
    pub(crate) fn machine(&self) -> Result<Machine, Failure> {
        let console = self.console.clone();
        let settings = MachineSettings {
            directory: self.here.clone(),
            registry: self.registry.clone(),
            config: self.config.clone(),
            offline: self.offline.clone(),
            notices: Some(Arc::new(move |notice| console.notice(notice))),
        };
        Ok(Machine::open(&Store::default_home()?, settings)?)
    }

    /// The registries, as the project that is worked in names them, if there is one.
    pub(crate) fn registries<'m>(&self, machine: &'m Machine) -> Result<Registries<'m>, Failure> {
        Ok(machine.registries(self.find_project()?.as_ref())?)
    }

    /// The project that is worked in.
    pub(crate) fn project(&self) -> Result<Project, Failure> {
        Ok(Project::find(&self.directory)?)
    }

    /// The project that is worked in, if there is one.
    pub(crate) fn find_project(&self) -> Result<Option<Project>, Failure> {
        match Project::find(&self.directory) {
            Err(puck_project::Error::NoProject(_)) => Ok(None),
            found => Ok(Some(found?)),
        }
    }

    /// The project that is worked in, or else the user's own.
    pub(crate) fn project_or_user(&self, machine: &Machine) -> Result<Project, Failure> {
        match self.find_project()? {
            Some(project) => Ok(project),
            None => Ok(Project::user(machine.store())?),
        }
    }

    /// The link to the environment of the project that is worked in, or else to the user's own;
    /// `None` if nothing was installed there.
    pub(crate) fn environment_link(&self, user: bool) -> Result<Option<PathBuf>, Failure> {
        let project = if user { None } else { self.find_project()? };
        let directory = match project {
            Some(project) => project.locked_directory().to_owned(),
            None => self.machine()?.store().user_directory(),
        };
        let link = directory.join(ENVIRONMENT);
        Ok(link.is_symlink().then_some(link))
    }

    /// The environment behind [`Settings::environment_link`], opened.
    pub(crate) fn environment(&self, user: bool) -> Result<Option<Environment>, Failure> {
        let link = self.environment_link(user)?;
        Ok(link.map(Environment::open).transpose()?)
    }

    /// A path as it is shown: relative to the folder that is worked in, if it is below that.
    pub(crate) fn shown<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.directory).unwrap_or(path)
    }
}

/// When to print colours, and what settled that.
pub(crate) fn color(arguments: &GlobalArguments, config: Option<&Config>) -> (Color, Origin) {
    let asked = arguments.color.map(|choice| match choice {
        ColorChoice::Auto => Color::Auto,
        ColorChoice::Always => Color::Always,
        ColorChoice::Never => Color::Never,
    });
    let no_color = variables::get(variables::NO_COLOR).is_some();
    let set = config.and_then(|config| Some((config, config.color.as_ref()?)));
    match (asked, set) {
        (Some(asked @ (Color::Always | Color::Never)), _) => (asked, Origin::Flag("--color")),
        _ if no_color => (
            Color::Never,
            Origin::Variable(variables::NO_COLOR.to_owned()),
        ),
        (Some(asked), _) => (asked, Origin::Flag("--color")),
        (None, Some((config, color))) => (color.value, in_file(config, color.line)),
        (None, None) => (Color::default(), Origin::Default),
    }
}

/// What asks every verb to use this machine alone, if anything does.
fn offline(config: &Config) -> Option<Origin> {
    if variables::get(variables::PUCK_OFFLINE).is_some() {
        let on = variables::is_on(variables::PUCK_OFFLINE);
        return on.then(|| Origin::Variable(variables::PUCK_OFFLINE.to_owned()));
    }
    let setting = config.offline.as_ref().filter(|offline| offline.value);
    setting.map(|offline| in_file(config, offline.line))
}

fn in_file(config: &Config, line: usize) -> Origin {
    let path = config.path.clone();
    Origin::File { path, line }
}

/// The link to a project's environment.
const ENVIRONMENT: &str = ".puck";
