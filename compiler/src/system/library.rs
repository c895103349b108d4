//! The system's libraries: where they lie and what they export.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use object::elf::{FileHeader64, SHN_UNDEF, STB_LOCAL};
use object::read::elf::{FileHeader, Sym};
use object::{Endianness, elf};

use super::SystemError;

/// The libraries that packages may use without naming them, in the order they are asked. They are
/// there wherever a dynamically linked program runs.
pub(super) const NAMES: [&str; 4] = [
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
];

/// Where distributions keep libraries of this architecture.
const DIRECTORIES: [&str; 8] = [
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/usr/local/lib64",
    "/usr/local/lib",
];

/// The exported symbols of a library with their default versions (`None`: not versioned).
pub(super) type Symbols = BTreeMap<String, Option<String>>;

/// Reads what a library exports. `None` if the system has no such library.
pub(super) fn read(name: &'static str) -> Result<Option<Symbols>, SystemError> {
    let Some(path) = find(name) else {
        return Ok(None);
    };
    let bytes = fs_err::read(&path)?;
    match symbols(&bytes) {
        Ok(symbols) => Ok(Some(symbols)),
        Err(error) => Err(SystemError::Library {
            path,
            reason: error.to_string(),
        }),
    }
}

/// The library's file: the one that this very program uses, else one in the usual places. (No
/// compiler is asked: none may be there.)
fn find(name: &str) -> Option<PathBuf> {
    let maps = fs_err::read_to_string("/proc/self/maps").unwrap_or_default();
    let loaded = maps
        .lines()
        .filter_map(|line| line.split_ascii_whitespace().nth(5))
        .map(PathBuf::from)
        .find(|path| path.file_name().is_some_and(|file| file == name));
    loaded.filter(|path| path.is_file()).or_else(|| {
        DIRECTORIES
            .iter()
            .map(|folder| Path::new(folder).join(name))
            .find(|path| is_library(path))
    })
}

/// Whether it is a library of 64-bit x86: `/lib` may hold those of another machine.
fn is_library(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 20];
    let read = fs_err::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok()
        && start.starts_with(&elf::ELFMAG)
        && start[4] == elf::ELFCLASS64.0
        && start[18..20] == elf::EM_X86_64.0.to_le_bytes()
}

fn symbols(bytes: &[u8]) -> object::Result<Symbols> {
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, bytes)?;
    let versions = sections.versions(endian, bytes)?;
    let table = sections.symbols(endian, bytes, elf::SHT_DYNSYM)?;
    let mut found = Symbols::new();
    for (index, symbol) in table.enumerate() {
        let local = symbol.st_bind() == STB_LOCAL;
        if local || symbol.st_shndx(endian) == SHN_UNDEF {
            continue;
        }
        let name = String::from_utf8_lossy(symbol.name(endian, table.strings())?).into_owned();
        let version = match &versions {
            None => None,
            Some(versions) => {
                let number = versions.version_index(endian, index);
                // An old version that only old programs are bound to.
                if number.is_hidden() {
                    continue;
                }
                versions
                    .version(number.index())?
                    .map(|version| String::from_utf8_lossy(version.name()).into_owned())
            }
        };
        if version.as_deref() != Some("GLIBC_PRIVATE") && !name.is_empty() {
            found.insert(name, version);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_has_default_versions() {
        let libc = read("libc.so.6")
            .unwrap()
            .expect("this program runs with glibc");
        assert_eq!(libc["malloc"].as_deref(), Some("GLIBC_2.2.5"));
        // The one that new programs are bound to, not the first there was.
        assert_eq!(libc["memcpy"].as_deref(), Some("GLIBC_2.14"));
        assert!(!libc.contains_key("no_such_function"));
        assert!(
            libc.values()
                .flatten()
                .all(|version| version != "GLIBC_PRIVATE")
        );
        let libm = read("libm.so.6").unwrap().expect("part of glibc");
        assert_eq!(libm["sin"].as_deref(), Some("GLIBC_2.2.5"));
        assert_eq!(libm["pow"].as_deref(), Some("GLIBC_2.29"));
    }

    #[test]
    fn what_is_absent_is_none_and_rubbish_is_an_error() {
        assert!(read("libpuck-is-not-here.so.1").unwrap().is_none());
        for bytes in [
            &b""[..],
            b"\x7fELF",
            &[0; 64],
            b"\x7fELF\x02\x01\x01 and then some more text",
        ] {
            assert!(symbols(bytes).is_err());
        }
    }
}
