//! `NAME-VERSION.puck`: a packed package, a zstd-compressed tar. See `docs/archive.md`.
//!
//! Only a narrow kind of tar is written and read: plain `ustar` headers, regular files, the
//! description first, everything else named and hashed by it. What a general tar reader would
//! interpret (links, devices, long names, sparse files, extended headers) is refused, not handled.

mod paths;
mod read;
mod stream;
mod write;

use std::io;
use std::path::PathBuf;

use semver::Version;

pub use paths::check_path;
pub use read::{Contents, Discard, Opened, Sink, Unpack, inspect, open, read, unpack};
pub use write::{NotPackable, write};

use crate::PackageName;
use crate::document::InvalidDocument;

/// The description's name in the archive.
pub const DOCUMENT: &str = "package.json";
/// tar's unit, in bytes.
const BLOCK: u64 = 512;

/// Bounds on what is read of an archive, so that a hostile one cannot exhaust memory or disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files.
    pub entries: usize,
    /// The size of `package.json`, in bytes.
    pub document: u64,
    /// All that is unpacked, in bytes.
    pub unpacked: u64,
    /// Bytes unpacked for every byte of the archive, once [`Limits::ratio_from`] are unpacked.
    pub ratio: u64,
    /// How much may be unpacked before the ratio counts, in bytes.
    pub ratio_from: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 4096,
            document: 64 << 20,
            unpacked: 4 << 30,
            ratio: 200,
            ratio_from: 64 << 20,
        }
    }
}

/// Which package an archive should hold.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The package's name.
    pub name: &'a PackageName,
    /// The package's version.
    pub version: &'a Version,
}

/// Why an archive was refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Something could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The compressed stream ends early or is not zstd.
    #[error("the archive is truncated or damaged: {0}")]
    Damaged(String),
    /// Its description is not valid, or of a newer format.
    #[error(transparent)]
    Document(#[from] InvalidDocument),
    /// It holds another package than was asked for.
    #[error("the archive holds {found}, not {expected}")]
    OtherPackage {
        /// `NAME VERSION` as asked for.
        expected: String,
        /// `NAME VERSION` as found.
        found: String,
    },
    /// It holds something that no archive should.
    #[error("the archive is refused: {0}")]
    Refused(String),
    /// A file in it is not what its description says.
    #[error("the archive's `{path}` is not what its package.json says: {reason}")]
    Mismatch {
        /// The file's path in the archive.
        path: String,
        /// What differs.
        reason: String,
    },
}

impl ArchiveError {
    /// The file system's error behind it, if that is what it is.
    #[must_use]
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// The file name of an archive: `linalg-1.2.0.puck`.
#[must_use]
pub fn file_name(name: &PackageName, version: &Version) -> PathBuf {
    format!("{name}-{version}.puck").into()
}

#[cfg(test)]
mod tests;
