//! Keeps the names of functions in a library's symbol table, and nothing else of it.
//!
//! Profilers and debuggers name internal functions by it. What the linker adds to mark the ends of
//! sections, names of source files and of data serve nobody without debug information.
//!
//! The linker writes the symbol table and its strings at the very end of the file, and nothing refers
//! to them by index, so that they can be cut down where they are. Where that is not so, they are left.

use super::stub::Strings;

const SECTION_HEADER: usize = 64;
const SYMBOL: usize = 24;
const SHT_SYMTAB: u32 = 2;
const SHT_STRTAB: u32 = 3;
const STT_FUNC: u8 = 2;
const STT_GNU_IFUNC: u8 = 10;

/// `library` with functions alone in its symbol table.
pub(super) fn keep_functions(mut library: Vec<u8>) -> Vec<u8> {
    // Nothing is changed before everything is known to fit.
    if let Some(Tables { at, headers, kept }) = tables(&library) {
        let [symbols, strings] = [kept.symbols, kept.strings.bytes().to_vec()];
        let strings_at = at + symbols.len();
        library.truncate(at);
        library.extend(&symbols);
        library.extend(&strings);
        let [symbol_header, string_header] = headers;
        set(&mut library, symbol_header + 32, symbols.len() as u64);
        // `sh_info`: how many are local.
        let info = symbol_header + 44;
        if let Some(place) = library.get_mut(info..info + 4) {
            place.copy_from_slice(&kept.locals.to_le_bytes());
        }
        set(&mut library, string_header + 24, strings_at as u64);
        set(&mut library, string_header + 32, strings.len() as u64);
    }
    library
}

/// What is found, and what is kept of it.
struct Tables {
    /// Where the symbol table begins.
    at: usize,
    /// Where the section headers of the two tables are.
    headers: [usize; 2],
    kept: Kept,
}

struct Kept {
    symbols: Vec<u8>,
    strings: Strings,
    locals: u32,
}

fn tables(library: &[u8]) -> Option<Tables> {
    let first = word(library, 40)?;
    let count = usize::from(u16::from_le_bytes(bytes(library, 60)?));
    (first < library.len()).then_some(())?;
    let header = |index: usize| first + index * SECTION_HEADER;
    let kind = |at: usize| Some(u32::from_le_bytes(bytes(library, at + 4)?));
    let symbols = (0..count)
        .find(|&index| kind(header(index)) == Some(SHT_SYMTAB))
        .map(header)?;
    let link: [u8; 4] = bytes(library, symbols + 40)?;
    let strings = header(usize::try_from(u32::from_le_bytes(link)).ok()?);
    let [at, size] = [word(library, symbols + 24)?, word(library, symbols + 32)?];
    let [strings_at, strings_size] = [word(library, strings + 24)?, word(library, strings + 32)?];
    let end = at.checked_add(size)?;
    let are_last = kind(strings)? == SHT_STRTAB
        && end <= strings_at
        && strings_at - end < 16
        && strings_at.checked_add(strings_size)? == library.len()
        && symbols + SECTION_HEADER <= at
        && strings + SECTION_HEADER <= at;
    are_last.then_some(())?;
    let names = library.get(strings_at..)?;
    let mut kept = Kept {
        symbols: vec![0; SYMBOL],
        strings: Strings::default(),
        locals: 1,
    };
    for symbol in library.get(at..end)?.chunks_exact(SYMBOL).skip(1) {
        let [name @ .., _, _, _, _] = bytes::<8>(symbol, 0)?;
        let info = *symbol.get(4)?;
        if !matches!(info & 15, STT_FUNC | STT_GNU_IFUNC) {
            continue;
        }
        let name = names.get(usize::try_from(u32::from_le_bytes(name)).ok()?..)?;
        let name = name.split(|byte| *byte == 0).next()?;
        let name = kept.strings.add(str::from_utf8(name).ok()?);
        kept.symbols.extend(name.to_le_bytes());
        kept.symbols.extend(symbol.get(4..)?);
        kept.locals += u32::from(info >> 4 == 0);
    }
    Some(Tables {
        at,
        headers: [symbols, strings],
        kept,
    })
}

fn bytes<const N: usize>(of: &[u8], at: usize) -> Option<[u8; N]> {
    of.get(at..)?.first_chunk().copied()
}

fn word(of: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(bytes(of, at)?)).ok()
}

fn set(library: &mut [u8], at: usize, value: u64) {
    if let Some(place) = library.get_mut(at..at + 8) {
        place.copy_from_slice(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_library_is_left_as_it_is() {
        for bytes in [vec![], vec![0; 63], vec![0xff; 64], vec![7; 4096]] {
            assert_eq!(keep_functions(bytes.clone()), bytes);
        }
    }
}
