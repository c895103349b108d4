//! The registry directory: index, archives, log.
//!
//! ```text
//! registry.json                           format version, name
//! index/li/na/linalg                      one JSON line a version
//! archives/linalg/linalg-1.2.0.puck
//! log.jsonl                               every publish and yank, each line with the hash of the one before
//! registry.lock                           held by whoever writes
//! pending.json                            there while something is being written
//! .incoming/                              what is not in its place yet
//! private/                                tokens and owners, which a server keeps
//! ```
//!
//! The first four are what a web server may serve. A version, once published, never changes; only
//! its `yanked` does.
//!
//! # Writing
//!
//! One writer at a time holds an exclusive lock on `registry.lock`; readers take no lock, since
//! every file they see is replaced by a rename, and of the log they use complete lines only. A
//! publish checks the archive before it takes the lock, then, each step flushed to the disk:
//!
//! 1. `pending.json` says what is about to be done: the log line to be;
//! 2. the archive is moved into its place;
//! 3. the package's index file is replaced by one with the new line: now it is published;
//! 4. the log line is appended;
//! 5. `pending.json` is removed.
//!
//! Whoever takes the lock next looks for `pending.json`, so a process that is killed anywhere
//! leaves no half publish: before step 3 the archive is removed again, after it the log line is
//! appended. The same publish, run again, succeeds either way: a version that is there with the
//! same bytes counts as published. A torn last line of the log is cut off.
//!
//! What is the same wherever a registry is kept, in a directory, in a bucket or behind HTTP, is
//! public for those who read and write it there: [`rules`], [`index_file`], [`log`], [`Query`].
//!
//! ```no_run
//! use puck_registry::Registry;
//! let registry = Registry::create("registry".as_ref(), "local")?;
//! let published = registry.publish("linalg-1.2.0.puck".as_ref())?;
//! assert_eq!(registry.versions(&published.line.name)?.last(), Some(&published.line));
//! # Ok::<(), puck_registry::Error>(())
//! ```

mod beside;
mod compatibility;
mod error;
pub mod index_file;
pub mod log;
mod offered;
mod publish;
mod registry;
pub mod rules;
mod search;
mod time;
mod writer;

pub use compatibility::Incompatible;
pub use error::{Error, VersionExists};
pub use log::{Action, LogEntry, LogState};
pub use offered::Offered;
pub use publish::Published;
pub use registry::{Description, Registry};
pub use search::{Found, Hit, Query, shown_version};
pub use writer::{Writer, change_after, owners_path};

#[cfg(test)]
#[path = "../tests/it/sample.rs"]
mod sample;
