//! The functions of an object, and what each of them leads to.
//!
//! An object is taken apart into pieces: its functions (by their symbols), and what lies in its data
//! (by symbols, and where there are none, between the places that something refers to). A piece leads
//! to another in one of three ways:
//!
//! - by a relocation in its code: a call of another package's or the system's function, the address
//!   of data, a function's address that is taken;
//! - by an instruction that the assembler completed: calls, jumps and addresses within a section need
//!   no linker, so no relocation tells of them;
//! - by a relocation in data: tables of functions, virtual tables, the tables of `switch`.
//!
//! A function whose address is taken counts as one that is called. Where data lies without symbols,
//! a reference into the midst of a table finds only what follows it; compilers give such tables
//! symbols. Constructors, which the loader calls, are reached by nothing. Tables for unwinding are not
//! followed: what only runs when a panic or an exception unwinds is not reached by them.

mod data;
mod functions;

use std::collections::{BTreeMap, BTreeSet};

use object::{
    Object, ObjectSection, ObjectSymbol, RelocationKind, RelocationTarget, SectionFlags,
    SectionIndex, elf,
};

use super::instructions::{Decode, decoder};

/// An object, taken apart.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// The bytes of all sections with code.
    pub(super) size: u64,
    /// Functions first, in the order of their addresses; then data.
    pub(super) pieces: Vec<Piece>,
}

/// A function, or some data.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    /// The symbols of a function, those that others can see first. Empty for data.
    pub(super) symbols: Vec<String>,
    /// The bytes of a function's code; 0 for data.
    pub(super) size: u64,
    /// The pieces that it leads to.
    pub(super) pieces: BTreeSet<usize>,
    /// Symbols of other objects that it leads to.
    pub(super) imports: BTreeSet<String>,
}

/// What something refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reference {
    /// An address in a section.
    Place(usize, u64),
    /// A symbol that is defined elsewhere.
    Symbol(String),
}

/// A relocation of a section, by its place.
struct Patch {
    kind: RelocationKind,
    addend: u64,
    /// What the symbol stands for.
    symbol: Reference,
}

/// A section that is part of the program.
struct Section<'a> {
    code: bool,
    bytes: &'a [u8],
    patches: BTreeMap<u64, Patch>,
}

/// Sections, by their index in the object.
type Sections<'a> = BTreeMap<usize, Section<'a>>;

/// The beginnings and ends of pieces, by section and first address.
type Places = BTreeMap<(usize, u64), Place>;

struct Place {
    end: u64,
    piece: usize,
}

impl Code {
    /// Takes an object apart.
    ///
    /// # Errors
    /// If it is no object, or of a processor that is not known here.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let words = |error: object::Error| error.to_string();
        let file = object::File::parse(bytes).map_err(words)?;
        let decode = decoder(file.architecture())
            .ok_or_else(|| format!("{:?} is not known here", file.architecture()))?;
        let sections = program(&file).map_err(words)?;
        let mut places = Places::new();
        let mut pieces = functions::find(&file, &sections, &mut places);
        let references: Vec<_> = places
            .iter()
            .map(|((section, start), place)| {
                let found = in_code(&sections[section], *section, *start, place.end, decode);
                (place.piece, found)
            })
            .collect();
        let taken = references.iter().flat_map(|(_, found)| found);
        data::find(&file, &sections, taken, &mut places, &mut pieces);
        for (piece, found) in &references {
            for reference in found {
                pieces[*piece].add(*piece, reference, &places);
            }
        }
        for ((section, start), place) in &places {
            if !pieces[place.piece].is_data() {
                continue;
            }
            let patches = &sections[section].patches;
            for (at, patch) in patches.range(start..&place.end) {
                // An entry of a table that is relative to the table's beginning.
                let reference = patch.reference(start.wrapping_sub(*at));
                pieces[place.piece].add(place.piece, &reference, &places);
            }
        }
        let size = sections.values().filter(|section| section.code);
        Ok(Self {
            size: size.map(|section| section.bytes.len() as u64).sum(),
            pieces,
        })
    }
}

