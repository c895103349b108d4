//! A shared library of nothing but names, which leads to another one that has the code.
//!
//! A program that is linked to it needs it by name, and so works wherever a library of that name is,
//! with code of its own or without. It needs the other library, which the dynamic linker loads along
//! with it and finds the functions in.
//!
//! Here it finds nothing: the hash table is empty, so that a call can never end up in a place without
//! code. The names are for linkers, which read the symbol table itself. They stand for a place that is
//! not code, so that a debugger takes none of them for the function.
//!
//! `DT_FILTER` is made for this, but before 2.32 glibc crashes where such a library is opened by
//! `dlopen` (its bug 16272), and other dynamic linkers do not know it.

use super::machine::X86_64 as MACHINE;
use super::stub::Strings;

/// A library that leads to another one.
#[derive(Debug, Clone, Copy)]
pub struct Forward<'a> {
    /// Its own SONAME.
    pub soname: &'a str,
    /// The SONAME of the library that has the code, which is looked for beside it.
    pub library: &'a str,
    /// The functions that it offers.
    pub exports: &'a [&'a str],
    /// What it offers that is data, with its size in bytes.
    pub data: Option<(&'a str, u64)>,
}

/// Where the other library is looked for.
const RUNPATH: &str = "$ORIGIN";

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const SYMBOL: usize = 24;

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_GNU_STACK: u32 = 0x6474_e551;
const READ: u32 = 4;
const WRITE: u32 = 2;

const SHT_PROGBITS: u32 = 1;
const SHT_STRTAB: u32 = 3;
const SHT_DYNAMIC: u32 = 6;
const SHT_DYNSYM: u32 = 11;
const SHT_GNU_HASH: u32 = 0x6fff_fff6;
const SHF_WRITE: u64 = 1;
const SHF_ALLOC: u64 = 2;

const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_STRSZ: u64 = 10;
const DT_SYMENT: u64 = 11;
const DT_SONAME: u64 = 14;
const DT_RUNPATH: u64 = 29;
const DT_GNU_HASH: u64 = 0x6fff_fef5;

/// `STB_GLOBAL` and `STT_FUNC`.
const GLOBAL_FUNCTION: u8 = (1 << 4) | 2;
/// `STB_GLOBAL` and `STT_OBJECT`.
const GLOBAL_OBJECT: u8 = (1 << 4) | 1;

// The order of the sections below; links between them are by index.
const DYNSYM: u32 = 2;
const DYNSTR: u32 = 3;
const NOWHERE: u16 = 4;

/// A part of the file.
struct Section {
    name: &'static str,
    kind: u32,
    flags: u64,
    link: u32,
    info: u32,
    align: u64,
    entry_size: u64,
    offset: u64,
    size: u64,
}

impl Forward<'_> {
    /// The library as the bytes of an ELF file.
    #[must_use]
    pub fn to_elf(&self) -> Vec<u8> {
        let mut strings = Strings::default();
        let [soname, library, runpath] =
            [self.soname, self.library, RUNPATH].map(|text| u64::from(strings.add(text)));
        let functions = self.exports.iter().map(|name| (*name, GLOBAL_FUNCTION, 0));
        let data = self
            .data
            .into_iter()
            .map(|(name, size)| (name, GLOBAL_OBJECT, size));
        let names: Vec<(u32, u8, u64)> = functions
            .chain(data)
            .map(|(name, kind, size)| (strings.add(name), kind, size))
            .collect();

        let mut file = File {
            bytes: vec![0; HEADER + 4 * PROGRAM_HEADER],
            sections: Vec::new(),
        };
        let symbols_size = SYMBOL * (names.len() + 1);
        let hash = file.add(
            (".gnu.hash", SHT_GNU_HASH, SHF_ALLOC, DYNSYM, 0),
            (8, 0),
            &empty_hash(names.len() + 1),
        );
        let symbols = file.add(
            (".dynsym", SHT_DYNSYM, SHF_ALLOC, DYNSTR, 1),
            (8, SYMBOL as u64),
            &vec![0; symbols_size],
        );
        let texts = file.add(
            (".dynstr", SHT_STRTAB, SHF_ALLOC, 0, 0),
            (1, 0),
            strings.bytes(),
        );
        let nowhere = file.add((".rodata", SHT_PROGBITS, SHF_ALLOC, 0, 0), (1, 0), &[0]);
        let table = names.iter().flat_map(|name| symbol(*name, nowhere));
        file.set(symbols + SYMBOL as u64, &table.collect::<Vec<u8>>());

        let loaded = file.bytes.len() as u64;
        let entries = [
            [DT_NEEDED, library],
            [DT_SONAME, soname],
            [DT_RUNPATH, runpath],
            [DT_GNU_HASH, hash],
            [DT_STRTAB, texts],
            [DT_SYMTAB, symbols],
            [DT_STRSZ, strings.bytes().len() as u64],
            [DT_SYMENT, SYMBOL as u64],
            [0, 0],
        ];
        let dynamic: Vec<u8> = words(entries.into_iter().flatten()).collect();
        let dynamic_at = file.add(
            (".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, DYNSTR, 0),
            (8, 16),
            &dynamic,
        );

        // The dynamic linker of older systems writes to the dynamic section, which is mapped a page
        // further on for that.
        let size = dynamic.len() as u64;
        let programs = [
            program(PT_LOAD, READ, 0, 0, loaded, MACHINE.page),
            program(
                PT_LOAD,
                READ | WRITE,
                dynamic_at,
                MACHINE.page,
                size,
                MACHINE.page,
            ),
            program(PT_DYNAMIC, READ | WRITE, dynamic_at, MACHINE.page, size, 8),
            program(PT_GNU_STACK, READ | WRITE, 0, 0, 0, 16),
        ];
        file.set(HEADER as u64, &programs.concat());
        file.finish(programs.len())
    }
}

