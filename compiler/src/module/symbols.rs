//! Who sees what: exports under link names, imports through the GOT, everything else local.

use std::collections::{BTreeMap, BTreeSet};

use inkwell::llvm_sys::LLVMLinkage;
use inkwell::module::Module;
use puck_package::{Import, LinkName};

use super::ModuleError;
use super::exports::Export;
use super::imports::Dependencies;
use super::shape;
use crate::llvm::{Global, Kind, append_destructor, globals};

/// The table of a package's host imports.
pub(super) struct Table {
    pub(super) symbol: LinkName,
    pub(super) entries: usize,
}

/// The size of an entry, in bytes: an address.
const ENTRY: u64 = 8;

impl Table {
    /// Makes the table visible. Others write to it, so what it holds at first says nothing of what it
    /// will hold: LLVM must not take it for a variable that nobody changes.
    fn expose(&self, table: Option<Global<'_>>) -> Result<(), ModuleError> {
        let size = self.entries as u64 * ENTRY;
        let reason = match table {
            None => "there is nothing of that name".to_owned(),
            Some(table) if table.kind() != Kind::Variable => "it is no variable".to_owned(),
            Some(table) if table.is_declaration() => "it is not defined".to_owned(),
            Some(table) if table.is_constant() => "it is constant".to_owned(),
            Some(table) if table.is_thread_local() || table.has_section() => {
                "it is in a section of its own".to_owned()
            }
            Some(table) if table.size() != size => {
                format!("it has {} bytes, expected {size}", table.size())
            }
            Some(table) => {
                table.export();
                return Ok(());
            }
        };
        Err(ModuleError::Table {
            symbol: self.symbol.to_string(),
            entries: self.entries,
            reason,
        })
    }
}

/// Renames exports, makes all other definitions internal, and declares anew what is undefined.
pub(super) fn apply(
    module: &Module<'_>,
    exports: &[Export],
    table: Option<&Table>,
) -> Result<(), ModuleError> {
    let mut by_name: BTreeMap<String, Global<'_>> = globals(module)
        .into_iter()
        .map(|global| (global.name(), global))
        .collect();
    let mut exported: BTreeMap<&str, Vec<&Export>> = BTreeMap::new();
    for export in exports {
        exported.entry(&export.symbol).or_default().push(export);
    }
    for (symbol, exports) in &exported {
        let Some(definition) = by_name.remove(*symbol) else {
            return Err(ModuleError::Merged(format!(
                "the definition of `{symbol}` got lost"
            )));
        };
        for (index, export) in exports.iter().enumerate() {
            let link_name = export.link_name.to_string();
            if let Some(declaration) = by_name.remove(&link_name) {
                // The package's own header, included by itself.
                declaration.replace_with(definition);
                declaration.delete();
            }
            let global = match definition.function() {
                Some(function) if index > 0 => function.add_alias(&link_name),
                _ => {
                    definition.rename(&link_name);
                    definition
                }
            };
            global.export();
            if let (Some(result), Some(function)) = (&export.signature.result, global.function()) {
                function.set_extension(None, shape::extension(result));
            }
        }
    }
    let tables = table.iter().map(|table| &table.symbol);
    let link_names: BTreeSet<String> = exports
        .iter()
        .map(|export| &export.link_name)
        .chain(tables)
        .map(LinkName::to_string)
        .collect();
    if let Some(table) = table {
        table.expose(by_name.get(&table.symbol.to_string()).copied())?;
    }
    for global in globals(module) {
        let name = global.name();
        if global.is_llvms_own() || link_names.contains(&name) {
            continue;
        }
        if global.is_declaration() {
            declare(module, global, &name);
        } else if global.linkage() != LLVMLinkage::LLVMAvailableExternallyLinkage {
            global.internalise();
        }
    }
    Ok(())
}

/// Declares anew what is undefined, so that it is found where other libraries define it.
pub(crate) fn declare(module: &Module<'_>, global: Global<'_>, name: &str) {
    if name == "__dso_handle" {
        if global.is_used() {
            append_destructor(module, global);
        }
        return;
    }
    let fresh = global.redeclare();
    if fresh.function().is_some() && name.parse::<LinkName>().is_ok() {
        // Called through the GOT, without a stub: linked into one library with its definition, the
        // linker makes the call direct. Functions of the system never are, and stubs cost less
        // code than addresses that are kept in registers.
        fresh.add_attribute("nonlazybind");
    }
}

/// What is still called of other packages, by link name.
pub(super) fn imports(module: &Module<'_>, dependencies: Dependencies<'_>) -> Vec<Import> {
    let mut imports: Vec<Import> = globals(module)
        .into_iter()
        .filter(|global| global.is_declaration())
        .filter_map(|global| global.name().parse::<LinkName>().ok())
        .filter_map(|link_name| dependencies.find(&link_name))
        .collect();
    imports.sort_by(|a, b| a.link_name.cmp(&b.link_name));
    imports
}
