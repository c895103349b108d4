//! The functions of one way, in a process of its own.

use anyhow::{Context as _, Result, bail};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use puck_runtime::{Environment, FunctionType};

/// Where functions come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    /// A shared library, opened by itself.
    Library(String),
    /// A project with an environment, opened by Puck's runtime.
    Project(String),
    /// A JIT caller of what a project has installed.
    Caller {
        project: String,
        library: String,
        /// The link names of the functions that it calls.
        callees: Vec<String>,
    },
}

impl Place {
    /// The last arguments of a child, which tell it.
    pub(crate) fn arguments(&self) -> Vec<&str> {
        match self {
            Place::Library(path) => vec!["library", path],
            Place::Project(path) => vec!["project", path],
            Place::Caller {
                project,
                library,
                callees,
            } => ["caller", project, library]
                .into_iter()
                .chain(callees.iter().map(String::as_str))
                .collect(),
        }
    }

    /// Reads the arguments.
    pub(crate) fn read(words: &[&str]) -> Result<Place> {
        Ok(match words {
            ["library", path] => Place::Library((*path).to_owned()),
            ["project", path] => Place::Project((*path).to_owned()),
            ["caller", project, library, callees @ ..] => Place::Caller {
                project: (*project).to_owned(),
                library: (*library).to_owned(),
                callees: callees.iter().map(|&name| name.to_owned()).collect(),
            },
            _ => bail!("functions come from no {words:?}"),
        })
    }
}

/// An opened place.
pub(crate) enum Functions {
    Library(Library),
    Environment(Environment),
}

impl Functions {
    /// Opens a place.
    pub(crate) fn open(place: &Place) -> Result<Functions> {
        let library = |path: &str| {
            // SAFETY: the library was made by this program; it has no constructors of its own.
            let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
            library.map(Functions::Library)
        };
        Ok(match place {
            Place::Library(path) => library(path)?,
            Place::Project(folder) => Functions::Environment(Environment::open(folder)?),
            Place::Caller {
                project,
                library: path,
                callees,
            } => {
                // What the caller needs is in the process before it, as `puck-jit` has it: the dynamic
                // linker knows it by its SONAME.
                let environment = Environment::open(project)?;
                for callee in callees {
                    environment.symbol(&callee.parse()?)?;
                }
                library(path)?
            }
        })
    }

    /// A package's function.
    pub(crate) fn get<F: FunctionType>(&self, package: &str, function: &str) -> Result<F> {
        match self {
            Functions::Library(library) => {
                let symbol = format!("{package}_{function}");
                // SAFETY: the type is that of the source, which for an environment is checked.
                let function = unsafe { library.get::<F>(symbol.as_bytes()) };
                Ok(*function.with_context(|| format!("no {symbol}"))?)
            }
            Functions::Environment(environment) => {
                let name = format!("{package}::{function}");
                Ok(environment.function::<F>(&name)?.pointer())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_the_command_line() {
        for place in [
            Place::Library("/x/libcg.so".into()),
            Place::Project("/x/lto".into()),
            Place::Caller {
                project: "/x/dynamic".into(),
                library: "/x/caller.so".into(),
                callees: vec!["blas1.v1.dot.5c0e9a41".into()],
            },
        ] {
            assert_eq!(Place::read(&place.arguments()).unwrap(), place);
        }
        assert!(Place::read(&["puck", "/x"]).is_err());
    }
}
