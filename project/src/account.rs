//! What a registry does for somebody it knows: `puck login`, `logout`, `yank`, `owner`.

use puck_package::{PackageName, RegistryLocation};
use puck_registry_client::{Client, Credentials, Me, Token};
use url::Url;

use crate::vendor::expect_lasting;
use crate::{Error, Handle, Machine, Place, Registries, VersionSpec};

/// Keeps the token `secret` for the registry at `place`, if that knows it. `None`, where it has no API
/// to ask.
///
/// # Errors
/// If the registry does not know the token, cannot be reached or needs none; if the token cannot be
/// kept.
pub fn login(
    machine: &Machine,
    registries: &Registries<'_>,
    place: &Place,
    secret: &str,
) -> Result<Option<Me>, Error> {
    let url = address(place)?;
    expect_online(registries, place, "logging in")?;
    let token = Token::new(secret)?;
    let mut settings = registries.client_settings(place, url.as_str())?;
    settings.token = Some(token.clone());
    let me = match Client::new(settings)?.me() {
        Ok(me) => Some(me),
        Err(puck_registry_client::Error::ReadOnly { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    fs_err::create_dir_all(machine.store().home())?;
    Credentials::of(machine.store().home()).set(&url, &token)?;
    Ok(me)
}

/// Forgets the token for the registry at `place`; whether there was one.
///
/// # Errors
/// If the file of credentials is not valid or cannot be written.
pub fn logout(machine: &Machine, place: &Place) -> Result<bool, Error> {
    let url = address(place)?;
    let credentials = Credentials::of(machine.store().home());
    if credentials.get(&url)?.is_none() {
        return Ok(false);
    }
    Ok(credentials.remove(&url)?)
}

/// Withdraws a version in the default registry, or takes that back. Returns whether that changed
/// anything, and the registry's name.
///
/// # Errors
/// If there is no such version, or the registry refuses.
pub fn yank(
    registries: &Registries<'_>,
    spec: &VersionSpec,
    yanked: bool,
    reason: Option<&str>,
) -> Result<(bool, String), Error> {
    expect_lasting(registries.default_place())?;
    let handle = asked(registries, "yanking")?;
    let changed = handle.yank(&spec.name, &spec.version, yanked, reason)?;
    Ok((changed, handle.name()?))
}

/// What is to be done about who may publish a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerChange {
    /// Nothing: only who they are is asked.
    None,
    /// One more.
    Add(String),
    /// One less.
    Remove(String),
}

/// Who may publish versions of `name` in the default registry, after `change`.
///
/// # Errors
/// If the registry is a folder, which has no users, or refuses.
pub fn owners(
    registries: &Registries<'_>,
    name: &PackageName,
    change: &OwnerChange,
) -> Result<Vec<String>, Error> {
    match asked(registries, "asking for owners")? {
        Handle::Directory { registry, .. } => Err(Error::NoUsers {
            registry: registry.directory().to_owned(),
        }),
        Handle::Http { client, .. } => Ok(match change {
            OwnerChange::None => client.owners(name)?,
            OwnerChange::Add(user) => client.add_owner(name, user)?,
            OwnerChange::Remove(user) => client.remove_owner(name, user)?,
        }),
    }
}

/// The default registry, if it may be asked.
fn asked(registries: &Registries<'_>, what: &str) -> Result<Handle, Error> {
    let place = registries.default_place();
    expect_online(registries, place, what)?;
    match registries.default()? {
        Some(handle) => Ok(handle),
        None => Err(Error::EmptyRegistry {
            registry: place.registry.location.to_string(),
        }),
    }
}

pub(crate) fn expect_online(
    registries: &Registries<'_>,
    place: &Place,
    what: &str,
) -> Result<(), Error> {
    let location = &place.registry.location;
    match registries.offline() {
        Some(origin) if location.is_remote() => Err(Error::Offline {
            what: what.to_owned(),
            registry: location.to_string(),
            origin: origin.clone(),
        }),
        _ => Ok(()),
    }
}

/// The address that a token is kept for.
fn address(place: &Place) -> Result<Url, Error> {
    match &place.registry.location {
        RegistryLocation::Directory(path) => Err(Error::NoUsers {
            registry: path.clone(),
        }),
        RegistryLocation::Url(url) => {
            Ok(url
                .parse()
                .map_err(|error: url::ParseError| Error::Address {
                    url: url.clone(),
                    origin: place.origin.clone(),
                    reason: error.to_string(),
                })?)
        }
    }
}
