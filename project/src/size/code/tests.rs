use object::write::{
    Object, Relocation, SectionId, StandardSection, Symbol, SymbolId, SymbolSection,
};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope, elf,
};

use super::*;

/// An object in the making.
struct Sample {
    object: Object<'static>,
    text: SectionId,
}

impl Sample {
    fn new() -> Self {
        let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let text = object.section_id(StandardSection::Text);
        Self { object, text }
    }

    fn symbol(
        &mut self,
        name: &str,
        kind: SymbolKind,
        section: SymbolSection,
        at: u64,
        size: u64,
    ) -> SymbolId {
        self.object.add_symbol(Symbol {
            name: name.into(),
            value: at,
            size,
            kind,
            scope: if name.contains('.') && !name.ends_with(".cold") {
                SymbolScope::Dynamic
            } else {
                SymbolScope::Compilation
            },
            weak: false,
            section,
            flags: SymbolFlags::None,
        })
    }

    /// A function behind those that are there, without alignment.
    fn function(&mut self, name: &str, code: &[u8]) -> SymbolId {
        let at = self.object.append_section_data(self.text, code, 1);
        let section = SymbolSection::Section(self.text);
        self.symbol(name, SymbolKind::Text, section, at, code.len() as u64)
    }

    fn undefined(&mut self, name: &str) -> SymbolId {
        self.symbol(name, SymbolKind::Text, SymbolSection::Undefined, 0, 0)
    }

    fn section_symbol(&mut self, section: SectionId) -> SymbolId {
        self.object.section_symbol(section)
    }

    fn relocate(
        &mut self,
        section: SectionId,
        offset: u64,
        kind: elf::RelocationType,
        symbol: SymbolId,
        addend: i64,
    ) {
        let flags = RelocationFlags::Elf { r_type: kind };
        let relocation = Relocation {
            offset,
            symbol,
            addend,
            flags,
        };
        self.object.add_relocation(section, relocation).unwrap();
    }

    fn read(&self) -> Code {
        Code::read(&self.object.write().unwrap()).unwrap()
    }
}

impl Code {
    /// The functions that a function reaches, itself left out, and symbols elsewhere, by name.
    fn reached(&self, from: &str) -> Vec<&str> {
        let named = |piece: &Piece| piece.symbols.iter().any(|symbol| symbol == from);
        let first = self.pieces.iter().position(named).unwrap();
        let mut names = BTreeSet::new();
        let (mut seen, mut todo) = (BTreeSet::from([first]), vec![first]);
        while let Some(piece) = todo.pop() {
            let piece = &self.pieces[piece];
            names.extend(piece.imports.iter().map(String::as_str));
            names.extend(piece.symbols.first().map(String::as_str));
            todo.extend(piece.pieces.iter().filter(|piece| seen.insert(**piece)));
        }
        names.remove(from);
        names.into_iter().collect()
    }
}

const RET: &[u8] = &[0xc3];

#[test]
fn calls_that_no_relocation_tells_of() {
    let mut sample = Sample::new();
    sample.function("helper", RET); // 0
    sample.function("a.export", &[0xe8, 0xfa, 0xff, 0xff, 0xff, 0xc3]); // 1: call helper
    sample.function("b.export", &[0xe9, 0xf4, 0xff, 0xff, 0xff]); // 7: jmp helper
    sample.function("cold.export", &[0x0f, 0x84, 0x02, 0, 0, 0, 0xeb, 0xf8]); // 12: je, and back
    sample.function("itself", &[0xe8, 0xfb, 0xff, 0xff, 0xff]); // 20
    sample.function("taken", &[0x48, 0x8d, 0x05, 0xe0, 0xff, 0xff, 0xff]); // 25: lea helper
    let code = sample.read();
    assert_eq!(code.reached("a.export"), ["helper"]);
    assert_eq!(code.reached("b.export"), ["helper"]);
    assert_eq!(code.reached("cold.export"), ["itself"]);
    assert!(code.reached("itself").is_empty());
    assert_eq!(code.reached("taken"), ["helper"]);
    assert!(code.reached("helper").is_empty());
    assert_eq!(code.size, 32);
    let sizes: Vec<_> = code
        .pieces
        .iter()
        .filter(|p| !p.is_data())
        .map(|p| p.size)
        .collect();
    assert_eq!(sizes, [1, 6, 5, 8, 5, 7]);
}

#[test]
fn what_a_relocation_fills_in_leads_where_that_says() {
    let mut sample = Sample::new();
    // A jump at the very end, whose field is empty: taken as it stands it leads to `next`.
    sample.function("jumps", &[0xe9, 0, 0, 0, 0]);
    sample.function("next", RET);
    let callee = sample.undefined("vecmath.v1.dot.01234567");
    sample.relocate(sample.text, 1, elf::R_X86_64_PLT32, callee, -4);
    let at = sample.function("indirect", &[0xff, 0x15, 0, 0, 0, 0]);
    let _ = at;
    let other = sample.undefined("sin");
    sample.relocate(sample.text, 8, elf::R_X86_64_GOTPCRELX, other, -4);
    // By the section and an address in it.
    let section = sample.section_symbol(sample.text);
    sample.function("by.section", &[0xe8, 0, 0, 0, 0]);
    sample.relocate(sample.text, 13, elf::R_X86_64_PLT32, section, 5 - 4);
    let code = sample.read();
    assert_eq!(code.reached("jumps"), ["vecmath.v1.dot.01234567"]);
    assert_eq!(code.reached("indirect"), ["sin"]);
    assert_eq!(code.reached("by.section"), ["next"]);
}

