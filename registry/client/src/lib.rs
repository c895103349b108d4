//! A registry over HTTP, as its clients see it.
//!
//! | module | |
//! |---|---|
//! | `settings` | where the registry is, who asks, how patient to be |
//! | `client` | what can be asked of a registry |
//! | `index` | what it says of packages: from memory, from the cache, or asked for |
//! | `look` | the log: what changed since the last look, in one request |
//! | `cache` | what was read, kept on this machine |
//! | `archive` | downloads that are taken up again where they broke |
//! | `api` | publish, yank, owners, search |
//! | `description` | `registry.json` |
//! | `transport` | one request: connections, redirects, the token |
//! | `tls` | who is trusted |
//! | `retry`, `failure` | what is sent again, when, and what is said if it does not help |
//! | [`credentials`] | the tokens of a home |
//!
//! Any web server that serves a registry directory is a registry that can be read; one that has an
//! API can be written, too.
//!
//! ```no_run
//! use puck_registry_client::{Client, Settings};
//! let client = Client::new(Settings::new("https://packages.example/".parse().unwrap()))?;
//! for line in client.versions(&"linalg".parse().unwrap())? {
//!     std::io::copy(&mut client.archive(&line)?, &mut std::io::sink())?;
//! }
//! # Ok::<(), puck_registry_client::Error>(())
//! ```
//!
//! # What is trusted
//!
//! The index says which hash an archive has, and whoever reads an archive checks it. The log says
//! which versions the index must show, and its hashes show whether its past was rewritten. A token
//! goes to the scheme, host and port of its registry, never further, and is never shown.

mod api;
mod archive;
mod cache;
mod client;
pub mod credentials;
mod description;
mod error;
mod failure;
mod index;
mod look;
mod retry;
mod settings;
mod tls;
mod transport;

pub use api::{Me, Published};
pub use archive::Archive;
pub use client::Client;
pub use credentials::Credentials;
pub use error::{Error, Result, Rewritten};
pub use settings::{Notices, Retry, Settings, Token, cache_directory};
