//! A look at a shared library before the dynamic linker gets it.
//!
//! The dynamic linker maps a file that was cut short without a word, and the process dies of
//! SIGBUS when it first touches what is missing. Reading the headers costs a few microseconds and
//! turns that into an error with a name.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use crate::Error;

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
/// More than any linker writes; a file that claims more is damaged.
const MOST_PROGRAM_HEADERS: usize = 128;
const PT_LOAD: u64 = 1;
const ET_DYN: u64 = 3;
#[cfg(target_arch = "x86_64")]
const MACHINE: u64 = 62;
#[cfg(target_arch = "aarch64")]
const MACHINE: u64 = 183;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const MACHINE: u64 = 0;

/// What tells a file apart from all others of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// The identity of the file that `path` leads to.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::from_metadata(&fs_err::metadata(path)?))
    }

    fn from_metadata(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

/// Checks that the file is a whole shared library for this machine.
///
/// # Errors
/// [`Error::MissingFile`] and [`Error::Damaged`], naming the file.
pub(crate) fn check(path: &Path) -> Result<FileIdentity, Error> {
    let file = fs_err::File::open(path).map_err(|error| Error::reading(path, error))?;
    let metadata = file.metadata()?;
    let mut bytes = [0; 4096];
    let mut length = 0;
    loop {
        let rest = bytes.get_mut(length..).unwrap_or_default();
        match file.file().read_at(rest, length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::reading(path, error)),
        }
    }
    let start = bytes.get(..length).unwrap_or_default();
    match fault(start, metadata.len()) {
        None => Ok(FileIdentity::from_metadata(&metadata)),
        Some(reason) => Err(Error::Damaged {
            path: path.to_owned(),
            reason: reason.to_owned(),
        }),
    }
}

/// What is wrong with a library that starts with `start` and is `size` bytes long.
fn fault(start: &[u8], size: u64) -> Option<&'static str> {
    const CUT: &str = "it is cut short";
    if start.is_empty() {
        return Some("it is empty");
    }
    if !start.starts_with(b"\x7fELF") {
        return Some("it is not a shared library (no ELF header)");
    }
    if start.len() < HEADER {
        return Some(CUT);
    }
    if start.get(4..6) != Some(&[2, 1]) || number::<2>(start, 16) != Some(ET_DYN) {
        return Some("it is not a 64-bit little-endian shared library");
    }
    if number::<2>(start, 18) != Some(MACHINE) {
        return Some("it is for another kind of processor");
    }
    let (Some(offset), Some(count)) = (number::<8>(start, 32), number::<2>(start, 56)) else {
        return Some(CUT);
    };
    let (Ok(offset), Ok(count)) = (usize::try_from(offset), usize::try_from(count)) else {
        return Some(CUT);
    };
    if count == 0 || count > MOST_PROGRAM_HEADERS {
        return Some("its ELF header makes no sense");
    }
    for index in 0..count {
        let at = offset.saturating_add(index * PROGRAM_HEADER);
        let end = at.saturating_add(PROGRAM_HEADER);
        let Some(header) = start.get(at..end) else {
            // Headers that are not at the start are legal, if unheard of: leave them to the
            // dynamic linker, as long as they are in the file at all.
            return (end as u64 > size).then_some(CUT);
        };
        let segment = (
            number::<4>(header, 0),
            number::<8>(header, 8),
            number::<8>(header, 32),
        );
        if let (Some(PT_LOAD), Some(from), Some(length)) = segment
            && from.checked_add(length).is_none_or(|end| end > size)
        {
            return Some(CUT);
        }
    }
    None
}

/// The little-endian number of `N` bytes at `at`.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(N)?)?;
    Some(
        field
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF header and one `PT_LOAD` of `length` bytes from 0.
    fn library(length: u64) -> Vec<u8> {
        let mut bytes = vec![0; HEADER + PROGRAM_HEADER];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[16] = 3;
        bytes[18..20].copy_from_slice(&(MACHINE as u16).to_le_bytes());
        bytes[32] = HEADER as u8;
        bytes[56] = 1;
        bytes[HEADER] = 1;
        bytes[HEADER + 32..HEADER + 40].copy_from_slice(&length.to_le_bytes());
        bytes
    }

    #[test]
    fn faults() {
        let changed = |at: usize, byte: u8| {
            let mut bytes = library(120);
            bytes[at] = byte;
            bytes
        };
        assert_eq!(fault(&library(120), 120), None);
        let cases = [
            (library(121), "cut short"),
            (library(u64::MAX), "cut short"),
            (Vec::new(), "empty"),
            (b"<html>".to_vec(), "no ELF header"),
            (library(120)[..40].to_vec(), "cut short"),
            (library(120)[..100].to_vec(), "cut short"),
            (changed(4, 1), "64-bit"),
            (changed(16, 2), "64-bit"),
            (changed(18, 40), "another kind of processor"),
            (changed(56, 0), "makes no sense"),
            (changed(57, 255), "makes no sense"),
            (changed(39, 255), "cut short"),
        ];
        for (bytes, expected) in cases {
            let found = fault(&bytes, (bytes.len() as u64).min(120)).unwrap_or("none");
            assert!(found.contains(expected), "{found}, not {expected}");
        }
    }

    #[test]
    fn this_very_program_is_whole_and_a_prefix_is_not() {
        let path = std::env::current_exe().unwrap();
        assert_eq!(check(&path).unwrap(), FileIdentity::of(&path).unwrap());
        let bytes = fs_err::read(&path).unwrap();
        assert_eq!(fault(&bytes[..4096], 4096), Some("it is cut short"));
    }
}
