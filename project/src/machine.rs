//! What a machine offers every project: its store, and the settings by which registries are found.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use puck_package::Config;
use puck_registry_client::Client;
use puck_store::Store;

use crate::registries::Registries;
use crate::{Error, Origin, Project};

/// The name of the default registry, made on first use.
pub const DEFAULT_REGISTRY: &str = puck_package::config::BUILT_IN;

/// The store of this machine, and what its user settled.
pub struct Machine {
    store: Store,
    settings: MachineSettings,
    /// Those that were made, by address and whether they may ask: one that is used by several
    /// operations of a process asks only once what changed.
    clients: Mutex<BTreeMap<(String, bool), Client>>,
}

/// Whoever is told what keeps a request waiting.
pub type Notices = Arc<dyn Fn(&str) + Send + Sync>;

/// What a user settled for all projects.
#[derive(Clone, Default)]
pub struct MachineSettings {
    /// The folder that paths of flags and variables are seen from.
    pub directory: PathBuf,
    /// What was asked for as the default registry: a name, an address or a folder; and by what.
    pub registry: Option<(OsString, Origin)>,
    /// What the file of settings says.
    pub config: Config,
    /// What asks every verb to use this machine alone.
    pub offline: Option<Origin>,
    /// Told what keeps a request waiting: "retrying in 2 s: …".
    pub notices: Option<Notices>,
}

impl Machine {
    /// The machine whose store is at `home`.
    ///
    /// # Errors
    /// If `home` cannot be made an absolute path.
    pub fn open(home: &Path, settings: MachineSettings) -> Result<Self, Error> {
        let store = Store::open(home)?;
        Ok(Self {
            store,
            settings,
            clients: Mutex::default(),
        })
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the user settled.
    #[must_use]
    pub fn settings(&self) -> &MachineSettings {
        &self.settings
    }

    /// The client of the registry at an address; `make` makes it if there is none yet.
    pub(crate) fn client(
        &self,
        url: &str,
        offline: bool,
        make: impl FnOnce() -> Result<Client, Error>,
    ) -> Result<Client, Error> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (url.to_owned(), offline);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = make()?;
        clients.insert(key, client.clone());
        Ok(client)
    }

    /// The registries as `project` names them; nothing is opened before it is needed.
    ///
    /// # Errors
    /// If the default registry that was asked for is neither a known name, nor an address, nor a
    /// folder.
    pub fn registries(&self, project: Option<&Project>) -> Result<Registries<'_>, Error> {
        Registries::of(self, project)
    }
}
