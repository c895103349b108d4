//! What can go wrong in a verb.

mod hint;

use std::path::PathBuf;

use puck_package::lockfile::PackageId;
use puck_package::{Digest, PackageName, Series};
use semver::VersionReq;

use crate::Origin;

/// Why a verb failed. Nothing was changed unless the verb says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed; the message names the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A manifest is not valid.
    #[error(transparent)]
    Manifest(#[from] puck_package::ManifestError),
    /// A workspace is not valid.
    #[error(transparent)]
    Workspace(#[from] crate::WorkspaceError),
    /// An environment cannot be linked as it is asked for.
    #[error(transparent)]
    Linking(#[from] crate::LinkingError),
    /// A lockfile is not valid.
    #[error(transparent)]
    Lockfile(#[from] puck_package::lockfile::LockfileError),
    /// An archive cannot be written.
    #[error(transparent)]
    NotPackable(#[from] puck_package::archive::NotPackable),
    /// An archive cannot be read.
    #[error("{}: {source}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        source: puck_package::archive::ArchiveError,
    },
    /// The registry refused or failed.
    #[error(transparent)]
    Registry(#[from] puck_registry::Error),
    /// A registry over HTTP refused or failed.
    #[error(transparent)]
    Client(Box<puck_registry_client::Error>),
    /// What names a registry's place is none.
    #[error("{origin}: {source}")]
    Location {
        /// What names it.
        origin: Origin,
        /// What is wrong with it.
        source: puck_package::LocationError,
    },
    /// What names a registry's address is none.
    #[error("{origin}: `{url}` is not an address: {reason}")]
    Address {
        /// The address.
        url: String,
        /// What names it.
        origin: Origin,
        /// What is wrong with it.
        reason: String,
    },
    /// A manifest calls a registry on another machine by the name of the user's own.
    #[error(
        "{origin} says that the registry `local` is on another machine; `local` is a folder of \
         this one"
    )]
    LocalElsewhere {
        /// Where it says so.
        origin: Origin,
    },
    /// A variable that should hold a token does not. Its value is not shown.
    #[error("{0} holds no token: expected visible ASCII characters without spaces")]
    TokenVariable(String),
    /// A folder has nobody to tell apart.
    #[error("the registry {} is a folder: whoever may write there may publish", registry.display())]
    NoUsers {
        /// The folder.
        registry: PathBuf,
    },
    /// Nothing was published yet, so there is no registry.
    #[error("nothing was published to the registry {registry} yet")]
    EmptyRegistry {
        /// Its folder.
        registry: String,
    },
    /// There is no such setting.
    #[error("`{key}` is not a setting")]
    UnknownKey {
        /// What was asked for.
        key: String,
        /// A key that there is.
        near: Option<String>,
    },
    /// A key of the settings holds a value where a table should be.
    #[error("{}: `{key}` is no table", path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// Nobody says where a registry is.
    #[error("no registry is known as `{name}`")]
    UnknownRegistry {
        /// The name.
        name: String,
        /// A name that is known.
        near: Option<String>,
        /// What asked for it, if the user did so just now.
        asked: Option<Origin>,
    },
    /// One name is taken from two registries.
    #[error(transparent)]
    TwoRegistries(Box<TwoRegistries>),
    /// A package would be published to another registry than what it depends on.
    #[error(
        "`{name}` comes from the registry `{from}`, but a package in `{registry}` that does not say \
         so looks for it in `{registry}`"
    )]
    OtherRegistry {
        /// The dependency.
        name: PackageName,
        /// Where it is locked from.
        from: String,
        /// Where the package would be published.
        registry: String,
    },
    /// What has to be asked of another machine may not be asked.
    #[error("{what} needs the registry at {registry}, but {origin} forbids to ask it")]
    Offline {
        /// What needs it.
        what: String,
        /// Its address.
        registry: String,
        /// What forbids it.
        origin: Origin,
    },
    /// No versions agree.
    #[error(transparent)]
    Resolve(#[from] puck_resolver::Error),
    /// No versions on this machine agree.
    #[error("{error}")]
    OfflineConflict {
        /// What forbade to ask elsewhere.
        origin: Box<Origin>,
        /// The conflict.
        error: puck_resolver::Error,
    },
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] puck_store::Error),
    /// A package could not be built.
    #[cfg(feature = "compiler")]
    #[error(transparent)]
    Compiler(#[from] puck_compiler::Error),
    /// A crate's manifest could not be read.
    #[cfg(feature = "compiler")]
    #[error(transparent)]
    Crate(#[from] puck_compiler::SourceError),
    /// This program was built without LLVM.
    #[error("{0} needs a compiler, and this puck was built without one")]
    NoCompiler(String),
    /// There is no manifest.
    #[error("no Puck.toml in {} or any folder above it", .0.display())]
    NoProject(PathBuf),
    /// There is nothing to build.
    #[error("{} has no [package] section, so there is nothing to build", .0.display())]
    NoPackage(PathBuf),
    /// A path dependency's folder holds another package.
    #[error("{} is the manifest of `{found}`, not of `{expected}`", manifest.display())]
    OtherName {
        /// The name under which the folder is depended on.
        expected: PackageName,
        /// The name that it has.
        found: PackageName,
        /// The folder's manifest.
        manifest: PathBuf,
    },
    /// A path dependency's folder holds no package.
    #[error("`{name}` comes from the folder {}, but no manifest is there", directory.display())]
    NoLocalPackage {
        /// The dependency.
        name: PackageName,
        /// The folder.
        directory: PathBuf,
    },
    /// A package needs another version of what it is itself.
    #[error("{package} depends on {dependency}, which is of its own series, {series}")]
    DependsOnItself {
        /// The package.
        package: Box<PackageId>,
        /// What it depends on, itself or by way of others.
        dependency: Box<PackageId>,
        /// The series of both.
        series: Series,
    },
    /// Two manifests name different folders for one package.
    #[error("`{name}` is taken from {} and from {}", first.display(), second.display())]
    TwoPaths {
        /// The package.
        name: PackageName,
        /// One folder.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The lockfile does not do, and must not change.
    #[error("the lockfile needs to be updated, but {flag} forbids it: {reason}")]
    WouldChange {
        /// What forbade it.
        flag: &'static str,
        /// Why it does not do.
        reason: String,
    },
    /// A package to be updated is not locked.
    #[error("`{name}` is not in the lockfile")]
    NotLocked {
        /// The package.
        name: PackageName,
        /// A name that is.
        near: Option<String>,
    },
    /// A package to be removed is not there.
    #[error("{} does not depend on `{name}`", manifest.display())]
    NotADependency {
        /// The package.
        name: PackageName,
        /// The manifest.
        manifest: PathBuf,
        /// A name that is there.
        near: Option<String>,
    },
    /// No registry has the package.
    #[error("no package `{name}` in the registry {registry}")]
    UnknownPackage {
        /// The package.
        name: PackageName,
        /// The registry's folder or address.
        registry: String,
        /// A name that it has.
        near: Option<String>,
    },
    /// No version of a package will do.
    #[error("no version of `{name}` matches `{requirement}`; there is {}", known.join(", "))]
    NoSuchVersion {
        /// The package.
        name: PackageName,
        /// What was asked for.
        requirement: VersionReq,
        /// The versions that there are, newest first.
        known: Vec<String>,
    },
    /// A package does not offer a function.
    #[error("`{package}` has no function `{function}`")]
    NoSuchFunction {
        /// The package.
        package: PackageName,
        /// What was asked for.
        function: String,
        /// A name that it has.
        near: Option<String>,
    },
    /// A package was not compiled for a target.
    #[error("`{package}` has no code for {target}; it has: {}", present.join(", "))]
    NoSuchTarget {
        /// The package.
        package: PackageName,
        /// What was asked for.
        target: String,
        /// What it has.
        present: Vec<String>,
    },
    /// A package could not be fetched from where the registry says it is.
    #[error("cannot fetch {id} from {archive}")]
    Fetch {
        /// The package.
        id: Box<PackageId>,
        /// Its archive in the registry.
        archive: String,
        /// Why not.
        source: Box<Self>,
    },
    /// A locked package is neither in the store nor in the registry.
    #[error("{id} is locked, but neither the store nor the registry {registry} has it")]
    Unavailable {
        /// The package.
        id: Box<PackageId>,
        /// The registry's folder or address.
        registry: String,
    },
    /// A locked package is not in the store, and its registry may not be asked.
    #[error(
        "{id} is locked, but not on this machine, and {origin} forbids to ask the registry {registry}"
    )]
    NotHere {
        /// The package.
        id: Box<PackageId>,
        /// The registry's address.
        registry: String,
        /// What forbids it.
        origin: Origin,
    },
    /// A package is locked from a registry that nobody knows here.
    #[error("{id} is locked from the registry `{registry}`, which is not known here")]
    UnknownSource {
        /// The package.
        id: Box<PackageId>,
        /// The registry's name.
        registry: String,
    },
    /// A dependency comes from a registry that nobody knows here.
    #[error("{by} takes `{name}` from the registry `{registry}`, which is not known here")]
    NamedRegistry {
        /// The dependency.
        name: PackageName,
        /// The registry's name.
        registry: String,
        /// Who says so.
        by: String,
    },
    /// The registry has other bytes under a version than were locked.
    #[error(
        "{id} is locked with SHA-256 {locked}, but the registry has {found} under that version; \
         a published version never changes, so one of them is not genuine"
    )]
    ChangedArchive {
        /// The package.
        id: Box<PackageId>,
        /// The digest in the lockfile.
        locked: Digest,
        /// The digest in the registry.
        found: Digest,
    },
    /// A package was there when versions were chosen, and is gone.
    #[error("{0} was chosen, but it is no longer to be found")]
    Vanished(PackageId),
    /// A package touches what the project's policy denies.
    #[error(transparent)]
    Denied(Box<crate::Denied>),
    /// A folder to be replaced holds what was not written to be.
    #[error("{} holds other things than `puck vendor` wrote", .0.display())]
    NotVendored(PathBuf),
    /// What is changed in a vendored registry is lost.
    #[error("the registry {} was written by `puck vendor`, which replaces it as a whole", .0.display())]
    Vendored(PathBuf),
    /// A patch asks for versions that its registry does not have.
    #[error("[patch] takes `{name} {requirement}` from `{registry}`, which has {known}")]
    UnmatchedPatch {
        /// The package.
        name: PackageName,
        /// Which versions of it.
        requirement: VersionReq,
        /// The registry's name.
        registry: String,
        /// What it has instead, in words.
        known: String,
    },
    /// A package that depends on a folder alone cannot be published.
    #[error("{}: `{name}` has a path but no version, and a published package has no folders", manifest.display())]
    PathOnly {
        /// The dependency.
        name: PackageName,
        /// The manifest.
        manifest: PathBuf,
    },
}

/// One name that is taken from two registries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is taken from the registry `{first}` by {first_by}, and from `{second}` by \
     {second_by}; a package comes from one registry"
)]
pub struct TwoRegistries {
    /// The package.
    pub name: PackageName,
    /// One registry.
    pub first: String,
    /// Who takes it from there.
    pub first_by: String,
    /// The other.
    pub second: String,
    /// Who takes it from there.
    pub second_by: String,
    /// The one that a manifest would have to name for all to agree, if that is possible.
    pub agreed: Option<String>,
}

impl From<puck_registry_client::Error> for Error {
    fn from(error: puck_registry_client::Error) -> Self {
        Self::Client(Box::new(error))
    }
}
