//! Where a registry is kept: a [`Directory`], or a [`Bucket`] of an object store.
//!
//! Both hold the same files under the same paths, and both make a change as one transaction. What
//! changes is decided by a function of what is there (a [`Decide`]): it is called while nobody else
//! can change the package, or anew for as long as somebody did.

mod bucket;
mod content;
mod directory;
mod location;

use std::fmt::Debug;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use puck_package::{IndexLine, PackageName};
use puck_registry::{Action, Offered};
use tempfile::NamedTempFile;

pub use bucket::Bucket;
pub use content::{Body, Content, Facts};
pub use directory::Directory;
pub use location::StorageLocation;

use crate::Error;
use crate::access::{Owners, User};

/// Where the hashes of tokens are.
pub(crate) const TOKENS: &str = "private/tokens";

/// A package, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// Its versions, oldest first.
    pub lines: Vec<IndexLine>,
    /// Who owns it; nobody, as long as it has no versions.
    pub owners: Owners,
}

/// What is to become of a package, all of it or nothing.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What the index is to say of a version, and why.
    pub line: Option<(Action, IndexLine)>,
    /// Who is to own it.
    pub owners: Option<Vec<User>>,
}

/// Decides what is to become of a package as it is now; `None` if nothing is.
pub type Decide = dyn Fn(&Package) -> Result<Option<Change>, Error> + Send + Sync;

/// The place where a registry is kept.
///
/// Paths are those of the registry directory, relative to it.
pub trait Storage: Debug + Send + Sync {
    /// For people: the directory, or the bucket's URL.
    fn location(&self) -> String;

    /// Finishes or undoes what a server that was killed left half done.
    fn recover(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// The size and the entity tag of a file; [`Error::NotFound`] if there is none.
    fn facts<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Facts, Error>>;

    /// A file; if there is a `range`, of it only these bytes, as far as there are such.
    fn read<'a>(
        &'a self,
        path: &'a str,
        range: Option<std::ops::Range<u64>>,
    ) -> BoxFuture<'a, Result<Content, Error>>;

    /// Replaces `registry.json` by what `edit` makes of it.
    fn describe(
        &self,
        edit: Arc<dyn Fn(&mut puck_registry::Description) + Send + Sync>,
    ) -> BoxFuture<'_, Result<(), Error>>;

    /// The names of all packages, sorted.
    fn names(&self) -> BoxFuture<'_, Result<Vec<PackageName>, Error>>;

    /// A package; one without versions if there is none of that name.
    fn package<'a>(&'a self, name: &'a PackageName) -> BoxFuture<'a, Result<Package, Error>>;

    /// Changes a package as `decide` says, as one transaction: when this returns, the change stays;
    /// if the server is killed before, there is all of it or nothing. `archive` is what a change
    /// that publishes brings. Returns what was changed.
    fn change(
        &self,
        name: PackageName,
        archive: Option<Arc<Offered>>,
        decide: Arc<Decide>,
    ) -> BoxFuture<'_, Result<Option<Change>, Error>>;

    /// Puts the archive of a version that is published into its place again.
    fn restore(&self, archive: Arc<Offered>) -> BoxFuture<'_, Result<(), Error>>;

    /// A temporary file for what is on its way in.
    ///
    /// # Errors
    /// If it cannot be made.
    fn spool(&self) -> std::io::Result<NamedTempFile>;

    /// A private file; `None` if there is none.
    fn private<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Error>>;

    /// The names of the private files in a folder.
    fn private_names<'a>(&'a self, folder: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>>;

    /// Writes a private file.
    fn write_private<'a>(
        &'a self,
        path: &'a str,
        bytes: Vec<u8>,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Removes a private file; whether it was there.
    fn remove_private<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<bool, Error>>;
}

/// Runs what waits for the disk where it hinders nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
        Err(_) => Err(Error::Ending),
    }
}
