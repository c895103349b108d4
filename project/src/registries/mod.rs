//! Registries by name: which there are, which is the default one, and how they are reached.
//!
//! Where the registry NAME is, is said by, the strongest first: the variable `PUCK_REGISTRY_NAME`;
//! `[registries]` of the manifest of the project that is worked in; `[registries]` of
//! `$PUCK_HOME/config.toml`. `local` is `$PUCK_HOME/registry` unless one of them says otherwise, and
//! is made on first use.
//!
//! The default registry is what `--registry` or `PUCK_REGISTRY` says: such a name, an address or a
//! folder; else `registry` of `config.toml`; else `local`. In lockfiles a registry has the name by
//! which it is known here, or else, where it was asked for by its place, the name that it has itself.
//!
//! No registry stands in for another one: [`Bindings`] keeps every package's name to one of them.

mod bindings;
mod handle;
mod prefetch;
mod remote;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use puck_package::config::Placed;
use puck_package::location::check_registry_name;
use puck_package::{ConfiguredRegistry, RegistryLocation, nearest, variables};
use puck_registry::Registry;
use puck_registry_client::Client;

pub(crate) use bindings::{Bindings, Claimant};
pub use handle::{Handle, Published};

use crate::local::normalized;
use crate::machine::DEFAULT_REGISTRY;
use crate::{Error, Machine, Mode, Origin, Project};

/// The registries that a project may use.
pub struct Registries<'m> {
    machine: &'m Machine,
    /// Those of the project's manifest, and its path.
    manifest: BTreeMap<String, Placed<RegistryLocation>>,
    manifest_path: PathBuf,
    default: Place,
    /// What forbids to ask other machines.
    offline: Option<Origin>,
    /// The folders that were opened, with the names they go by.
    open: Mutex<BTreeMap<(Option<String>, PathBuf), Handle>>,
}

/// A registry and who says that it is there.
#[derive(Clone, Debug)]
pub struct Place {
    /// The name by which it is known here; `None` where it was asked for by its place.
    pub name: Option<String>,
    /// Where it is.
    pub registry: ConfiguredRegistry,
    /// Who says so.
    pub origin: Origin,
    /// Whether it is made on first use.
    pub built_in: bool,
    /// Whether the user himself says where it is, so that a token in a variable may go there.
    trusted: bool,
}

impl<'m> Registries<'m> {
    pub(crate) fn of(machine: &'m Machine, project: Option<&Project>) -> Result<Self, Error> {
        let manifest = project.map(Project::root_manifest);
        let mut registries = Self {
            machine,
            manifest: manifest.map_or_else(BTreeMap::new, |m| m.registries.clone()),
            manifest_path: manifest.map_or_else(PathBuf::new, |m| m.path.clone()),
            default: built_in(machine),
            offline: machine.settings().offline.clone(),
            open: Mutex::default(),
        };
        registries.default = registries.find_default()?;
        Ok(registries)
    }

    /// The same registries; those that are not on this machine are not asked if `mode` forbids it.
    #[must_use]
    pub fn within(mut self, mode: &Mode) -> Self {
        if mode.offline.is_some() {
            self.offline.clone_from(&mode.offline);
        }
        self
    }

    /// What forbids to ask other machines.
    #[must_use]
    pub fn offline(&self) -> Option<&Origin> {
        self.offline.as_ref()
    }

    fn find_default(&self) -> Result<Place, Error> {
        let settings = self.machine.settings();
        let Some((asked, origin)) = &settings.registry else {
            let Some(name) = &settings.config.registry else {
                return self.place(DEFAULT_REGISTRY);
            };
            return self.place(&name.value);
        };
        if let Some(text) = asked.to_str() {
            if let Some(place) = self.find(text)? {
                return Ok(place);
            }
            let looks_like_name = check_registry_name(text).is_ok();
            if looks_like_name && !settings.directory.join(text).exists() {
                return Err(self.unknown(text, Some(origin.clone())));
            }
        }
        let location = match asked.to_str() {
            Some(text) => self.parse(text, origin)?,
            None => RegistryLocation::Directory(settings.directory.join(asked)),
        };
        // A place that has a name goes by it, so that nothing has two.
        for name in self.names() {
            let named = self.find(&name)?;
            if let Some(place) = named.filter(|place| same(&place.registry.location, &location)) {
                // Whoever gives the name, the user gave the place.
                let trusted = true;
                return Ok(Place { trusted, ..place });
            }
        }
        Ok(Place {
            name: None,
            registry: ConfiguredRegistry::at(location),
            origin: origin.clone(),
            built_in: false,
            trusted: true,
        })
    }

