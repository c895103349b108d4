//! The registry's server: a registry directory, or the same files in a bucket, with an API to
//! change it.
//!
//! ```text
//! http                reads, the API, limits, metrics: what a client sees
//! service             what a registry does, whoever asks and wherever it is kept
//! access              users, tokens and scopes, owners
//! storage             Directory: files, under the lock and journal of puck-registry
//!                     Bucket: objects, changed by conditional writes
//! ```
//!
//! Beside the files of a registry directory a server keeps what is for nobody else:
//!
//! ```text
//! private/tokens/ID.json       what a token allows, and the SHA-256 of its secret
//! private/owners/NAME.json     who may publish more versions of a package
//! private/spool/               archives on their way in (directory)
//! private/incoming/            archives on their way in (bucket)
//! private/journal.json         what is being done (bucket; a directory has pending.json)
//! private/conditions           by which a store is tried at every start (bucket)
//! ```
//!
//! # A publish
//!
//! The archive is opened and checked before anything else is asked. Then, as one transaction of the
//! storage: whether the token allows it, whether the user owns the package (the first publisher
//! becomes its owner), whether the version is new and keeps its series' promises; then owners,
//! archive, index line and log line. When the call returns, all of it stays; when the server is
//! killed before, there is all of it or nothing, which the next server, or the next writer, sees to.
//! So a publish whose answer was lost may be sent again.
//!
//! ```no_run
//! # async fn example() -> Result<(), puck_registry_server::Error> {
//! use puck_registry_server::{Service, access::Identity};
//! let service = Service::open(&"/srv/puck".parse()?).await?;
//! let published = service
//!     .publish("linalg-1.2.0.puck".into(), &Identity::operator(), false)
//!     .await?;
//! assert_eq!(service.versions(&published.line.name).await?.last(), Some(&published.line));
//! # Ok(())
//! # }
//! ```

pub mod access;
mod error;
pub mod http;
pub mod service;
pub mod storage;

pub use error::{Error, ErrorKind};
pub use service::{Published, Service};
pub use storage::StorageLocation;

#[cfg(test)]
#[path = "../../tests/it/sample.rs"]
mod sample;
