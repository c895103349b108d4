//! What a registry does for those who ask, however they ask and wherever it is kept.

mod catalogue;
mod owners;
mod publishing;
mod tokens;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use puck_package::{IndexLine, PackageName};
use puck_registry::{Description, Found, Query};
use tempfile::NamedTempFile;

use self::catalogue::Catalogue;
use crate::Error;
use crate::storage::{Bucket, Content, Directory, Facts, Storage, StorageLocation};

/// A version that is published.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// What the index says of it.
    pub line: IndexLine,
    /// Whether this publish put it there; if not, the very same archive was published before.
    pub new: bool,
}

/// A registry that answers and changes. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Service {
    storage: Arc<dyn Storage>,
    catalogue: Arc<Catalogue>,
}

impl Service {
    /// The registry at `location`, after finishing what a server that was killed left half done.
    /// An empty directory, or a bucket without a registry, becomes one.
    ///
    /// # Errors
    /// If there is none, or it is damaged; if a bucket does not answer.
    pub async fn open(location: &StorageLocation) -> Result<Self, Error> {
        let storage: Arc<dyn Storage> = match location {
            StorageLocation::Directory(directory) => {
                let directory = directory.clone();
                let open = move || Directory::open(&directory);
                Arc::new(crate::storage::blocking(open).await?)
            }
            StorageLocation::Bucket { .. } => Arc::new(Bucket::open(location).await?),
        };
        Self::over(storage).await
    }

    /// The registry in `storage`, after finishing what a server that was killed left half done.
    ///
    /// # Errors
    /// If it is damaged, or cannot be written.
    pub async fn over(storage: Arc<dyn Storage>) -> Result<Self, Error> {
        storage.recover().await?;
        Ok(Self::unrecovered(storage))
    }

    /// The registry in `storage` as it is.
    pub(crate) fn unrecovered(storage: Arc<dyn Storage>) -> Self {
        Self {
            catalogue: Arc::new(Catalogue::new(Arc::clone(&storage))),
            storage,
        }
    }

    /// For people: where the registry is kept.
    #[must_use]
    pub fn location(&self) -> String {
        self.storage.location()
    }

    /// What `registry.json` says.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn description(&self) -> Result<Description, Error> {
        const PATH: &str = "registry.json";
        let content = self.storage.read(PATH, None).await?;
        let bytes = content.body.bytes().await?;
        Ok(Description::parse(PATH, &bytes)?)
    }

    /// Has `registry.json` say that the API is at `address`, unless it names one already.
    ///
    /// # Errors
    /// If the registry cannot be written.
    pub async fn announce_api(&self, address: &str) -> Result<(), Error> {
        let address = address.to_owned();
        let edit = move |description: &mut Description| {
            description.api.get_or_insert_with(|| address.clone());
        };
        self.storage.describe(Arc::new(edit)).await
    }

    /// The size and entity tag of a file that anybody may read.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for files of the registry that are nobody's business.
    pub async fn facts(&self, path: &str) -> Result<Facts, Error> {
        served(path)?;
        self.storage.facts(path).await
    }

    /// A file that anybody may read, or the bytes of it in `range`, as far as it has them.
    ///
    /// # Errors
    /// As [`Service::facts`].
    pub async fn read(&self, path: &str, range: Option<Range<u64>>) -> Result<Content, Error> {
        served(path)?;
        self.storage.read(path, range).await
    }

    /// Whether the registry can be read at all.
    ///
    /// # Errors
    /// If it cannot.
    pub async fn check(&self) -> Result<(), Error> {
        self.storage.facts("registry.json").await.map(drop)
    }

    /// A temporary file for an archive on its way in, where there is room for it and nobody else
    /// looks.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn spool(&self) -> std::io::Result<NamedTempFile> {
        self.storage.spool()
    }

    /// The names of all packages, sorted.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub async fn names(&self) -> Result<Vec<PackageName>, Error> {
        self.catalogue.names().await
    }

    /// The packages that match `query`, the best first.
    ///
    /// # Errors
    /// If the registry cannot be read. Packages that cannot be are passed over.
    pub async fn search(&self, query: &Query) -> Result<Found, Error> {
        self.catalogue.search(query).await
    }

    /// The versions of a package, oldest first; none if there is no such package.
    ///
    /// # Errors
    /// If its index file cannot be read.
    pub async fn versions(&self, name: &PackageName) -> Result<Vec<IndexLine>, Error> {
        Ok(self.storage.package(name).await?.lines)
    }
}

/// Lets pass the paths of files that are for everybody: nothing private, and no way out.
fn served(path: &str) -> Result<(), Error> {
    let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains('\\');
    let sound = match path {
        "registry.json" | "log.jsonl" => true,
        _ => {
            let mut parts = path.split('/');
            matches!(parts.next(), Some("index" | "archives"))
                && Path::new(path).components().count() >= 3
                && parts.all(plain)
        }
    };
    if sound {
        Ok(())
    } else {
        Err(Error::NotFound {
            what: path.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::served;

    #[test]
    fn what_is_served() {
        for (path, expected) in [
            ("registry.json", true),
            ("log.jsonl", true),
            ("index/li/na/linalg", true),
            ("archives/linalg/linalg-1.0.0.puck", true),
            ("index", false),
            ("index/1", false),
            ("index/../private/journal.json", false),
            ("index//a", false),
            ("index/./a", false),
            ("private/tokens/a.json", false),
            ("pending.json", false),
            ("registry.lock", false),
            (".incoming/a", false),
            ("/etc/passwd", false),
            ("", false),
        ] {
            assert_eq!(served(path).is_ok(), expected, "{path}");
        }
    }
}
