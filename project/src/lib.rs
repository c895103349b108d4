//! What a verb does: where formats, compiler, registry, resolver and store meet.
//!
//! | verb | module |
//! |---|---|
//! | `new` | [`template`] |
//! | `build`, `pack` | [`build`](build()) |
//! | `publish` | [`publish`](publish()) |
//! | `add`, `remove` | [`edit`] |
//! | `lock`, `update` | [`lock`](lock()) |
//! | `install`, `uninstall` | [`install`](install()) |
//! | `config` | [`config`] |
//! | `login`, `logout`, `yank`, `owner` | [`account`] |
//! | `inspect` | [`Inspected`] |
//! | `fetch`, `vendor` | [`fetch`](fetch()), [`vendor`](vendor()) |
//! | `outdated` | [`outdated`](outdated()) |
//! | `audit` | [`audit`](audit()) |
//! | `size` | [`size`] |
//! | `verify`, `gc` | [`verify`](verify()), [`gc`](gc()) |
//! | `run` | [`call`] |
//!
//! A verb takes a [`Machine`] (the store, the [`Registries`]), a [`Project`] (a folder with a manifest)
//! and plain settings, and gives what it did as plain data; showing that is the command's. What
//! takes long says what it does through [`Progress`].
//!
//! Every verb may be run again after it was stopped at any moment: files are replaced by renames,
//! and what is found half done is done again. Processes that change the same project take turns.

pub mod account;
mod audit;
mod build;
pub mod call;
mod choice;
mod compile;
pub mod config;
mod download;
pub mod edit;
mod error;
mod fetch;
mod files;
mod gc;
mod hold;
mod inspect;
mod install;
mod linking;
mod local;
mod lock;
mod machine;
mod origin;
mod outdated;
mod parallel;
mod progress;
mod project;
mod publish;
mod registries;
pub mod size;
mod source;
mod spec;
pub mod template;
mod vendor;
mod verify;
mod workspace;

pub use audit::{Audit, AuditedPackage, Denied, Uses, audit, uses};
pub use build::{BuiltPackage, Packed, build, pack};
pub use choice::{Choice, before};
pub use edit::{Addition, Edited, add, add_and_install, remove, uninstall};
pub use error::{Error, TwoRegistries};
pub use fetch::{Fetched, fetch};
pub use gc::{MAX_AGE, gc};
pub use inspect::{Inspected, newest, no_such_version, unknown_package};
pub use install::{InstallOptions, Installed, install};
pub use linking::{LinkOptions, LinkingError};
pub use lock::{Change, Locked, lock};
pub use machine::{DEFAULT_REGISTRY, Machine, MachineSettings, Notices};
pub use origin::Origin;
pub use outdated::{Outdated, outdated};
pub use progress::{Mode, Progress};
pub use project::Project;
pub use publish::{Publication, publish};
pub use puck_resolver::{Before, Strategy, Update};
pub use registries::{Handle, Place, Published, Registries};
pub use spec::{PackageSpec, VersionSpec};
pub use vendor::{Vendored, vendor};
pub use verify::{Fault, Verified, VerifyOptions, verify};
pub use workspace::WorkspaceError;
