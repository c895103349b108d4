//! `puck config`: what holds, and what said so; and the file that a user says it in.

mod edit;

use puck_package::config::Color;
use puck_package::{RegistryLocation, variables};
use serde_json::{Value, json};

pub use edit::{SetValue, set, unset};

use crate::{Error, Machine, Origin, Project};

/// A setting that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its key, with dots.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// What said so.
    pub origin: Origin,
}

/// What only the command knows: the values that hold, each with what said so.
#[derive(Clone, Debug)]
pub struct CommandSettings {
    /// How many threads may work at once.
    pub jobs: (usize, Origin),
    /// When to print colours.
    pub color: (Color, Origin),
}

/// Everything that holds, in the order of the reference; what has no value is left out.
///
/// # Errors
/// If a variable holds what it cannot.
pub fn settings(
    machine: &Machine,
    project: Option<&Project>,
    command: &CommandSettings,
) -> Result<Vec<Setting>, Error> {
    let user = machine.settings();
    let registries = machine.registries(project)?;
    let in_file = |line: usize| Origin::File {
        path: user.config.path.clone(),
        line,
    };
    let mut settings = Vec::new();
    let mut add = |key: &str, value: Value, origin: Origin| {
        settings.push(Setting {
            key: key.to_owned(),
            value,
            origin,
        });
    };

    let home = match variables::get(variables::PUCK_HOME) {
        Some(_) => Origin::Variable(variables::PUCK_HOME.to_owned()),
        None => Origin::Default,
    };
    add("home", json!(machine.store().home()), home);

    let default = registries.default_place();
    let shown = match &default.name {
        Some(name) => name.clone(),
        None => default.registry.location.to_string(),
    };
    let origin = match (&user.registry, &user.config.registry) {
        (Some((_, origin)), _) => origin.clone(),
        (None, Some(name)) => in_file(name.line),
        (None, None) => Origin::Default,
    };
    add("registry", json!(shown), origin);
    for name in registries.names() {
        let place = registries.place(&name)?;
        let registry = &place.registry;
        let location = match &registry.location {
            RegistryLocation::Url(url) => json!(url),
            RegistryLocation::Directory(path) => json!(path),
        };
        let key = format!("registries.{name}");
        add(&key, location, place.origin.clone());
        if let Some(certificates) = &registry.certificates {
            let key = format!("{key}.certificates");
            add(&key, json!(certificates), place.origin.clone());
        }
        if registry.plain_http_token {
            let key = format!("{key}.plain-http-token");
            add(&key, json!(true), place.origin.clone());
        }
    }

    match (&user.offline, &user.config.offline) {
        (Some(origin), _) => add("offline", json!(true), origin.clone()),
        (None, _) if variables::get(variables::PUCK_OFFLINE).is_some() => {
            let variable = Origin::Variable(variables::PUCK_OFFLINE.to_owned());
            add("offline", json!(false), variable);
        }
        (None, Some(offline)) => add("offline", json!(offline.value), in_file(offline.line)),
        (None, None) => add("offline", json!(false), Origin::Default),
    }
    add("jobs", json!(command.jobs.0), command.jobs.1.clone());
    let (color, by) = &command.color;
    add("color", json!(color.as_str()), by.clone());
    let retries = puck_registry_client::Retry::from_environment()?.count;
    match &user.config.http_retries {
        _ if variables::get(variables::PUCK_HTTP_RETRIES).is_some() => {
            let variable = Origin::Variable(variables::PUCK_HTTP_RETRIES.to_owned());
            add("http-retries", json!(retries), variable);
        }
        Some(count) => add("http-retries", json!(count.value), in_file(count.line)),
        None => add("http-retries", json!(retries), Origin::Default),
    }
    match &user.config.gc.max_age {
        Some(age) => add(
            "gc.max-age",
            json!(age.value.to_string()),
            in_file(age.line),
        ),
        None => add("gc.max-age", json!("30d"), Origin::Default),
    }
    if let Some(size) = &user.config.gc.max_size {
        let shown = size.value.to_string();
        add("gc.max-size", json!(shown), in_file(size.line));
    }
    Ok(settings)
}
