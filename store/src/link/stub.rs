//! A shared library of nothing but names, which the linker takes for the real one.
//!
//! It has what a linker looks at: a SONAME, dynamic symbols, and the versions that they carry. There
//! are no segments and no code, so it could never be loaded.

use std::collections::BTreeSet;

use super::machine::X86_64 as MACHINE;

/// The names that a library offers.
pub(super) struct Stub {
    pub(super) soname: String,
    pub(super) symbols: Vec<StubSymbol>,
}

/// A symbol, with its version where the library has versions: `exp@@GLIBC_2.29`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StubSymbol {
    pub(super) name: String,
    pub(super) version: Option<String>,
}

const SHT_STRTAB: u32 = 3;
const SHT_DYNAMIC: u32 = 6;
const SHT_NOBITS: u32 = 8;
const SHT_DYNSYM: u32 = 11;
const SHT_GNU_VERDEF: u32 = 0x6fff_fffd;
const SHT_GNU_VERSYM: u32 = 0x6fff_ffff;
const SHF_ALLOC_EXECUTE: u64 = 0x2 | 0x4;
const DT_SONAME: u64 = 14;
/// `STB_GLOBAL` and `STT_NOTYPE`: the reference says whether a function or data is meant.
const GLOBAL_NOTYPE: u8 = 1 << 4;
/// Version index of a symbol without a version.
const VERSION_GLOBAL: u16 = 1;
const VERSION_FLAG_BASE: u16 = 1;

// The order of the sections below; links between them are by index.
const TEXT: u16 = 1;
const DYNSTR: u32 = 2;
const DYNSYM: u32 = 3;

struct Section {
    name: &'static str,
    kind: u32,
    flags: u64,
    link: u32,
    info: u32,
    entry_size: u64,
    data: Vec<u8>,
}

impl Stub {
    /// The library as the bytes of an ELF file.
    pub(super) fn to_elf(&self) -> Vec<u8> {
        let versions: Vec<&str> = self
            .symbols
            .iter()
            .filter_map(|symbol| symbol.version.as_deref())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut strings = Strings::default();
        let soname = strings.add(&self.soname);

        let mut symbols = vec![0; 24];
        let mut symbol_versions = 0_u16.to_le_bytes().to_vec();
        for symbol in &self.symbols {
            symbols.extend(strings.add(&symbol.name).to_le_bytes());
            symbols.extend([GLOBAL_NOTYPE, 0]);
            symbols.extend(TEXT.to_le_bytes());
            symbols.extend([0; 16]);
            let version = symbol.version.as_deref();
            let index = version.and_then(|version| versions.binary_search(&version).ok());
            symbol_versions.extend(index.map_or(VERSION_GLOBAL, version_index).to_le_bytes());
        }

        // The first definition names the library itself, the others follow in order.
        let mut definitions = Vec::new();
        let names = std::iter::once(self.soname.as_str()).chain(versions.iter().copied());
        for (position, name) in names.enumerate() {
            let last = position == versions.len();
            let flags = if position == 0 { VERSION_FLAG_BASE } else { 0 };
            let index = if position == 0 {
                VERSION_GLOBAL
            } else {
                version_index(position - 1)
            };
            for half in [1, flags, index, 1] {
                definitions.extend(half.to_le_bytes());
            }
            for word in [system_v_hash(name), 20, if last { 0 } else { 28 }] {
                definitions.extend(word.to_le_bytes());
            }
            definitions.extend(strings.add(name).to_le_bytes());
            definitions.extend(0_u32.to_le_bytes());
        }

        let mut dynamic = Vec::new();
        for word in [DT_SONAME, u64::from(soname), 0, 0] {
            dynamic.extend(word.to_le_bytes());
        }

        let section = |name, kind, link, info, entry_size, data| Section {
            name,
            kind,
            flags: 0,
            link,
            info,
            entry_size,
            data,
        };
        let mut sections = vec![
            Section {
                flags: SHF_ALLOC_EXECUTE,
                ..section(".text", SHT_NOBITS, 0, 0, 0, vec![])
            },
            section(".dynstr", SHT_STRTAB, 0, 0, 0, strings.bytes),
            section(".dynsym", SHT_DYNSYM, DYNSTR, 1, 24, symbols),
            section(".dynamic", SHT_DYNAMIC, DYNSTR, 0, 16, dynamic),
        ];
        if !versions.is_empty() {
            let count = u32::try_from(versions.len() + 1).unwrap_or(u32::MAX);
            sections.push(section(
                ".gnu.version",
                SHT_GNU_VERSYM,
                DYNSYM,
                0,
                2,
                symbol_versions,
            ));
            sections.push(section(
                ".gnu.version_d",
                SHT_GNU_VERDEF,
                DYNSTR,
                count,
                0,
                definitions,
            ));
        }
        write_elf(sections)
    }
}

