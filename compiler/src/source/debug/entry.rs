//! Entries of DWARF by number, across units, with nothing that panics on what an object holds.

use std::collections::HashSet;

use gimli::{AttributeValue, DebugInfoOffset, DwAt, DwLang, DwTag, UnitOffset, constants as dw};

use super::section::Reader;

/// One entry: its unit and where it is in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    unit: usize,
    offset: UnitOffset,
}

type Die<'a> = gimli::DebuggingInformationEntry<Reader<'a>>;

/// All units of an object.
pub(super) struct Units<'a> {
    dwarf: &'a gimli::Dwarf<Reader<'a>>,
    units: Vec<gimli::Unit<Reader<'a>>>,
    /// Entries of functions that stand in a class.
    members: HashSet<Entry>,
}

/// How many forms a function may have: definition, abstract form, declaration.
const MAX_FORMS: usize = 4;

impl<'a> Units<'a> {
    pub(super) fn read(dwarf: &'a gimli::Dwarf<Reader<'a>>) -> gimli::Result<Self> {
        let mut units = Vec::new();
        let mut headers = dwarf.units();
        while let Some(header) = headers.next()? {
            units.push(dwarf.unit(header)?);
        }
        let mut units = Self {
            dwarf,
            units,
            members: HashSet::new(),
        };
        for unit in 0..units.len() {
            let members = units
                .functions(unit)?
                .into_iter()
                .filter(|(_, in_class)| *in_class);
            let members: Vec<_> = members.map(|(entry, _)| entry).collect();
            units.members.extend(members);
        }
        Ok(units)
    }

    pub(super) fn len(&self) -> usize {
        self.units.len()
    }

    /// The entries of functions in a unit, each with whether a class is around it.
    pub(super) fn functions(&self, unit: usize) -> gimli::Result<Vec<(Entry, bool)>> {
        let mut functions = Vec::new();
        // Tags of the entries around the current one.
        let mut around: Vec<DwTag> = Vec::new();
        let Some(here) = self.units.get(unit) else {
            return Ok(functions);
        };
        let mut entries = here.entries();
        while let Some(entry) = entries.next_dfs()? {
            let depth = usize::try_from(entry.depth()).unwrap_or(0);
            around.truncate(depth);
            if entry.tag() == dw::DW_TAG_subprogram {
                let class = around.last().is_some_and(|tag| {
                    [
                        dw::DW_TAG_class_type,
                        dw::DW_TAG_structure_type,
                        dw::DW_TAG_union_type,
                    ]
                    .contains(tag)
                });
                functions.push((
                    Entry {
                        unit,
                        offset: entry.offset(),
                    },
                    class,
                ));
            }
            around.resize(depth, dw::DW_TAG_null);
            around.push(entry.tag());
        }
        Ok(functions)
    }

    /// Whether the entry is a function in a class.
    pub(super) fn in_class(&self, entry: Entry) -> bool {
        self.members.contains(&entry)
    }

    pub(super) fn die(&self, entry: Entry) -> Option<Die<'a>> {
        self.units.get(entry.unit)?.entry(entry.offset).ok()
    }

    pub(super) fn tag(&self, entry: Entry) -> Option<DwTag> {
        Some(self.die(entry)?.tag())
    }

    /// The direct children, in order.
    pub(super) fn children(&self, entry: Entry) -> Vec<Entry> {
        let mut children = Vec::new();
        let Some(unit) = self.units.get(entry.unit) else {
            return children;
        };
        let Ok(mut tree) = unit.entries_tree(Some(entry.offset)) else {
            return children;
        };
        let Ok(root) = tree.root() else {
            return children;
        };
        let mut nodes = root.children();
        while let Ok(Some(node)) = nodes.next() {
            children.push(Entry {
                unit: entry.unit,
                offset: node.entry().offset(),
            });
        }
        children
    }

    /// The entry, then those that it says are the same function: its abstract form, its
    /// declaration.
    pub(super) fn forms(&self, entry: Entry) -> Vec<Entry> {
        let mut forms = vec![entry];
        while let Some(last) = forms.last()
            && forms.len() < MAX_FORMS
        {
            let next = [dw::DW_AT_abstract_origin, dw::DW_AT_specification]
                .into_iter()
                .find_map(|name| self.reference(*last, name));
            match next {
                Some(next) if !forms.contains(&next) => forms.push(next),
                _ => break,
            }
        }
        forms
    }

    /// The entry that an attribute refers to, in this unit or another.
    pub(super) fn reference(&self, entry: Entry, name: DwAt) -> Option<Entry> {
        match self.die(entry)?.attr_value(name)? {
            AttributeValue::UnitRef(offset) => Some(Entry {
                unit: entry.unit,
                offset,
            }),
            AttributeValue::DebugInfoRef(offset) => self.find(offset),
            _ => None,
        }
    }

    fn find(&self, offset: DebugInfoOffset) -> Option<Entry> {
        self.units.iter().enumerate().find_map(|(index, unit)| {
            let offset = offset.to_unit_offset(&unit.header)?;
            Some(Entry {
                unit: index,
                offset,
            })
        })
    }

    pub(super) fn text(&self, entry: Entry, name: DwAt) -> Option<String> {
        let value = self.die(entry)?.attr_value(name)?;
        self.string(entry.unit, value)
    }

    fn string(&self, unit: usize, value: AttributeValue<Reader<'a>>) -> Option<String> {
        let text = self.dwarf.attr_string(self.units.get(unit)?, value).ok()?;
        Some(gimli::Reader::to_string_lossy(&text).ok()?.into_owned())
    }

    pub(super) fn number(&self, entry: Entry, name: DwAt) -> Option<u64> {
        self.die(entry)?.attr_value(name)?.udata_value()
    }

    pub(super) fn flag(&self, entry: Entry, name: DwAt) -> bool {
        let value = self.die(entry).and_then(|die| die.attr_value(name));
        matches!(value, Some(AttributeValue::Flag(true)))
    }

    /// The encoding of a base type.
    pub(super) fn encoding(&self, entry: Entry) -> Option<gimli::DwAte> {
        match self.die(entry)?.attr_value(dw::DW_AT_encoding)? {
            AttributeValue::Encoding(encoding) => Some(encoding),
            value => value.u8_value().map(gimli::DwAte),
        }
    }

    /// The language of the entry's unit.
    pub(super) fn language(&self, entry: Entry) -> Option<DwLang> {
        let unit = self.units.get(entry.unit)?;
        match unit
            .entry(unit.header.root_offset())
            .ok()?
            .attr_value(dw::DW_AT_language)?
        {
            AttributeValue::Language(language) => Some(language),
            value => value.u16_value().map(DwLang),
        }
    }

    /// `src/dot.c:12`.
    pub(super) fn declared_at(&self, entry: Entry) -> Option<String> {
        let line = self.number(entry, dw::DW_AT_decl_line)?;
        let file = match self.die(entry)?.attr_value(dw::DW_AT_decl_file)? {
            AttributeValue::FileIndex(index) => index,
            value => value.udata_value()?,
        };
        let program = self.units.get(entry.unit)?.line_program.as_ref()?;
        let header = program.header();
        let file = header.file(file)?;
        let name = self.string(entry.unit, file.path_name())?;
        let mut path = std::path::PathBuf::new();
        if file.directory_index() != 0
            && let Some(folder) = file.directory(header)
        {
            path.push(self.string(entry.unit, folder)?);
        }
        path.push(name);
        let path = path.strip_prefix(".").unwrap_or(&path);
        Some(format!("{}:{line}", path.display()))
    }
}
