//! `archives/`: packed packages under their digests, checked on the way in and on the way out.

use std::io::{Read, Write as _};
use std::path::PathBuf;

use fs_err as fs;
use puck_package::Digest;

use crate::batch::{Batch, Made, Thing};
use crate::{Error, Result, Store, files};

impl Batch<'_> {
    /// Takes an archive in, checking it while it is copied. If the store has it already, nothing is
    /// read. No more than `size` bytes and one buffer are ever read.
    ///
    /// # Errors
    /// [`Error::WrongArchive`] if `reader` gives other bytes than promised; the errors of reading
    /// and writing. The store is then as it was.
    pub fn add_archive(&self, reader: &mut dyn Read, sha256: &Digest, size: u64) -> Result<()> {
        let place = self.store.archive_path(sha256);
        if self.store.has_archive(sha256, size) {
            files::mark_used(&place)?;
            return Ok(());
        }
        let made = self.place("archive")?;
        let mut file = files::create_new(&made)?;
        let mut hasher = Digest::hasher();
        let buffer_size = usize::try_from(size.saturating_add(1)).unwrap_or(usize::MAX);
        let mut buffer = vec![0; buffer_size.min(1 << 16)];
        let mut found_size = 0;
        while found_size <= size {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let bytes = buffer.get(..count).unwrap_or_default();
            hasher.write_all(bytes)?;
            file.write_all(bytes)?;
            found_size += bytes.len() as u64;
        }
        files::seal_file(&file)?;
        drop(file);
        let (found, _) = hasher.finish();
        if found_size != size || found != *sha256 {
            files::remove(&made)?;
            let (expected, expected_size) = (*sha256, size);
            return Err(Error::WrongArchive {
                expected,
                expected_size,
                found,
                found_size,
            });
        }
        self.ready(Thing {
            made: Made::Archive(*sha256),
            from: made,
            to: place,
        })
    }
}

impl Store {
    /// Whether an archive is there, going by its name and size: enough to decide what to fetch.
    #[must_use]
    pub fn has_archive(&self, sha256: &Digest, size: u64) -> bool {
        fs::metadata(self.archive_path(sha256)).is_ok_and(|file| file.len() == size)
    }

    /// The path of an archive, checked just now; `None` if the store does not have it.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the file is not what its name says. It is then gone.
    pub fn archive(&self, sha256: &Digest) -> Result<Option<PathBuf>> {
        let path = self.archive_path(sha256);
        let Some(found) = digest_of(&path)? else {
            return Ok(None);
        };
        if found == *sha256 {
            return Ok(Some(path));
        }
        // Somebody may be putting a good one in its place; look again when nobody is.
        let _staging = self.stage(&format!("archive-{sha256}"))?;
        match digest_of(&path)? {
            None => {}
            Some(found) if found == *sha256 => return Ok(Some(path)),
            Some(_) => files::remove(&path)?,
        }
        Err(Error::Damaged {
            path,
            reason: format!("its SHA-256 is {found}"),
        })
    }

    /// Removes an archive, such as one that was fetched and that nothing can be installed from.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub fn remove_archive(&self, sha256: &Digest) -> Result<()> {
        let _staging = self.stage(&format!("archive-{sha256}"))?;
        let path = self.archive_path(sha256);
        if path.exists() {
            files::remove(&path)?;
        }
        Ok(())
    }
}

fn digest_of(path: &std::path::Path) -> Result<Option<Digest>> {
    match Digest::of_file(path) {
        Ok(digest) => Ok(Some(digest)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let home = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(home.path()).expect("opens");
        (home, store)
    }

    #[test]
    fn comes_back_as_it_went_in() {
        let (_home, store) = store();
        let bytes = vec![7; 100_000];
        let sha256 = Digest::of(&bytes);
        assert!(store.archive(&sha256).expect("reads").is_none());
        for _ in 0..2 {
            store
                .add_archive(&mut bytes.as_slice(), &sha256, 100_000)
                .expect("adds");
        }
        let path = store.archive(&sha256).expect("reads").expect("is there");
        assert_eq!(fs::read(&path).expect("reads"), bytes);
        let mode = fs::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o444);
    }

    #[test]
    fn what_was_not_asked_for_stays_out() {
        let (_home, store) = store();
        let bytes = vec![7; 100];
        let sha256 = Digest::of(&bytes);
        let cases = [
            ("other bytes", vec![8; 100], 100),
            ("too short", vec![7; 99], 100),
            ("too long", vec![7; 1 << 20], 100),
            ("size and digest disagree", vec![7; 100], 101),
        ];
        for (name, given, size) in cases {
            let error = store.add_archive(&mut given.as_slice(), &sha256, size);
            assert!(
                matches!(error, Err(Error::WrongArchive { .. })),
                "{name}: {error:?}"
            );
            assert!(store.archive(&sha256).expect("reads").is_none(), "{name}");
        }
        let left = fs::read_dir(store.staging_directory())
            .expect("staging/")
            .count();
        assert_eq!(left, 0, "nothing is left over");
    }

    #[test]
    fn damage_is_removed_and_reported() {
        let (_home, store) = store();
        let bytes = b"good".as_slice();
        let sha256 = Digest::of(bytes);
        store.add_archive(&mut &*bytes, &sha256, 4).expect("adds");
        let path = store.archive_path(&sha256);
        fs::remove_file(&path).expect("removes");
        fs::write(&path, "evil").expect("writes");
        let error = store.archive(&sha256).expect_err("damaged");
        assert!(
            matches!(&error, Error::Damaged { path: named, .. } if *named == path),
            "{error}"
        );
        assert!(store.archive(&sha256).expect("reads").is_none());
        store
            .add_archive(&mut &*bytes, &sha256, 4)
            .expect("is put right");
        assert!(store.archive(&sha256).expect("reads").is_some());
    }
}
