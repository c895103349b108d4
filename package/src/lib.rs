//! Puck's formats: what is written in a manifest, an archive, an index, a lockfile, an environment.
//!
//! Everything here is plain data with a textual form, and the checks that make a text valid. The
//! crate touches no network and no global state; it reads and writes only the files it is handed.
//!
//! | module | format | page |
//! |---|---|---|
//! | [`manifest`] | `Puck.toml` | `docs/manifest.md` |
//! | [`signature`], [`link_name`] | signatures and the symbols made of them | `docs/signatures.md` |
//! | [`portable`] | the types of Numba's functions | `docs/numba-json.md` |
//! | [`archive`], [`document`] | `NAME-VERSION.puck` and its `package.json` | `docs/archive.md` |
//! | [`index`] | one line a version in a registry | `docs/registry.md` |
//! | [`config`] | `config.toml` | `docs/configuration.md` |
//! | [`lockfile`] | `Puck.lock` | `docs/lockfile.md` |
//! | [`environment`] | `environment.json` | `docs/environment.md` |
//!
//! Each format has a number. A reader refuses a number newer than the one it knows
//! ([`format::check`]) rather than guess; keys unknown in JSON documents of a known number are
//! ignored, so that a format can grow without a new number.

pub mod archive;
mod capability;
pub mod config;
mod digest;
pub mod document;
pub mod environment;
pub mod format;
mod header;
pub mod index;
mod link_mode;
pub mod link_name;
mod listing;
pub mod location;
pub mod lockfile;
pub mod manifest;
mod name;
mod nearest;
pub mod portable;
mod positioned;
mod processor;
pub mod quantity;
mod series;
mod sha256;
pub mod signature;
mod target;
pub mod variables;
pub mod version;

pub use capability::{Capability, CapabilityError};
pub use config::{Config, ConfiguredRegistry};
pub use digest::{Digest, DigestError, Hasher};
pub use document::{
    FileFacts, Function, HostImport, HostSection, Import, PackageDependency, PackageDocument,
    SystemImport, TargetObject, Tools,
};
pub use environment::{EnvironmentDocument, EnvironmentPackage, Image};
pub use header::{STRUCTS, c_header, c_name, structs_header};
pub use index::IndexLine;
pub use link_mode::{LinkMode, LinkModeError};
pub use link_name::{LinkName, LinkNameError, soname};
pub use listing::{Listed, listing};
pub use location::{LocationError, RegistryLocation};
pub use lockfile::{LockedPackage, Lockfile, PackageId};
pub use manifest::{
    BuildSection, Dependency, EnvironmentSection, FunctionPath, FunctionPathError, FunctionSection,
    Manifest, ManifestError, PackageSection, Patch, PolicySection, WorkspaceSection,
};
pub use name::{FunctionName, NameError, PackageName};
pub use nearest::nearest;
pub use portable::{PortableError, PortableSignature, PortableType};
pub use processor::{Processor, TargetCpu};
pub use series::{Series, SeriesError};
pub use signature::{Parameter, Pointee, Signature, SignatureError, Type};
pub use target::{Target, TargetError};