impl Piece {
    /// Whether it is no function.
    pub(super) fn is_data(&self) -> bool {
        self.symbols.is_empty()
    }

    fn add(&mut self, itself: usize, reference: &Reference, places: &Places) {
        match reference {
            Reference::Symbol(name) => {
                self.imports.insert(name.clone());
            }
            Reference::Place(section, address) => {
                if let Some(piece) = piece_at(places, *section, *address)
                    && piece != itself
                {
                    self.pieces.insert(piece);
                }
            }
        }
    }
}

impl Patch {
    /// What the patched field leads to. `distance` is what a relative field is short of: from the
    /// field to where the processor, or whoever reads the table, counts from.
    fn reference(&self, distance: u64) -> Reference {
        let Reference::Place(section, address) = self.symbol else {
            return self.symbol.clone();
        };
        let address = match self.kind {
            RelocationKind::Absolute => address.wrapping_add(self.addend),
            RelocationKind::Relative | RelocationKind::PltRelative => {
                address.wrapping_add(self.addend).wrapping_add(distance)
            }
            // An entry of the table of addresses, which holds that of the symbol itself.
            _ => address,
        };
        Reference::Place(section, address)
    }
}

fn piece_at(places: &Places, section: usize, address: u64) -> Option<usize> {
    let (_, place) = places
        .range((section, 0)..=(section, address))
        .next_back()?;
    (address < place.end).then_some(place.piece)
}

/// The sections that are part of the program, but for what only unwinding reads.
fn program<'a>(file: &object::File<'a>) -> object::Result<Sections<'a>> {
    let mut sections = BTreeMap::new();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
            continue;
        };
        let unwinding = [b".eh_frame".as_slice(), b".gcc_except_table"];
        let name = section.name_bytes()?;
        if sh_flags.0 & elf::SHF_ALLOC.0 == 0 || unwinding.iter().any(|of| name.starts_with(of)) {
            continue;
        }
        let mut patches = BTreeMap::new();
        for (offset, relocation) in section.relocations() {
            let RelocationTarget::Symbol(symbol) = relocation.target() else {
                continue;
            };
            let symbol = file.symbol_by_index(symbol)?;
            let symbol = match (symbol.section_index(), symbol.is_undefined()) {
                (Some(SectionIndex(section)), _) => Reference::Place(section, symbol.address()),
                (None, true) => {
                    Reference::Symbol(String::from_utf8_lossy(symbol.name_bytes()?).into_owned())
                }
                (None, false) => continue,
            };
            let patch = Patch {
                kind: relocation.kind(),
                addend: relocation.addend().cast_unsigned(),
                symbol,
            };
            patches.insert(offset, patch);
        }
        let section_of = Section {
            code: sh_flags.0 & elf::SHF_EXECINSTR.0 != 0,
            bytes: section.data()?,
            patches,
        };
        sections.insert(section.index().0, section_of);
    }
    Ok(sections)
}

/// What the code from `start` to `end` refers to.
fn in_code(
    section: &Section<'_>,
    index: usize,
    start: u64,
    end: u64,
    decode: &dyn Decode,
) -> Vec<Reference> {
    let mut found = Vec::new();
    let range = usize::try_from(start).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(0);
    let Some(code) = section.bytes.get(range) else {
        return found;
    };
    decode.instructions(code, start, &mut |instruction| {
        let place = instruction.range;
        let mut patches = section.patches.range(place.clone()).peekable();
        if patches.peek().is_none() {
            // Within itself it goes all the time.
            let outside = instruction.target.filter(|to| !(start..end).contains(to));
            found.extend(outside.map(|to| Reference::Place(index, to)));
        }
        for (at, patch) in patches {
            found.push(patch.reference(place.end - at));
        }
    });
    found
}

impl Section<'_> {
    /// In bytes, as far as it says anything: what is zeroed when loaded leads nowhere.
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }
}

#[cfg(test)]
mod tests;
