//! A look at a shared library before the dynamic linker gets it.
//!
//! The dynamic linker maps a file that was cut short without a word, and the process dies of
//! SIGBUS when it first touches what is missing. Reading the headers costs a few microseconds and
//! turns that into an error with a name. They also say which other libraries it asks for.

use std::ffi::{CStr, CString};
use std::io;
use std::path::Path;

use crate::Error;
use crate::file::{File, Status, c_path};

/// As much as is read at once: more than the headers, or the dynamic section, of any library here.
const PAGE: usize = 1024;
/// More than any SONAME has.
const LONGEST_NAME: usize = 256;
const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
/// More than any linker writes; a file that claims more is damaged.
const MOST_PROGRAM_HEADERS: u64 = 128;
const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
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
        Ok(Self::from_status(File::open(&c_path(path))?.status()?))
    }

    fn from_status(status: Status) -> Self {
        Self {
            device: status.device,
            inode: status.inode,
        }
    }
}

/// What the headers of a library say.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) identity: FileIdentity,
    /// The SONAMEs of the libraries that it asks for, as far as they were asked for and could be
    /// read.
    pub(crate) needed: Vec<CString>,
}

/// Checks that the file is a whole shared library for this machine; `with_needed`, its dynamic
/// section is read, too.
///
/// # Errors
/// [`Error::MissingFile`] and [`Error::Damaged`], naming the file.
pub(crate) fn check(path: &Path, with_needed: bool) -> Result<Facts, Error> {
    let failed = |error: io::Error| Error::reading(path, &error);
    let file = File::open(&c_path(path)).map_err(failed)?;
    let status = file.status().map_err(failed)?;
    let mut bytes = [0; PAGE];
    let start = file.read_at(&mut bytes, 0).map_err(failed)?;
    if let Some(reason) = fault(start, status.size) {
        return Err(Error::Damaged {
            path: path.to_owned(),
            reason: reason.to_owned(),
        });
    }
    let read_at = |bytes: &mut [u8], offset| Some(file.read_at(bytes, offset).ok()?.len());
    let needed = with_needed.then(|| needed(start, read_at)).flatten();
    Ok(Facts {
        identity: FileIdentity::from_status(status),
        needed: needed.unwrap_or_default(),
    })
}

/// The program headers in the first bytes of a library.
fn segments(start: &[u8]) -> impl Iterator<Item = &[u8]> {
    let offset = number::<8>(start, 32).and_then(|offset| usize::try_from(offset).ok());
    let count = number::<2>(start, 56)
        .and_then(|count| usize::try_from(count).ok())
        .unwrap_or(0);
    let table = offset
        .and_then(|offset| start.get(offset..))
        .unwrap_or_default();
    table.chunks_exact(PROGRAM_HEADER).take(count)
}

/// The names in the dynamic section, given the first bytes of a library and a way to read more.
fn needed(start: &[u8], read: impl Fn(&mut [u8], u64) -> Option<usize>) -> Option<Vec<CString>> {
    const DT_NEEDED: u64 = 1;
    const DT_STRTAB: u64 = 5;
    let of_kind = |kind| segments(start).filter(move |s| number::<4>(s, 0) == Some(kind));
    let mut bytes = [0; PAGE];
    let length = read(&mut bytes, number::<8>(of_kind(PT_DYNAMIC).next()?, 8)?)?;
    let entries: Vec<(u64, u64)> = bytes
        .get(..length)?
        .chunks_exact(16)
        .filter_map(|entry| Some((number::<8>(entry, 0)?, number::<8>(entry, 8)?)))
        .take_while(|(tag, _)| *tag != 0)
        .collect();
    let (_, address) = *entries.iter().find(|(tag, _)| *tag == DT_STRTAB)?;
    // From the address in memory to the place in the file.
    let names = of_kind(PT_LOAD).find_map(|segment| {
        let (from, at) = (number::<8>(segment, 8)?, number::<8>(segment, 16)?);
        let inside = address.checked_sub(at)?;
        (inside < number::<8>(segment, 32)?).then(|| from.checked_add(inside))?
    })?;
    let offsets: Vec<u64> = entries
        .iter()
        .filter(|(tag, _)| *tag == DT_NEEDED)
        .map(|(_, offset)| *offset)
        .collect();
    // The names stand together: one system call reads them all, but for those of a strange library.
    let first = *offsets.iter().min()?;
    let mut block = [0; PAGE];
    let length = read(&mut block, names.checked_add(first)?)?;
    let name = |offset: u64| {
        let start = usize::try_from(offset - first).ok()?;
        let of_block = block.get(start..length).map(CStr::from_bytes_until_nul);
        if let Some(Ok(name)) = of_block {
            return Some(name.to_owned());
        }
        let mut bytes = [0; LONGEST_NAME];
        let length = read(&mut bytes, names.checked_add(offset)?)?;
        let name = CStr::from_bytes_until_nul(bytes.get(..length)?).ok()?;
        Some(name.to_owned())
    };
    offsets.iter().map(|offset| name(*offset)).collect()
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
    if count == 0 || count > MOST_PROGRAM_HEADERS {
        return Some("its ELF header makes no sense");
    }
    // Headers that are not at the start are legal, if unheard of: those are left to the dynamic
    // linker, as long as they are in the file at all.
    if offset.saturating_add(count * PROGRAM_HEADER as u64) > size {
        return Some(CUT);
    }
    let whole = |segment: &[u8]| {
        let (from, length) = (number::<8>(segment, 8), number::<8>(segment, 32));
        let end = from
            .zip(length)
            .and_then(|(from, length)| from.checked_add(length));
        number::<4>(segment, 0) != Some(PT_LOAD) || end.is_some_and(|end| end <= size)
    };
    (!segments(start).all(whole)).then_some(CUT)
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
        let facts = check(&path, true).unwrap();
        assert_eq!(facts.identity, FileIdentity::of(&path).unwrap());
        assert!(
            facts.needed.contains(&c"libc.so.6".to_owned()),
            "{:?}",
            facts.needed
        );
        let bytes = fs_err::read(&path).unwrap();
        assert_eq!(fault(&bytes[..PAGE], 4096), Some("it is cut short"));
    }
}
