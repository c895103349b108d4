//! What a machine offers every project: its store, and the registry to ask.

use std::path::{Path, PathBuf};

use puck_registry::Registry;
use puck_store::Store;

use crate::Error;

/// The name of the default registry, made on first use.
pub const DEFAULT_REGISTRY: &str = "local";

/// The store of this machine, and the registry that packages come from.
pub struct Machine {
    store: Store,
    registry: PathBuf,
    /// Whether the registry was asked for, rather than being the default one.
    chosen: bool,
}

impl Machine {
    /// The machine whose store is at `home`, with the registry at `registry`, or the default one
    /// below `home`.
    ///
    /// # Errors
    /// If `home` cannot be made an absolute path.
    pub fn open(home: &Path, registry: Option<&Path>) -> Result<Self, Error> {
        let store = Store::open(home)?;
        let chosen = registry.is_some();
        let registry = registry.map_or_else(|| store.registry_directory(), |path| path.to_owned());
        Ok(Self {
            store,
            registry,
            chosen,
        })
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The folder of the registry.
    #[must_use]
    pub fn registry_directory(&self) -> &Path {
        &self.registry
    }

    /// The registry, if there is one; the default one exists once something was published.
    ///
    /// # Errors
    /// If a registry was asked for and is not there, or what is there is no registry.
    pub fn registry(&self) -> Result<Option<Registry>, Error> {
        if !self.chosen && !self.registry.join("registry.json").exists() {
            return Ok(None);
        }
        Ok(Some(Registry::open(&self.registry)?))
    }

    /// The registry, to publish to; the default one is made if need be.
    ///
    /// # Errors
    /// As [`Machine::registry`], and if the default one cannot be made.
    pub fn registry_to_write(&self) -> Result<Registry, Error> {
        if self.chosen {
            Ok(Registry::open_or_fill(&self.registry)?)
        } else {
            Ok(Registry::create(&self.registry, DEFAULT_REGISTRY)?)
        }
    }
}
