//! A registry in a directory, written under its lock and through its journal: `puck publish` into
//! the same directory is safe meanwhile.
//!
//! Owners are written while the lock is held and before the change is announced. A first publish
//! that is killed in between leaves owners of a package without versions, which count for nothing:
//! whoever publishes first writes his own, or, by `puck publish`, none.

use std::io;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use fs_err as fs;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use puck_package::PackageName;
use puck_registry::{Description, Offered, Registry, Writer, owners_path};
use tempfile::NamedTempFile;
use tokio::sync::Mutex;

use super::content::{Body, Content, Facts, within};
use super::{Change, Decide, Package, Storage, blocking};
use crate::Error;
use crate::access::Owners;

/// What is read at once; less is not worth a stream.
const PIECE: u64 = 256 << 10;
/// Where archives are that are being sent.
const SPOOL: &str = "private/spool";
/// Nobody needs longer to send an archive: what is older was left by a server that was killed.
const ABANDONED: Duration = Duration::from_hours(24);

/// A registry in a directory.
#[derive(Clone, Debug)]
pub struct Directory {
    registry: Registry,
    /// So that only one thread of this process waits for the lock.
    turn: Arc<Mutex<()>>,
}

impl Directory {
    /// The registry at `directory`; an empty directory becomes one.
    ///
    /// # Errors
    /// If there is none.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let registry = Registry::open_or_fill(directory)?;
        Ok(Self {
            registry,
            turn: Arc::default(),
        })
    }

    fn path(&self, path: &str) -> PathBuf {
        self.registry.directory().join(path)
    }

    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, Error>> {
        let this = self.clone();
        blocking(move || work(&this)).boxed()
    }

    /// As [`Directory::blocking`], for what takes the lock. Once it runs it is finished, even if
    /// whoever asked went away.
    fn writing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, Error>> {
        async move {
            let turn = Arc::clone(&self.turn).lock_owned().await;
            self.blocking(move |this| {
                let _turn = turn;
                work(this)
            })
            .await
        }
        .boxed()
    }

    fn owners(&self, name: &PackageName) -> Result<Owners, Error> {
        let path = self.path(&owners_path(name));
        match fs::read(&path) {
            Ok(bytes) => Ok(Owners::parse(&path.display().to_string(), &bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Owners::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn package_now(&self, name: &PackageName) -> Result<Package, Error> {
        let lines = self.registry.versions(name)?;
        let mut owners = self.owners(name)?;
        if lines.is_empty() {
            owners.owners.clear();
        }
        Ok(Package { lines, owners })
    }

    fn change_now(
        &self,
        name: &PackageName,
        archive: Option<&Offered>,
        decide: &Decide,
    ) -> Result<Option<Change>, Error> {
        let writer = Writer::lock(&self.registry)?;
        let package = self.package_now(name)?;
        let Some(change) = decide(&package)? else {
            return Ok(None);
        };
        let published_first = package.lines.is_empty() && change.line.is_some();
        if let Some(owners) = &change.owners {
            let owners = package.owners.followed_by(owners.clone());
            writer.write_private(&owners_path(name), &owners.to_json())?;
        } else if published_first {
            writer.forget_owners(name)?;
        }
        if let Some((action, line)) = &change.line {
            writer.change(*action, line, archive)?;
        }
        Ok(Some(change))
    }

    /// Removes what servers that were killed have left of archives on their way in.
    fn sweep(&self) -> io::Result<()> {
        let entries = match fs::read_dir(self.path(SPOOL)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let age = SystemTime::now().duration_since(entry.metadata()?.modified()?);
            if age.is_ok_and(|age| age > ABANDONED) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn facts(metadata: &std::fs::Metadata) -> io::Result<Facts> {
    Ok(Facts {
        size: metadata.len(),
        // Whoever writes a registry gives each state of a file a later time than the one before.
        etag: format!(
            "\"{:x}-{:x}.{:x}-{:x}\"",
            metadata.len(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ino()
        ),
        modified: metadata.modified()?,
    })
}

/// What a file that cannot be opened means to a reader.
fn absent(path: &str, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Error::NotFound {
            what: path.to_owned(),
        },
        _ => error.into(),
    }
}

fn read_part(file: &std::fs::File, range: &Range<u64>) -> io::Result<Bytes> {
    let size = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, range.start)?;
    Ok(bytes.into())
}

/// The bytes of `range`, [`PIECE`] by [`PIECE`].
fn pieces(file: std::fs::File, range: Range<u64>) -> Body {
    let file = Arc::new(file);
    let next = |(file, range): (Arc<std::fs::File>, Range<u64>)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let piece = range.start..range.end.min(range.start + PIECE);
        let rest = piece.end..range.end;
        let reader = Arc::clone(&file);
        let bytes = tokio::task::spawn_blocking(move || read_part(&reader, &piece))
            .await
            .map_err(io::Error::other)??;
        Ok(Some((bytes, (file, rest))))
    };
    Body::Stream(stream::try_unfold((file, range), next).boxed())
}

impl Storage for Directory {
    fn location(&self) -> String {
        self.registry.directory().display().to_string()
    }

    fn recover(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.writing(|this| {
            this.registry.recover()?;
            Ok(this.sweep()?)
        })
    }

    /// Asks the file system at once, as web servers do: what is known of a file that is asked for
    /// often is in memory, and to wait for another thread takes longer than to look.
    fn facts<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Facts, Error>> {
        let found = fs::metadata(self.path(path))
            .and_then(|metadata| match metadata.is_file() {
                true => facts(&metadata),
                false => Err(io::ErrorKind::NotFound.into()),
            })
            .map_err(|error| absent(path, error));
        std::future::ready(found).boxed()
    }

    fn read<'a>(
        &'a self,
        path: &'a str,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Content, Error>> {
        let path = path.to_owned();
        self.blocking(move |this| {
            let open = || {
                let (file, _) = fs::File::open(this.path(&path))?.into_parts();
                let metadata = file.metadata()?;
                if metadata.is_file() {
                    Ok((facts(&metadata)?, file))
                } else {
                    Err(io::ErrorKind::NotFound.into())
                }
            };
            let (facts, file) = open().map_err(|error| absent(&path, error))?;
            let range = within(range, facts.size);
            let body = if range.end - range.start <= PIECE {
                Body::Bytes(read_part(&file, &range)?)
            } else {
                pieces(file, range.clone())
            };
            Ok(Content { facts, range, body })
        })
    }

    fn describe(
        &self,
        edit: Arc<dyn Fn(&mut Description) + Send + Sync>,
    ) -> BoxFuture<'_, Result<(), Error>> {
        self.writing(move |this| Ok(this.registry.describe(|description| edit(description))?))
    }

    fn names(&self) -> BoxFuture<'_, Result<Vec<PackageName>, Error>> {
        self.blocking(|this| Ok(this.registry.names()?))
    }

    fn package<'a>(&'a self, name: &'a PackageName) -> BoxFuture<'a, Result<Package, Error>> {
        let name = name.clone();
        self.blocking(move |this| this.package_now(&name))
    }

    fn change(
        &self,
        name: PackageName,
        archive: Option<Arc<Offered>>,
        decide: Arc<Decide>,
    ) -> BoxFuture<'_, Result<Option<Change>, Error>> {
        self.writing(move |this| this.change_now(&name, archive.as_deref(), &*decide))
    }

    fn restore(&self, archive: Arc<Offered>) -> BoxFuture<'_, Result<(), Error>> {
        self.writing(move |this| Ok(Writer::lock(&this.registry)?.restore(&archive)?))
    }

    fn spool(&self) -> io::Result<NamedTempFile> {
        let folder = self.path(SPOOL);
        std::fs::DirBuilder::new()
            .mode(0o700)
            .recursive(true)
            .create(&folder)?;
        NamedTempFile::new_in(folder)
    }

    /// At once, as [`Storage::facts`]: it is about the few hundred bytes of a token.
    fn private<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Error>> {
        let found = match fs::read(self.path(path)) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        };
        std::future::ready(found).boxed()
    }

    fn private_names<'a>(&'a self, folder: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        let folder = self.path(folder);
        self.blocking(move |_| {
            let entries = match fs::read_dir(folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            };
            let mut names = Vec::new();
            for entry in entries {
                names.extend(entry?.file_name().into_string().ok());
            }
            names.sort();
            Ok(names)
        })
    }

    fn write_private<'a>(
        &'a self,
        path: &'a str,
        bytes: Vec<u8>,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let path = path.to_owned();
        self.writing(move |this| Ok(Writer::lock(&this.registry)?.write_private(&path, &bytes)?))
    }

    fn remove_private<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        let path = self.path(path);
        self.writing(move |this| {
            let _writer = Writer::lock(&this.registry)?;
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error.into()),
            }
            // A token that was revoked must not be there again after the power failed.
            let folder = path.parent().unwrap_or(Path::new("."));
            fs::File::open(folder)?.sync_all()?;
            Ok(true)
        })
    }
}
