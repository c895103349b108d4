//! The keys of the settings: what they are called, take and mean.

use crate::nearest;
use crate::variables::{NO_COLOR, PUCK_HTTP_RETRIES, PUCK_OFFLINE, PUCK_REGISTRY};

/// A key of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name, with dots; `NAME` stands for any name.
    pub name: &'static str,
    /// What it takes.
    pub kind: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// The flag that is stronger.
    pub flag: Option<&'static str>,
    /// The variable that is stronger.
    pub variable: Option<&'static str>,
    /// What it does.
    pub meaning: &'static str,
}

/// Every key, in the order in which they are listed.
pub const KEYS: [Key; 12] = [
    Key {
        name: "registry",
        kind: "string",
        default: "local",
        flag: Some("--registry"),
        variable: Some(PUCK_REGISTRY),
        meaning: "the name of the default registry: one of `[registries]`, or `local`",
    },
    Key {
        name: "registries.NAME",
        kind: "string",
        default: "none",
        flag: None,
        variable: Some("PUCK_REGISTRY_NAME"),
        meaning: "where the registry NAME is: an address, or a folder relative to this file; or a \
                  table of the keys below",
    },
    Key {
        name: "registries.NAME.url",
        kind: "string",
        default: "none",
        flag: None,
        variable: None,
        meaning: "the address of the registry",
    },
    Key {
        name: "registries.NAME.path",
        kind: "string",
        default: "none",
        flag: None,
        variable: None,
        meaning: "in place of an address: the folder of the registry, relative to this file",
    },
    Key {
        name: "registries.NAME.certificates",
        kind: "string",
        default: "none",
        flag: None,
        variable: None,
        meaning: "a PEM file, relative to this file, of certificates to trust besides those of the \
                  system",
    },
    Key {
        name: "registries.NAME.plain-http-token",
        kind: "boolean",
        default: "false",
        flag: None,
        variable: None,
        meaning: "send the token over plain HTTP to another machine, where others may read it",
    },
    Key {
        name: "offline",
        kind: "boolean",
        default: "false",
        flag: Some("--offline"),
        variable: Some(PUCK_OFFLINE),
        meaning: "use only what is on this machine; registries that are folders are",
    },
    Key {
        name: "jobs",
        kind: "integer",
        default: "the number of processors",
        flag: Some("--jobs"),
        variable: None,
        meaning: "how many threads may work at once, 1 to 65535",
    },
    Key {
        name: "color",
        kind: "string",
        default: "auto",
        flag: Some("--color"),
        variable: Some(NO_COLOR),
        meaning: "colours in what is printed: `auto` (on a terminal), `always`, `never`",
    },
    Key {
        name: "http-retries",
        kind: "integer",
        default: "4",
        flag: None,
        variable: Some(PUCK_HTTP_RETRIES),
        meaning: "how often a request that failed in passing is sent again, 0 to 100",
    },
    Key {
        name: "gc.max-age",
        kind: "string",
        default: "30d",
        flag: Some("--max-age"),
        variable: None,
        meaning: "what `puck gc` removes if nothing needs it and it was not used for so long: a \
                  whole number with `min`, `h`, `d` or `w`",
    },
    Key {
        name: "gc.max-size",
        kind: "string",
        default: "none",
        flag: Some("--max-size"),
        variable: None,
        meaning: "how large `puck gc` leaves the store, the longest unused going first: a whole \
                  number with `MB`, `GB`, `MiB` or `GiB`",
    },
];

/// The key that was likely meant by `name`.
#[must_use]
pub fn nearest_key(name: &str) -> Option<&'static str> {
    nearest(name, KEYS.iter().map(|key| key.name))
}

impl Key {
    /// The key of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        let words: Vec<&str> = name.split('.').collect();
        KEYS.iter().find(|key| {
            let known: Vec<&str> = key.name.split('.').collect();
            known.len() == words.len()
                && known
                    .iter()
                    .zip(&words)
                    .all(|(known, word)| known == word || *known == "NAME")
        })
    }
}