    fn parse(&self, text: &str, origin: &Origin) -> Result<RegistryLocation, Error> {
        let base = &self.machine.settings().directory;
        RegistryLocation::parse(text, base).map_err(|source| Error::Location {
            origin: origin.clone(),
            source,
        })
    }

    /// Where the registry `name` is.
    ///
    /// # Errors
    /// [`Error::UnknownRegistry`] if nobody says so; if the variable that says so holds no place.
    pub fn place(&self, name: &str) -> Result<Place, Error> {
        self.find(name)?.ok_or_else(|| self.unknown(name, None))
    }

    fn find(&self, name: &str) -> Result<Option<Place>, Error> {
        let config = &self.machine.settings().config;
        let configured = config.registries.get(name);
        let place = |registry, origin, trusted| Place {
            name: Some(name.to_owned()),
            registry,
            origin,
            built_in: false,
            trusted,
        };
        // How to speak to a registry is known only where it is the same one.
        let speak = |location: RegistryLocation| match configured {
            Some(known) if known.value.location == location => known.value.clone(),
            _ => ConfiguredRegistry::at(location),
        };
        if check_registry_name(name).is_err() {
            return Ok(None);
        }
        let variable = variables::of_registry(name);
        let value = variable.as_deref().and_then(variables::get);
        if let (Some(variable), Some(text)) = (variable, value) {
            let origin = Origin::Variable(variable);
            let location = match text.to_str() {
                Some(text) => self.parse(text, &origin)?,
                None => RegistryLocation::Directory(self.machine.settings().directory.join(text)),
            };
            return Ok(Some(place(speak(location), origin, true)));
        }
        if let Some(Placed { value, line }) = self.manifest.get(name) {
            let origin = Origin::File {
                path: self.manifest_path.clone(),
                line: *line,
            };
            if name == DEFAULT_REGISTRY && value.is_remote() {
                return Err(Error::LocalElsewhere { origin });
            }
            let registry = speak(value.clone());
            // A project that somebody else wrote must not lead a token elsewhere.
            let trusted = configured.is_some_and(|known| known.value.location == *value);
            return Ok(Some(place(registry, origin, trusted)));
        }
        if let Some(Placed { value, line }) = configured {
            let origin = Origin::File {
                path: config.path.clone(),
                line: *line,
            };
            return Ok(Some(place(value.clone(), origin, true)));
        }
        Ok((name == DEFAULT_REGISTRY).then(|| built_in(self.machine)))
    }