/// Indices 0 and 1 are taken (local, and without a version).
fn version_index(position: usize) -> u16 {
    u16::try_from(position + 2).unwrap_or(u16::MAX)
}

/// The file: its header, the sections' data, the section headers.
fn write_elf(mut sections: Vec<Section>) -> Vec<u8> {
    const HEADER: usize = 64;
    let mut names = Strings::default();
    let offsets: Vec<u32> = sections
        .iter()
        .map(|section| names.add(section.name))
        .collect();
    let names_offset = names.add(".shstrtab");
    sections.push(Section {
        name: ".shstrtab",
        kind: SHT_STRTAB,
        flags: 0,
        link: 0,
        info: 0,
        entry_size: 0,
        data: names.bytes,
    });

    let mut bytes = vec![0; HEADER];
    let mut headers = vec![0; HEADER];
    for (section, name) in sections
        .iter()
        .zip(offsets.into_iter().chain([names_offset]))
    {
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        headers.extend(name.to_le_bytes());
        headers.extend(section.kind.to_le_bytes());
        for word in [
            section.flags,
            0,
            bytes.len() as u64,
            section.data.len() as u64,
        ] {
            headers.extend(word.to_le_bytes());
        }
        headers.extend(section.link.to_le_bytes());
        headers.extend(section.info.to_le_bytes());
        for word in [8, section.entry_size] {
            headers.extend(word.to_le_bytes());
        }
        bytes.extend(&section.data);
    }
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let headers_offset = bytes.len() as u64;
    bytes.extend(headers);

    let section_count = u16::try_from(sections.len() + 1).unwrap_or(u16::MAX);
    let mut header = Vec::with_capacity(HEADER);
    header.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    header.extend(3_u16.to_le_bytes()); // ET_DYN
    header.extend(MACHINE.number.to_le_bytes());
    header.extend(1_u32.to_le_bytes());
    for word in [0, 0, headers_offset] {
        header.extend(word.to_le_bytes());
    }
    header.extend(0_u32.to_le_bytes());
    for half in [64, 56, 0, 64, section_count, section_count - 1] {
        header.extend(half.to_le_bytes());
    }
    bytes.splice(..HEADER, header);
    bytes
}

/// A string table; the empty string is at 0.
pub(super) struct Strings {
    bytes: Vec<u8>,
}

impl Default for Strings {
    fn default() -> Self {
        Self { bytes: vec![0] }
    }
}

impl Strings {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds a text and gives its place.
    pub(super) fn add(&mut self, text: &str) -> u32 {
        let offset = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes.extend(text.as_bytes());
        self.bytes.push(0);
        offset
    }
}

/// The hash of the System V ABI, which version records carry.
fn system_v_hash(name: &str) -> u32 {
    name.bytes().fold(0, |hash: u32, byte| {
        let hash = (hash << 4).wrapping_add(u32::from(byte));
        let high = hash & 0xf000_0000;
        (hash ^ (high >> 24)) & !high
    })
}

#[cfg(test)]
mod tests {
    use object::{Object as _, ObjectSymbol as _};

    use super::*;

    #[test]
    fn known_hashes() {
        for (name, hash) in [
            ("", 0),
            ("GLIBC_2.2.5", 0x0969_1a75),
            ("GLIBC_2.29", 0x0696_9189),
        ] {
            assert_eq!(system_v_hash(name), hash, "{name}");
        }
    }

    #[test]
    fn reads_back() {
        let symbol = |name: &str, version: Option<&str>| StubSymbol {
            name: name.to_owned(),
            version: version.map(str::to_owned),
        };
        let stub = Stub {
            soname: "libm.so.6".to_owned(),
            symbols: vec![symbol("exp", Some("GLIBC_2.29")), symbol("plain", None)],
        };
        let bytes = stub.to_elf();
        let file = object::File::parse(bytes.as_slice()).expect("a valid file");
        assert_eq!(file.kind(), object::ObjectKind::Dynamic);
        let names: Vec<_> = file
            .dynamic_symbols()
            .filter_map(|symbol| symbol.name().ok())
            .collect();
        assert_eq!(names, ["exp", "plain"]);
        assert!(
            file.dynamic_symbols()
                .all(|symbol| symbol.is_definition() && symbol.is_global())
        );
    }
}
