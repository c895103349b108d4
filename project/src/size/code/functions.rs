//! The functions of an object, by their symbols.

use std::collections::{BTreeMap, BTreeSet};

use object::{Object, ObjectSymbol, SectionIndex, SymbolKind};

use super::{Piece, Place, Places, Sections};

/// What symbols say of an address.
#[derive(Default)]
struct Named {
    size: u64,
    /// Its names, those that others can see before those that they cannot.
    names: BTreeSet<(bool, String)>,
}

/// The functions, in the order of their addresses, which are added to `places`. Symbols of the same
/// address are names of one function.
pub(super) fn find(
    file: &object::File<'_>,
    sections: &Sections<'_>,
    places: &mut Places,
) -> Vec<Piece> {
    let found = named(file, sections);
    let next: Vec<_> = found.keys().skip(1).copied().map(Some).collect();
    let mut pieces: Vec<Piece> = Vec::with_capacity(found.len());
    for (((section, start), named), next) in found.into_iter().zip(next.into_iter().chain([None])) {
        let length = sections.get(&section).map_or(start, |s| s.length());
        let limit = match next {
            Some((of, next)) if of == section => next,
            _ => length,
        };
        let piece = pieces.len();
        // One without a size, from assembly, ends where the next begins. One that has another's
        // symbol in its midst runs into that.
        let runs_on = named.size > limit - start && limit < length;
        let end = match named.size {
            0 => limit,
            size => start.saturating_add(size).min(limit),
        };
        places.insert((section, start), Place { end, piece });
        pieces.push(Piece {
            symbols: named.names.into_iter().map(|(_, name)| name).collect(),
            size: end - start,
            pieces: runs_on.then_some(piece + 1).into_iter().collect(),
            imports: BTreeSet::new(),
        });
    }
    pieces
}

/// The symbols of code, by section and address.
fn named(file: &object::File<'_>, sections: &Sections<'_>) -> BTreeMap<(usize, u64), Named> {
    let mut found: BTreeMap<(usize, u64), Named> = BTreeMap::new();
    let mut labels = Vec::new();
    for symbol in file.symbols() {
        let (Some(SectionIndex(section)), Ok(name)) = (symbol.section_index(), symbol.name_bytes())
        else {
            continue;
        };
        let code = sections.get(&section).filter(|section| section.code);
        if name.is_empty() || code.is_none_or(|code| symbol.address() >= code.length()) {
            continue;
        }
        let at = (section, symbol.address());
        let name = (
            !symbol.is_global(),
            String::from_utf8_lossy(name).into_owned(),
        );
        match symbol.kind() {
            SymbolKind::Text => {
                let named = found.entry(at).or_default();
                named.size = named.size.max(symbol.size());
                named.names.insert(name);
            }
            // Assembly may give a function a label alone.
            SymbolKind::Unknown => labels.push((at, name)),
            _ => {}
        }
    }
    let functions: BTreeMap<_, _> = found.iter().map(|(at, named)| (*at, named.size)).collect();
    for (at, name) in labels {
        let before = functions.range((at.0, 0)..=at).next_back();
        if before.is_none_or(|((_, start), size)| at.1 - start >= *size) {
            found.entry(at).or_default().names.insert(name);
        }
    }
    found
}