    /// The names that are known, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let config = &self.machine.settings().config;
        let mut names: Vec<_> = self
            .manifest
            .keys()
            .chain(config.registries.keys())
            .cloned()
            .collect();
        names.push(DEFAULT_REGISTRY.to_owned());
        names.sort();
        names.dedup();
        names
    }

    fn unknown(&self, name: &str, asked: Option<Origin>) -> Error {
        let names = self.names();
        Error::UnknownRegistry {
            name: name.to_owned(),
            near: nearest(name, names.iter().map(String::as_str)).map(str::to_owned),
            asked,
        }
    }

    /// Where the default registry is.
    #[must_use]
    pub fn default_place(&self) -> &Place {
        &self.default
    }

    /// What asked for the default registry, if anything did.
    #[must_use]
    pub fn choice(&self) -> Option<&Origin> {
        let asked = self.machine.settings().registry.as_ref();
        asked.map(|(_, origin)| origin)
    }

    /// The name of the default registry, as lockfiles have it.
    ///
    /// # Errors
    /// If it was asked for by its place, and cannot be opened.
    pub fn default_name(&self) -> Result<String, Error> {
        if let Some(name) = &self.default.name {
            return Ok(name.clone());
        }
        match self.open(&self.default)? {
            Some(handle) => handle.name(),
            None => Ok(DEFAULT_REGISTRY.to_owned()),
        }
    }

    /// Whether the registry `name` is on another machine; not, if it is not known.
    #[must_use]
    pub fn is_remote(&self, name: &str) -> bool {
        let place = match self.find(name) {
            Ok(Some(place)) => place,
            _ => self.default.clone(),
        };
        place.registry.location.is_remote()
    }

    /// The default registry; `None` if it is the built-in one and nothing was published there.
    ///
    /// # Errors
    /// If there is no registry where it should be.
    pub fn default(&self) -> Result<Option<Handle>, Error> {
        self.open(&self.default)
    }

    /// The registry that lockfiles and manifests call `name`; `None` if it is the built-in one and
    /// nothing was published there.
    ///
    /// # Errors
    /// [`Error::UnknownRegistry`]; if there is no registry where it should be.
    pub fn get(&self, name: &str) -> Result<Option<Handle>, Error> {
        // What was asked for by its place stands for what is configured under its own name.
        if self.default.name.is_none() {
            match self.default_name() {
                Ok(default) if default == name => return self.default(),
                Err(error) if self.find(name)?.is_none() => return Err(error),
                _ => {}
            }
        }
        self.open(&self.place(name)?)
    }

    /// The default registry, to publish to; it is made if it is the built-in one, or an empty folder.
    ///
    /// # Errors
    /// As [`Registries::default`], and if it cannot be made.
    pub fn to_write(&self) -> Result<Handle, Error> {
        let Place {
            name,
            registry,
            built_in,
            ..
        } = &self.default;
        match &registry.location {
            RegistryLocation::Directory(path) if *built_in => {
                let registry = Registry::create(path, DEFAULT_REGISTRY)?;
                Ok(Handle::directory(name.clone(), registry))
            }
            RegistryLocation::Directory(path) => {
                let registry = Registry::open_or_fill(path)?;
                Ok(Handle::directory(name.clone(), registry))
            }
            RegistryLocation::Url(_) => {
                let handle = self.open(&self.default)?;
                handle.ok_or_else(|| self.unknown(DEFAULT_REGISTRY, None))
            }
        }
    }

    /// The registry at a place; `None` if it is the built-in one and nothing was published there.
    ///
    /// # Errors
    /// If there is no registry.
    pub fn open(&self, place: &Place) -> Result<Option<Handle>, Error> {
        let path = match &place.registry.location {
            RegistryLocation::Directory(path) => path,
            RegistryLocation::Url(url) => {
                let offline = self.offline.is_some();
                let make = || Ok(Client::new(self.client_settings(place, url)?)?);
                let client = self.machine.client(url, offline, make)?;
                return Ok(Some(Handle::http(
                    place.name.clone(),
                    client,
                    self.offline.clone(),
                )));
            }
        };
        let key = (place.name.clone(), path.clone());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = open.get(&key) {
            return Ok(Some(handle.clone()));
        }
        if place.built_in && !path.join("registry.json").exists() {
            return Ok(None);
        }
        let handle = Handle::directory(place.name.clone(), Registry::open(path)?);
        open.insert(key, handle.clone());
        Ok(Some(handle))
    }
}

fn same(one: &RegistryLocation, other: &RegistryLocation) -> bool {
    match (one, other) {
        (RegistryLocation::Directory(one), RegistryLocation::Directory(other)) => {
            normalized(one) == normalized(other)
        }
        _ => one == other,
    }
}

fn built_in(machine: &Machine) -> Place {
    let path = machine.store().registry_directory();
    Place {
        name: Some(DEFAULT_REGISTRY.to_owned()),
        registry: ConfiguredRegistry::at(RegistryLocation::Directory(path)),
        origin: Origin::Default,
        built_in: true,
        trusted: true,
    }
}
