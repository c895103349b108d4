//! What a caller offers: its functions with external linkage, under their own names.

use std::collections::BTreeMap;

use inkwell::llvm_sys::LLVMLinkage;
use inkwell::module::Module;
use puck_package::LinkName;

use super::CallerError;
use crate::llvm::{Global, Kind, globals};
use crate::module::{Extension, Shape, Value};

/// Symbols that mean something to the dynamic linker, or that linkers make themselves.
const LINKERS_OWN: [&str; 8] = [
    "_init",
    "_fini",
    "_start",
    "_DYNAMIC",
    "_GLOBAL_OFFSET_TABLE_",
    "__dso_handle",
    "__ehdr_start",
    "_end",
];

/// The names of the functions that a caller offers.
///
/// A caller's library shows its symbols to nobody who does not ask it for them, so they may be
/// called what others are called too: `main`, `exp`. Refused is what could be taken for an installed
/// function, and what a symbol table cannot hold.
pub(super) fn choose(module: &Module<'_>, caller: &str) -> Result<Vec<String>, Box<CallerError>> {
    let mut chosen = Vec::new();
    for global in globals(module) {
        if global.is_declaration() || global.is_llvms_own() {
            continue;
        }
        let symbol = global.name();
        let offered = is_offered(global) && !symbol.is_empty();
        if let Some(reason) = reserved(&symbol, offered) {
            let caller = caller.to_owned();
            return Err(Box::new(CallerError::Reserved {
                caller,
                symbol,
                reason,
            }));
        }
        if offered {
            chosen.push(symbol);
        }
    }
    if chosen.is_empty() {
        let caller = caller.to_owned();
        return Err(Box::new(CallerError::Empty { caller }));
    }
    Ok(chosen)
}

/// Whose a symbol is, if it is not a caller's. What is not offered may be called almost anything.
fn reserved(symbol: &str, offered: bool) -> Option<&'static str> {
    if symbol.parse::<LinkName>().is_ok() {
        return Some("which is the link name of a function of a package");
    }
    if !offered {
        return None;
    }
    if symbol.contains("::") {
        return Some("which names a function of a package");
    }
    if LINKERS_OWN.contains(&symbol) {
        return Some("which belongs to the linker");
    }
    // (The last of these stands for what is not UTF-8.)
    let is_illegal = |c: char| c.is_control() || c.is_whitespace() || "@\";\u{FFFD}".contains(c);
    symbol
        .contains(is_illegal)
        .then_some("whose name no symbol of a library can have")
}

fn is_offered(global: Global<'_>) -> bool {
    let linkage = global.linkage();
    global.function().is_some()
        && matches!(global.kind(), Kind::Function | Kind::Alias)
        && !global.is_hidden()
        && (global.is_strong_definition()
            || matches!(
                linkage,
                LLVMLinkage::LLVMWeakAnyLinkage | LLVMLinkage::LLVMWeakODRLinkage
            ))
}

/// Makes visible what was chosen, and all else internal.
pub(super) fn apply(module: &Module<'_>, chosen: &[String]) -> BTreeMap<String, Shape> {
    let mut definitions = BTreeMap::new();
    for global in globals(module) {
        let keeps = matches!(
            global.linkage(),
            LLVMLinkage::LLVMAvailableExternallyLinkage | LLVMLinkage::LLVMAppendingLinkage
        );
        if global.is_declaration() || global.is_llvms_own() || keeps {
            continue;
        }
        let name = global.name();
        if !chosen.contains(&name) {
            global.internalise();
            continue;
        }
        global.export();
        let returns_bool = global
            .shape()
            .and_then(|shape| shape.result)
            .is_some_and(|result| result.value == Value::Integer(1));
        if let Some(function) = global.function().filter(|_| returns_bool) {
            // There is one way to return a `bool`; whether it is said or not.
            function.set_extension(None, Extension::Zero);
        }
        if let Some(shape) = global.shape() {
            definitions.insert(name, shape);
        }
    }
    definitions
}
