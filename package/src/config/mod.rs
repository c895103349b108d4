//! `$PUCK_HOME/config.toml`: what a user settles for all projects. See `docs/configuration.md`.
//!
//! Read like a manifest: an unknown key is an error that names the file, the line and the nearest
//! key. Every value keeps its line, so that `puck config --show-origin` can point to it.

mod keys;
mod page;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use keys::{KEYS, Key, nearest_key};
pub use page::page;

use crate::location::check_registry_name;
use crate::manifest::sources::{directory, location, location_of_table};
use crate::manifest::{ManifestError, read_text};
pub use crate::positioned::Placed;
use crate::positioned::{Source, Table, Value};
use crate::quantity::{Age, Size};
use crate::{RegistryLocation, nearest};

/// The file's name, in Puck's home.
pub const FILE: &str = "config.toml";

/// What the file says; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The file, whether or not it is there.
    pub path: PathBuf,
    /// The name of the default registry.
    pub registry: Option<Placed<String>>,
    /// Registries by name.
    pub registries: BTreeMap<String, Placed<ConfiguredRegistry>>,
    /// Whether only this machine may be asked.
    pub offline: Option<Placed<bool>>,
    /// How many threads may work at once.
    pub jobs: Option<Placed<u16>>,
    /// When to print colours.
    pub color: Option<Placed<Color>>,
    /// How often a failed request is sent again.
    pub http_retries: Option<Placed<u32>>,
    /// What `puck gc` keeps.
    pub gc: GcConfig,
}

/// `[gc]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GcConfig {
    /// What was not used for longer may go.
    pub max_age: Option<Placed<Age>>,
    /// The store may be as large as this.
    pub max_size: Option<Placed<Size>>,
}

/// A registry and how to speak to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredRegistry {
    /// Where it is.
    pub location: RegistryLocation,
    /// A PEM file of certificates to trust besides the usual ones.
    pub certificates: Option<PathBuf>,
    /// Whether the token is sent over plain HTTP to another machine.
    pub plain_http_token: bool,
}

/// When to print colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

impl std::str::FromStr for Color {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        [Self::Auto, Self::Always, Self::Never]
            .into_iter()
            .find(|color| color.as_str() == word)
            .ok_or_else(|| format!("expected `auto`, `always` or `never`, found `{word}`"))
    }
}

impl ConfiguredRegistry {
    /// A registry that is spoken to in the usual way.
    #[must_use]
    pub fn at(location: RegistryLocation) -> Self {
        Self {
            location,
            certificates: None,
            plain_http_token: false,
        }
    }
}

impl Config {
    /// Reads the file in the folder `home`; says nothing if there is none.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML, or has a key or a value that does not belong.
    pub fn read(home: &Path) -> Result<Self, ManifestError> {
        let path = home.join(FILE);
        match read_text(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(ManifestError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self {
                    path,
                    ..Self::default()
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the file's text; `path` names it in errors, and folders are seen from where it is.
    ///
    /// # Errors
    /// If the text is not TOML, or has a key or a value that does not belong.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ManifestError> {
        let source = Source::new(text, path);
        let root = source.root()?;
        let table = source.table(&root);
        table.expect_keys(&[
            "registry",
            "registries",
            "offline",
            "jobs",
            "color",
            "http-retries",
            "gc",
        ])?;
        let registries = table.or_default("registries", registries)?;
        let registry = placed(&table, "registry", |value| {
            value.map_string(|name| default_registry(name, &registries))
        })?;
        Ok(Self {
            path: path.to_owned(),
            registry,
            registries,
            offline: placed(&table, "offline", Value::boolean)?,
            jobs: placed(&table, "jobs", |value| value.within(1..=u16::MAX))?,
            color: placed(&table, "color", Value::parse)?,
            http_retries: placed(&table, "http-retries", |value| value.within(0..=100))?,
            gc: table.or_default("gc", gc)?,
        })
    }
}

/// The name of the default registry, which must be known here or built in.
fn default_registry(
    name: &str,
    registries: &BTreeMap<String, Placed<ConfiguredRegistry>>,
) -> Result<String, String> {
    if name == BUILT_IN || registries.contains_key(name) {
        return Ok(name.to_owned());
    }
    let known = registries.keys().map(String::as_str).chain([BUILT_IN]);
    let near = nearest(name, known).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
    Err(format!(
        "no registry `{name}` in [registries] of this file{near}"
    ))
}

/// The name of the registry that is there without being configured.
pub const BUILT_IN: &str = "local";

fn placed<'s, 't, T>(
    table: &Table<'s, 't>,
    key: &str,
    read: impl FnOnce(Value<'s, 't>) -> Result<T, ManifestError>,
) -> Result<Option<Placed<T>>, ManifestError> {
    let Some(value) = table.get(key) else {
        return Ok(None);
    };
    let line = value.line();
    let value = read(value)?;
    Ok(Some(Placed { value, line }))
}

fn gc(value: Value<'_, '_>) -> Result<GcConfig, ManifestError> {
    let table = value.table("[gc]")?;
    table.expect_keys(&["max-age", "max-size"])?;
    Ok(GcConfig {
        max_age: placed(&table, "max-age", Value::parse)?,
        max_size: placed(&table, "max-size", Value::parse)?,
    })
}

fn registries(
    value: Value<'_, '_>,
) -> Result<BTreeMap<String, Placed<ConfiguredRegistry>>, ManifestError> {
    let table = value.table("[registries]")?;
    let base = directory(table.source().path()).to_owned();
    let mut registries = BTreeMap::new();
    for (value, name, span) in table.entries() {
        check_registry_name(name).map_err(|e| table.source().error(&span, e.to_string()))?;
        let line = value.line();
        let value = registry(value, name, &base)?;
        registries.insert(name.to_owned(), Placed { value, line });
    }
    Ok(registries)
}

fn registry(
    value: Value<'_, '_>,
    name: &str,
    base: &Path,
) -> Result<ConfiguredRegistry, ManifestError> {
    if value.is_string() {
        return location(value, base).map(ConfiguredRegistry::at);
    }
    let name = format!("[registries.{name}]");
    let table = value.table_or(&name, "an address, a folder, or a table")?;
    table.expect_keys(&["url", "path", "certificates", "plain-http-token"])?;
    Ok(ConfiguredRegistry {
        location: location_of_table(&table, base)?,
        certificates: table.or_default("certificates", |value| {
            value.string().map(|path| Some(base.join(path)))
        })?,
        plain_http_token: table.or_default("plain-http-token", Value::boolean)?,
    })
}

#[cfg(test)]
mod tests;
