//! Archives from registries into the store.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use puck_package::lockfile::PackageSource;
use puck_package::{Digest, IndexLine, LockedPackage};
use puck_store::{Batch, Store};

use crate::{Error, Handle, Progress, Registries};

/// How many archives may be on their way at once: waiting costs no processor.
pub(crate) const AT_ONCE: usize = 12;

/// The downloads of one installation, with what is shown of them.
pub(crate) struct Downloads<'a> {
    pub(crate) store: &'a Store,
    /// What archives are added to, if they are put in their places later and with others.
    batch: Option<&'a Batch<'a>>,
    pub(crate) registries: &'a Registries<'a>,
    pub(crate) progress: &'a dyn Progress,
    /// How many packages there are, and how many of them are in the store.
    packages: usize,
    done: AtomicUsize,
    /// Bytes to come, of the archives that were begun, and those that came.
    expected: AtomicU64,
    received: AtomicU64,
}

impl<'a> Downloads<'a> {
    pub(crate) fn new(
        store: &'a Store,
        registries: &'a Registries<'a>,
        progress: &'a dyn Progress,
        packages: usize,
    ) -> Self {
        Self {
            store,
            batch: None,
            registries,
            progress,
            packages,
            done: AtomicUsize::new(0),
            expected: AtomicU64::new(0),
            received: AtomicU64::new(0),
        }
    }

    /// As part of what is made together.
    pub(crate) fn in_batch(self, batch: &'a Batch<'a>) -> Self {
        Self {
            batch: Some(batch),
            ..self
        }
    }

    /// Notes that a package is in the store.
    pub(crate) fn done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Puts a locked package's archive into the store.
    pub(crate) fn fetch(&self, package: &LockedPackage, sha256: &Digest) -> Result<(), Error> {
        let id = Box::new(package.id());
        let handle = self.registry(package)?;
        let lines = handle.versions(&id.name)?;
        let Some(line) = lines.into_iter().find(|line| line.version == id.version) else {
            return Err(Error::Unavailable {
                id,
                registry: handle.location(),
            });
        };
        if line.sha256 != *sha256 {
            return Err(Error::ChangedArchive {
                id,
                locked: *sha256,
                found: line.sha256,
            });
        }
        self.expected.fetch_add(line.size, Ordering::Relaxed);
        self.show(&line);
        self.copy(&handle, &line).map_err(|source| Error::Fetch {
            id,
            archive: handle.archive_place(&line.name, &line.version),
            source: Box::new(source),
        })
    }

    /// The registry that a package is locked from.
    fn registry(&self, package: &LockedPackage) -> Result<Handle, Error> {
        let id = Box::new(package.id());
        let PackageSource::Registry(name) = &package.source else {
            return Err(Error::Vanished(*id));
        };
        let handle = match self.registries.get(name) {
            Err(Error::UnknownRegistry { .. }) => {
                let registry = name.clone();
                return Err(Error::UnknownSource { id, registry });
            }
            found => found?,
        };
        let Some(handle) = handle else {
            let registry = self.registries.place(name)?.registry.location.to_string();
            return Err(Error::Unavailable { id, registry });
        };
        match self.registries.offline() {
            Some(origin) if handle.is_remote() => Err(Error::NotHere {
                id,
                registry: handle.location(),
                origin: origin.clone(),
            }),
            _ => Ok(handle),
        }
    }

    /// Copies an archive into the store, which checks it. Wrong bytes may come from a cache on the
    /// way, so they are asked for once more, past all caches.
    fn copy(&self, handle: &Handle, line: &IndexLine) -> Result<(), Error> {
        match self.copy_once(handle, line, false) {
            Err(Error::Store(wrong @ puck_store::Error::WrongArchive { .. }))
                if handle.is_remote() =>
            {
                self.progress.warning(&format!(
                    "{} {} from {} is not what it should be ({wrong}); fetching it once more",
                    line.name,
                    line.version,
                    handle.location()
                ));
                self.copy_once(handle, line, true)
            }
            copied => copied,
        }
    }

    fn copy_once(&self, handle: &Handle, line: &IndexLine, fresh: bool) -> Result<(), Error> {
        let mut archive = Counted {
            archive: handle.archive(line, fresh)?,
            line,
            downloads: self,
        };
        let IndexLine { sha256, size, .. } = line;
        match self.batch {
            Some(batch) => batch.add_archive(&mut archive, sha256, *size)?,
            None => self.store.add_archive(&mut archive, sha256, *size)?,
        }
        Ok(())
    }

    fn show(&self, line: &IndexLine) {
        let get = |number: &AtomicU64| megabytes(number.load(Ordering::Relaxed));
        self.progress.step(&format!(
            "Fetching {} {} ({} of {} packages, {} of {} MB)",
            line.name,
            line.version,
            self.done.load(Ordering::Relaxed),
            self.packages,
            get(&self.received),
            get(&self.expected),
        ));
    }
}

/// With one digit after the point.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_add(50_000) / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// An archive whose bytes are counted as they come.
struct Counted<'a> {
    archive: Box<dyn Read + Send>,
    line: &'a IndexLine,
    downloads: &'a Downloads<'a>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.archive.read(buffer)?;
        let received = &self.downloads.received;
        received.fetch_add(count as u64, Ordering::Relaxed);
        self.downloads.show(self.line);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::megabytes;

    #[test]
    fn sizes_with_one_digit() {
        for (bytes, shown) in [
            (0, "0.0"),
            (49_999, "0.0"),
            (50_000, "0.1"),
            (1_950_000, "2.0"),
            (123_456_789, "123.5"),
            (u64::MAX, "18446744073709.5"),
        ] {
            assert_eq!(megabytes(bytes), shown);
        }
    }
}
