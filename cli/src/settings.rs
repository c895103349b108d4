//! What holds after options and environment.

use std::path::{Path, PathBuf};

use puck_project::{Machine, Project};
use puck_runtime::Environment;
use puck_store::Store;

use crate::arguments::GlobalArguments;
use crate::failure::Failure;

/// Where to work, and with what.
pub(crate) struct Settings {
    /// The folder to work in.
    pub(crate) directory: PathBuf,
    /// How many threads may work at once.
    pub(crate) jobs: usize,
    registry: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn new(arguments: &GlobalArguments) -> Result<Self, Failure> {
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
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            directory,
            jobs: jobs.map_or(processors, usize::from),
            registry: registry.as_ref().map(|registry| here.join(registry)),
        })
    }

    /// The machine's store and registry.
    pub(crate) fn machine(&self) -> Result<Machine, Failure> {
        Ok(Machine::open(
            &Store::default_home()?,
            self.registry.as_deref(),
        )?)
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
            Some(project) => project.directory().to_owned(),
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

/// The link to a project's environment.
const ENVIRONMENT: &str = ".puck";
