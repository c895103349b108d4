//! The debug sections of a relocatable object, relocated as they are read.

use gimli::{EndianSlice, Relocate, RelocateReader, RunTimeEndian, SectionId};
use object::{Object as _, ObjectSection as _, RelocationMap};

/// What DWARF is read through. Offsets from one section into another are relocations in an object
/// that is not linked.
pub(super) type Reader<'a> = RelocateReader<EndianSlice<'a, RunTimeEndian>, &'a Relocations>;

/// The relocations of a section.
#[derive(Debug, Default)]
pub(super) struct Relocations(RelocationMap);

impl Relocate for &Relocations {
    fn relocate_address(&self, offset: usize, value: u64) -> gimli::Result<u64> {
        Ok(self.0.relocate(offset as u64, value))
    }

    fn relocate_offset(&self, offset: usize, value: usize) -> gimli::Result<usize> {
        <usize as gimli::ReaderOffset>::from_u64(self.0.relocate(offset as u64, value as u64))
    }
}

#[derive(Default)]
struct Section<'data> {
    data: std::borrow::Cow<'data, [u8]>,
    relocations: Relocations,
}

/// All debug sections.
pub(super) struct Sections<'data> {
    sections: gimli::DwarfSections<Section<'data>>,
    endian: RunTimeEndian,
}

/// Reads the sections; one that is absent is empty.
pub(super) fn load<'data>(file: &object::File<'data>) -> object::Result<Sections<'data>> {
    let endian = if file.is_little_endian() {
        RunTimeEndian::Little
    } else {
        RunTimeEndian::Big
    };
    let sections = gimli::DwarfSections::load(|id: SectionId| -> object::Result<Section<'data>> {
        let Some(section) = file.section_by_name(id.name()) else {
            return Ok(Section::default());
        };
        let mut relocations = RelocationMap::default();
        for (offset, relocation) in section.relocations() {
            // Those of other kinds are for addresses of thread-local variables, which nothing here
            // asks for.
            let _ = relocations.add(file, offset, relocation);
        }
        let data = section.uncompressed_data()?;
        Ok(Section {
            data,
            relocations: Relocations(relocations),
        })
    })?;
    Ok(Sections { sections, endian })
}

impl Sections<'_> {
    /// The DWARF in them.
    pub(super) fn dwarf(&self) -> gimli::Dwarf<Reader<'_>> {
        self.sections.borrow(|section| {
            RelocateReader::new(
                EndianSlice::new(&section.data, self.endian),
                &section.relocations,
            )
        })
    }
}
