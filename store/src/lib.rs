//! The machine-wide store: unpacked packages, linked libraries, environments.
//!
//! # Layout
//!
//! ```text
//! $PUCK_HOME                          the XDG data directory's puck/ unless it is set
//!   archives/<sha256>.puck            packed packages, as they were fetched
//!   packages/<name>-<version>-<sha16>/
//!     package.json, ir/, obj/, …      what the archive holds
//!     lib/<object>.so                 each object, linked once
//!     installed.json                  digests of what installing added ([`InstallRecord`])
//!   libraries/<key>/                  libraries that were made for environments ([`Link`])
//!   environments/<key>/               what a project's `.puck` points to ([`Environment`])
//!   projects/<digest>                 links to the projects that use the store
//!   staging/                          what is being made, each with the lock of who makes it
//!   cache/                            the compilers' own; only tidied up here
//!   index/, registry/, user/          the registries' and the projects' own; not touched here
//! ```
//!
//! Archives, packages, libraries and environments are read-only from the moment they have their names, and
//! their names say what is in them: a digest, or a name with a digest. Nothing is ever changed in
//! place, so readers take no locks.
//!
//! # Crash safety
//!
//! Everything is made in `staging/`, flushed, and renamed to its name, so that a thing that has its
//! name is whole. Things that are made together are flushed by one call for all, and then renamed in
//! an order in which nothing has its name before what it needs ([`Batch`]). A rename is not flushed:
//! file systems keep the order of what they write down, so that a power cut may take back the last
//! seconds of an installation, but leaves what it left whole; installing again makes the rest.
//!
//! What a killed process leaves in `staging/` is removed by the next process that installs: a lock
//! that can be taken has no living owner.
//!
//! # Lock order
//!
//! A lock is a `flock` on `staging/<thing>.lock`; the file goes away with the lock. The first is one
//! on the store's folder itself.
//!
//! 1. `gc` or `repair` while things are removed, by whoever does that;
//! 2. the folder: together, from the first look at what is there until a project's `.puck` leads to
//!    it ([`Store::keep`]); alone, while what is removed is renamed; `removal-waits` while that has
//!    to be waited for;
//! 3. `batch-<unique>` while things are made together, which nobody waits for: two processes that
//!    install the same package both make it, and one of them is faster; `export-<digest of path>`;
//! 4. under one of those, `archive-<sha256>` while a damaged archive is removed, or `withdrawn-…`
//!    while what was damaged is replaced.
//!
//! Only the sweep of `staging/` takes locks out of order, and it never waits for one.
//!
//! # Damage
//!
//! Installing looks at names and sizes, which costs microseconds; [`Store::verify`] reads
//! everything. What is found damaged is moved away and made again from its archive; an archive that
//! is damaged is removed and reported ([`Error::Damaged`]), so that the caller can fetch it again.

mod activate;
mod archives;
mod batch;
mod environment;
mod error;
mod export;
mod files;
mod folder;
mod gc;
mod install;
mod installed;
mod keep;
mod library;
pub mod link;
mod listing;
mod projects;
mod staging;
mod store;
pub mod system;
mod unpack;
mod verify;

pub use batch::Batch;
pub use environment::{
    Code, Compile, CompileError, Environment, EnvironmentPackage, EnvironmentRequest, Link,
    WantedLink, WantedPackage,
};
pub use error::{Error, PackageVersion, Result};
pub use gc::{Collected, GcOptions, Kind, Removed};
pub use installed::{InstallRecord, InstalledPackage};
pub use keep::Keep;
pub use projects::KnownProject;
pub use store::Store;
pub use verify::{Problem, Verification};
