//! What an object defines, how large it is, and what it lacks.

use std::collections::{BTreeMap, BTreeSet};

use object::read::elf::ElfFile64;
use object::{
    Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionIndex, SymbolKind, SymbolScope,
};
use puck_package::Target;

use super::CodegenError;

/// What the rest of a build needs to know of an object.
#[derive(Debug)]
pub(crate) struct Facts {
    /// The size of each global function, by symbol.
    pub(crate) sizes: BTreeMap<String, u64>,
    /// Symbols that must come from elsewhere.
    pub(crate) undefined: Vec<Undefined>,
}

/// A symbol that must come from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undefined {
    pub(crate) symbol: String,
    /// May stay undefined: it is then null.
    pub(crate) weak: bool,
    /// The functions that refer to it, by symbol.
    pub(crate) users: Vec<String>,
}

impl Facts {
    /// Reads an object in which nothing but `exports` may be visible.
    pub(crate) fn read(
        target: Target,
        bytes: &[u8],
        exports: &BTreeSet<String>,
    ) -> Result<Self, CodegenError> {
        let bad = |reason: String| CodegenError::Object { target, reason };
        let unreadable = |error: object::Error| bad(format!("cannot be read: {error}"));
        let file = ElfFile64::<object::Endianness>::parse(bytes).map_err(unreadable)?;
        let users = users(&file);
        let mut sizes = BTreeMap::new();
        let mut undefined = Vec::new();
        for symbol in file.symbols() {
            let name = symbol.name().map_err(unreadable)?;
            if symbol.is_undefined() && !name.is_empty() {
                let users = users.get(&symbol.index().0).cloned().unwrap_or_default();
                let (symbol, weak) = (name.to_owned(), symbol.is_weak());
                undefined.push(Undefined {
                    symbol,
                    weak,
                    users: users.into_iter().collect(),
                });
            } else if symbol.is_definition() && symbol.scope() == SymbolScope::Dynamic {
                // (Hidden ones, such as `DW.ref.rust_eh_personality`, are the linker's to merge.)
                if !exports.contains(name) {
                    return Err(bad(format!(
                        "defines `{name}` for everybody to see: assembly in a source must not make \
                         symbols global"
                    )));
                }
                sizes.insert(name.to_owned(), symbol.size());
            }
        }
        undefined.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        Ok(Self { sizes, undefined })
    }
}

/// The names of the functions that refer to each symbol, by the symbol's index.
fn users(file: &ElfFile64<'_, object::Endianness>) -> BTreeMap<usize, BTreeSet<String>> {
    let mut functions: BTreeMap<(usize, u64), (u64, &str)> = BTreeMap::new();
    for symbol in file
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text)
    {
        if let (Some(SectionIndex(section)), Ok(name)) = (symbol.section_index(), symbol.name()) {
            functions.insert((section, symbol.address()), (symbol.size(), name));
        }
    }
    let mut users: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for section in file.sections() {
        let index = section.index().0;
        for (offset, relocation) in section.relocations() {
            let RelocationTarget::Symbol(symbol) = relocation.target() else {
                continue;
            };
            let around = functions.range((index, 0)..=(index, offset)).next_back();
            let Some((&(_, start), &(size, name))) = around else {
                continue;
            };
            if offset < start.saturating_add(size) {
                users.entry(symbol.0).or_default().insert(name.to_owned());
            }
        }
    }
    users
}
