//! The functions of one way, in a process of its own.

use anyhow::{Context as _, Result, bail};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use puck_runtime::{Environment, FunctionType};

/// Where functions come from: the words that a child gets for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    /// A shared library, opened by itself.
    Library(String),
    /// A project with an environment, opened by Puck's runtime.
    Project(String),
}

impl Place {
    /// The arguments that tell a child.
    pub(crate) fn arguments(&self) -> [&str; 2] {
        match self {
            Place::Library(path) => ["library", path],
            Place::Project(path) => ["project", path],
        }
    }

    /// Reads the arguments.
    pub(crate) fn read(kind: &str, path: &str) -> Result<Place> {
        match kind {
            "library" => Ok(Place::Library(path.to_owned())),
            "project" => Ok(Place::Project(path.to_owned())),
            _ => bail!("functions come from no {kind:?}"),
        }
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
        Ok(match place {
            Place::Library(path) => {
                // SAFETY: the library was made by this program; it has no constructors of its own.
                let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }?;
                Functions::Library(library)
            }
            Place::Project(folder) => Functions::Environment(Environment::open(folder)?),
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
        ] {
            let [kind, path] = place.arguments();
            assert_eq!(Place::read(kind, path).unwrap(), place);
        }
        assert!(Place::read("puck", "/x").is_err());
    }
}