/// Whether a file is as long as it was made, going by its header: the section headers come last.
pub(crate) fn has_its_size(file: &[u8]) -> bool {
    let number = |at: usize| Some(u64::from_le_bytes(*file.get(at..)?.first_chunk()?));
    let [Some(headers), Some(counts)] = [number(40), number(56)] else {
        return false;
    };
    // The number of headers is the third of four halves.
    let count = counts >> 32 & 0xffff;
    headers.checked_add(count * HEADER as u64) == Some(file.len() as u64)
}

/// The file as far as it is written.
struct File {
    bytes: Vec<u8>,
    sections: Vec<Section>,
}

impl File {
    /// Adds a section of a name, kind, flags, link and info, with an alignment and a size of entries;
    /// gives its place.
    fn add(
        &mut self,
        (name, kind, flags, link, info): (&'static str, u32, u64, u32, u32),
        (align, entry_size): (u64, u64),
        data: &[u8],
    ) -> u64 {
        let offset = (self.bytes.len() as u64).next_multiple_of(align);
        self.bytes.resize(offset as usize, 0);
        self.bytes.extend(data);
        self.sections.push(Section {
            name,
            kind,
            flags,
            link,
            info,
            align,
            entry_size,
            offset,
            size: data.len() as u64,
        });
        offset
    }

    fn set(&mut self, offset: u64, data: &[u8]) {
        let start = offset as usize;
        if let Some(place) = self.bytes.get_mut(start..start + data.len()) {
            place.copy_from_slice(data);
        }
    }

    /// Adds the names and headers of sections, and the file's own header.
    fn finish(mut self, programs: usize) -> Vec<u8> {
        let mut names = Strings::default();
        let mut offsets: Vec<u32> = self.sections.iter().map(|s| names.add(s.name)).collect();
        offsets.push(names.add(".shstrtab"));
        let names = names.bytes().to_vec();
        self.add((".shstrtab", SHT_STRTAB, 0, 0, 0), (1, 0), &names);

        let headers_offset = (self.bytes.len() as u64).next_multiple_of(8);
        let mut headers = vec![0; HEADER];
        for (section, name) in self.sections.iter().zip(offsets) {
            let address = match section.flags {
                0 => 0,
                flags if flags & SHF_WRITE != 0 => section.offset + MACHINE.page,
                _ => section.offset,
            };
            headers.extend(name.to_le_bytes());
            headers.extend(section.kind.to_le_bytes());
            headers.extend(words([
                section.flags,
                address,
                section.offset,
                section.size,
            ]));
            headers.extend(section.link.to_le_bytes());
            headers.extend(section.info.to_le_bytes());
            headers.extend(words([section.align, section.entry_size]));
        }
        let count = self.sections.len() as u16 + 1;
        self.bytes.resize(headers_offset as usize, 0);
        self.bytes.extend(headers);

        let mut header = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        header.extend(3_u16.to_le_bytes()); // ET_DYN
        header.extend(MACHINE.number.to_le_bytes());
        header.extend(1_u32.to_le_bytes());
        header.extend(words([0, HEADER as u64, headers_offset]));
        header.extend(0_u32.to_le_bytes());
        let programs = programs as u16;
        for half in [
            HEADER as u16,
            PROGRAM_HEADER as u16,
            programs,
            HEADER as u16,
            count,
            count - 1,
        ] {
            header.extend(half.to_le_bytes());
        }
        self.set(0, &header);
        self.bytes
    }
}

fn words(words: impl IntoIterator<Item = u64>) -> impl Iterator<Item = u8> {
    words.into_iter().flat_map(u64::to_le_bytes)
}

/// A symbol of a name, kind and size at `address`. Functions have no size here.
fn symbol((name, kind, size): (u32, u8, u64), address: u64) -> Vec<u8> {
    let mut bytes = name.to_le_bytes().to_vec();
    bytes.extend([kind, 0]);
    bytes.extend(NOWHERE.to_le_bytes());
    bytes.extend(words([address, size]));
    bytes
}

/// A hash table that finds none of a number of symbols: one bucket with nothing in it, and a Bloom
/// filter that nothing passes.
fn empty_hash(symbols: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [1, symbols as u32, 1, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend([0; 8 + 4]);
    bytes
}

/// A program header; what is `shift` further on in memory than in the file.
fn program(kind: u32, flags: u32, offset: u64, shift: u64, size: u64, align: u64) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend(flags.to_le_bytes());
    let address = offset + shift;
    bytes.extend(words([offset, address, address, size, size, align]));
    bytes
}
