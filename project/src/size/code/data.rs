//! The data of an object, cut into the pieces that something refers to.

use std::collections::{BTreeMap, BTreeSet};

use object::{Object, ObjectSymbol, RelocationKind, SectionIndex};

use super::{Piece, Place, Places, Reference, Section, Sections};

/// The pieces of the data, added behind the functions.
pub(super) fn find<'a>(
    file: &object::File<'_>,
    sections: &Sections<'_>,
    taken: impl Iterator<Item = &'a Reference>,
    places: &mut Places,
    pieces: &mut Vec<Piece>,
) {
    let is_data = |section: &usize| sections.get(section).is_some_and(|section| !section.code);
    let mut named: BTreeMap<(usize, u64), u64> = BTreeMap::new();
    for symbol in file.symbols().filter(ObjectSymbol::is_definition) {
        if let Some(SectionIndex(section)) = symbol.section_index()
            && is_data(&section)
            && symbol.size() > 0
        {
            let end = named.entry((section, symbol.address())).or_default();
            *end = (*end).max(symbol.address().saturating_add(symbol.size()));
        }
    }
    // Where something without a symbol begins.
    let mut cuts: BTreeSet<(usize, u64)> = sections.keys().map(|section| (*section, 0)).collect();
    cuts.extend(named.keys());
    cuts.extend(named.iter().map(|((section, _), end)| (*section, *end)));
    let pointers = sections.iter().filter(|(_, section)| !section.code);
    let pointers = pointers
        .flat_map(|(_, section)| section.patches.values())
        .filter(|patch| patch.kind == RelocationKind::Absolute)
        .map(|patch| patch.reference(0));
    for reference in taken.cloned().chain(pointers) {
        if let Reference::Place(section, address) = reference {
            let inside = named.range((section, 0)..=(section, address)).next_back();
            if !inside.is_some_and(|((of, _), end)| *of == section && address < *end) {
                cuts.insert((section, address));
            }
        }
    }
    let cuts: Vec<_> = cuts.into_iter().filter(|(of, _)| is_data(of)).collect();
    for (i, (section, start)) in cuts.iter().enumerate() {
        let length = sections.get(section).map_or(0, Section::length);
        let end = match cuts.get(i + 1) {
            Some((of, next)) if of == section => (*next).min(length),
            _ => length,
        };
        if *start < end {
            let piece = pieces.len();
            places.insert((*section, *start), Place { end, piece });
            pieces.push(Piece::default());
        }
    }
}