#[test]
fn tables_of_functions_and_of_a_switch() {
    let mut sample = Sample::new();
    for (name, place) in [("one", 0), ("two", 1), ("three", 2)] {
        sample.function(name, RET);
        assert!(place < 3);
    }
    let lea = &[0x48, 0x8d, 0x05, 0, 0, 0, 0];
    sample.function("by.table", lea); // 3
    sample.function("switches", lea); // 10
    sample.function("also.switches", lea); // 17
    let text = sample.section_symbol(sample.text);

    // A named table of addresses.
    let data = sample
        .object
        .section_id(StandardSection::ReadOnlyDataWithRel);
    sample.object.append_section_data(data, &[0; 16], 8);
    let table = sample.symbol(
        "table",
        SymbolKind::Data,
        SymbolSection::Section(data),
        0,
        16,
    );
    sample.relocate(data, 0, elf::R_X86_64_64, text, 0);
    sample.relocate(data, 8, elf::R_X86_64_64, text, 1);
    sample.relocate(sample.text, 6, elf::R_X86_64_PC32, table, -4);

    // Two tables of a switch without names, one behind the other, each relative to its beginning.
    let tables = sample.object.section_id(StandardSection::ReadOnlyData);
    sample.object.append_section_data(tables, &[0; 16], 4);
    let tables_symbol = sample.section_symbol(tables);
    for (i, target) in [(0, 10), (1, 12)] {
        sample.relocate(
            tables,
            4 * i,
            elf::R_X86_64_PC32,
            text,
            target + 4 * i.cast_signed(),
        );
    }
    for (i, target) in [(0, 17), (1, 2)] {
        let base = 8;
        sample.relocate(
            tables,
            base + 4 * i,
            elf::R_X86_64_PC32,
            text,
            target + 4 * i.cast_signed(),
        );
    }
    sample.relocate(sample.text, 13, elf::R_X86_64_PC32, tables_symbol, -4);
    sample.relocate(sample.text, 20, elf::R_X86_64_PC32, tables_symbol, 8 - 4);
    let code = sample.read();
    assert_eq!(code.reached("by.table"), ["one", "two"]);
    // It leads back into itself alone, though the other's table stands beside its own.
    assert!(code.reached("switches").is_empty());
    assert_eq!(code.reached("also.switches"), ["three"]);
}

#[test]
fn names_and_ranges() {
    let mut sample = Sample::new();
    let at = sample
        .object
        .append_section_data(sample.text, &[0x90; 32], 1);
    assert_eq!(at, 0);
    let text = SymbolSection::Section(sample.text);
    sample.symbol("local", SymbolKind::Text, text, 0, 8);
    sample.symbol("p.v1.f.00000000", SymbolKind::Text, text, 0, 8);
    // A label inside is no function; one outside is.
    sample.symbol("inside", SymbolKind::Label, text, 4, 0);
    sample.symbol("from_assembly", SymbolKind::Label, text, 12, 0);
    // One begins in the midst of the other, which runs into it.
    sample.symbol("outer", SymbolKind::Text, text, 16, 12);
    sample.symbol("inner", SymbolKind::Text, text, 20, 8);
    let code = sample.read();
    let functions: Vec<_> = code
        .pieces
        .iter()
        .filter(|piece| !piece.is_data())
        .map(|piece| (piece.symbols.join(" "), piece.size))
        .collect();
    assert_eq!(
        functions,
        [
            ("p.v1.f.00000000 local".to_owned(), 8),
            ("from_assembly".to_owned(), 4),
            ("outer".to_owned(), 4),
            ("inner".to_owned(), 8),
        ]
    );
    assert_eq!(code.reached("outer"), ["inner"]);
    assert_eq!(code.size, 32);
}

#[test]
fn functions_in_sections_of_their_own() {
    let mut sample = Sample::new();
    sample.function("first", &[0xe8, 0, 0, 0, 0]);
    let cold =
        sample
            .object
            .add_section(Vec::new(), b".text.unlikely.".to_vec(), SectionKind::Text);
    sample.object.append_section_data(cold, RET, 1);
    let symbol = sample.symbol(
        "first.cold",
        SymbolKind::Text,
        SymbolSection::Section(cold),
        0,
        1,
    );
    sample.relocate(sample.text, 1, elf::R_X86_64_PC32, symbol, -4);
    let code = sample.read();
    assert_eq!(code.reached("first"), ["first.cold"]);
    assert_eq!(code.size, 6);
}

#[test]
fn what_is_no_object() {
    assert!(Code::read(b"").is_err());
    assert!(Code::read(b"\x7fELF\x02\x01\x01").is_err());
    let other = Object::new(BinaryFormat::Elf, Architecture::Aarch64, Endianness::Little);
    let error = Code::read(&other.write().unwrap()).unwrap_err();
    assert_eq!(error, "Aarch64 is not known here");
    // Cut and changed objects are refused or read, and never cause a panic.
    let mut sample = Sample::new();
    sample.function("f", &[0xe8, 0, 0, 0, 0]);
    let callee = sample.undefined("g");
    sample.relocate(sample.text, 1, elf::R_X86_64_PLT32, callee, -4);
    let whole = sample.object.write().unwrap();
    for at in 0..whole.len() {
        _ = Code::read(&whole[..at]);
        for byte in [0x00, 0x7f, 0xff] {
            let mut changed = whole.clone();
            changed[at] = byte;
            _ = Code::read(&changed);
        }
    }
}
