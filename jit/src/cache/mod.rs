//! Callers kept for later runs. See `docs/jit.md`.
//!
//! ```text
//! <key>.json             the record: what the caller defines, calls and was compiled with
//! <key>-<digest>.so      the library that the record names
//! .puck-…                what is being written
//! packages/              packages' IR, simplified, where bodies to inline come from
//! ```
//!
//! The library is renamed to its place before the record is, and the record says its size and digest:
//! whoever finds a record finds the library that belongs to it, or counts it as absent. Nothing is
//! changed in place, so readers need no lock, and writers of the same caller write the same. Nothing
//! is flushed to the disk: after a power cut, what is damaged counts as absent.

mod record;
mod validity;

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use puck_package::Digest;

pub(crate) use record::Record;

const TEMPORARY: &str = ".puck-";
/// How many digits of a key are in the names of files, and how many of a library's digest.
const KEY: usize = 32;
const LIBRARY: usize = 16;
/// A file without a record may be one whose record comes next.
const SETTLED: Duration = Duration::from_secs(3600);
/// How exact the time of the last use is: looking is cheaper than writing.
const USED: Duration = Duration::from_secs(24 * 3600);

/// The folder.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of the compiler's own, which is like this one: what is in it may go at any time.
    pub(crate) fn packages(&self) -> PathBuf {
        self.folder.join("packages")
    }

    /// The record of a key and the path of its library, if both are there and whole.
    pub(crate) fn find(&self, key: &Digest) -> Option<(Record, PathBuf)> {
        let path = self.record_path(key);
        let record = Record::parse(&fs_err::read(&path).ok()?)?;
        let library = self.library_path(key, &record);
        let content = fs_err::read(&library).ok()?;
        if content.len() as u64 != record.size || Digest::of(&content) != record.sha256 {
            return None;
        }
        touch(&path);
        Some((record, std::path::absolute(library).ok()?))
    }

    /// Keeps a library with its record, and says where it is.
    pub(crate) fn keep(
        &self,
        key: &Digest,
        record: &Record,
        library: &[u8],
    ) -> io::Result<PathBuf> {
        fs_err::create_dir_all(&self.folder)?;
        let path = self.library_path(key, record);
        self.write(&path, library)?;
        self.write(&self.record_path(key), &record.to_json())?;
        std::path::absolute(path)
    }

    /// Writes a record again that holds for another environment now, if it can be written.
    pub(crate) fn renew(&self, key: &Digest, record: &Record) {
        // Else it is found out again the next time.
        let _ = self.write(&self.record_path(key), &record.to_json());
    }

    /// Removes callers that were not used for so long, and files that belong to none.
    pub(crate) fn clean(&self, unused_for: Duration) -> io::Result<usize> {
        let mut removed = 0;
        for folder in ["objects", "temporary"] {
            for path in files(&self.packages().join(folder))? {
                if age(&path) >= unused_for {
                    remove(&path)?;
                }
            }
        }
        let paths = files(&self.folder)?;
        for path in &paths {
            if is_record(path) && age(path) >= unused_for {
                remove(path)?;
                removed += 1;
            }
        }
        for path in paths {
            if self.is_left(&path) && age(&path) >= SETTLED.min(unused_for) {
                remove(&path)?;
            }
        }
        Ok(removed)
    }

    /// Whether a file is a library that no record names, or was never finished.
    fn is_left(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(TEMPORARY) {
            return true;
        }
        let Some((key, digest)) = name
            .strip_suffix(".so")
            .and_then(|name| name.split_once('-'))
        else {
            return false;
        };
        if !is_digits(key, KEY) || !is_digits(digest, LIBRARY) {
            return false;
        }
        let record = fs_err::read(self.folder.join(format!("{key}.json")));
        let named = record.ok().and_then(|json| Record::parse(&json));
        named.is_none_or(|record| record.sha256.prefix(LIBRARY) != digest)
    }

    fn record_path(&self, key: &Digest) -> PathBuf {
        self.folder.join(format!("{}.json", key.prefix(KEY)))
    }

    fn library_path(&self, key: &Digest, record: &Record) -> PathBuf {
        let name = format!("{}-{}.so", key.prefix(KEY), record.sha256.prefix(LIBRARY));
        self.folder.join(name)
    }

    fn write(&self, place: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.persist(place).map_err(|error| {
            let message = format!("{}: {}", place.display(), error.error);
            io::Error::new(error.error.kind(), message)
        })?;
        Ok(())
    }
}

/// Whether a file is called as a record is: there may be others' files beside them.
fn is_record(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(".json")
        .is_some_and(|key| is_digits(key, KEY))
}

fn is_digits(text: &str, count: usize) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == count && text.bytes().all(is_digit)
}

/// The files in a folder; none, if there is no folder.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs_err::read_dir(folder) {
        Ok(entries) => entries.collect::<io::Result<Vec<_>>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let paths = entries.iter().map(fs_err::DirEntry::path);
    Ok(paths.filter(|path| !path.is_dir()).collect())
}

/// Notes that a record was used, if that can be written down.
fn touch(record: &Path) {
    if age(record) > USED
        && let Ok(file) = fs_err::File::options().append(true).open(record)
    {
        let _ = file.file().set_modified(SystemTime::now());
    }
}

/// How long ago a file was written or touched; not long, if that cannot be told.
fn age(path: &Path) -> Duration {
    let modified = fs_err::metadata(path).and_then(|metadata| metadata.modified());
    modified
        .ok()
        .and_then(|time| SystemTime::now().duration_since(time).ok())
        .unwrap_or_default()
}

/// Removes a file that another process may have removed already.
fn remove(path: &Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
