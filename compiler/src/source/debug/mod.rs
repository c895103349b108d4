//! Signatures from DWARF: what the source language's compiler says of the functions it compiled.

mod entry;
mod section;
mod types;

use std::collections::BTreeMap;

use gimli::{DwLang, constants as dw};
use puck_package::{Parameter, Signature};

use super::SourceError;
use entry::{Entry, Units};

/// A function as its debug information describes it.
#[derive(Debug)]
pub(crate) struct DebugFunction {
    /// The symbol (linkage name, else the name).
    pub(crate) symbol: String,
    /// The name in the source, without scopes and parameters.
    pub(crate) name: String,
    /// Its signature, or why it cannot be expressed: ``parameter `p` is the struct `Point` by value``.
    pub(crate) signature: Result<Signature, String>,
    /// Whether it is a function outside of classes (C++); `true` in C.
    pub(crate) free_function: bool,
    /// `src/dot.c:12`.
    pub(crate) declared_at: Option<String>,
}

/// The functions that the DWARF of `object` (x86-64 ELF, relocatable) describes: those that are
/// defined in it and external, sorted by symbol, each once.
pub(crate) fn signatures_from_debug(object: &[u8]) -> Result<Vec<DebugFunction>, SourceError> {
    let fault = |error: &dyn std::fmt::Display| SourceError::Debug(error.to_string());
    let file = object::File::parse(object).map_err(|error| fault(&error))?;
    let sections = section::load(&file).map_err(|error| fault(&error))?;
    let dwarf = sections.dwarf();
    let units = Units::read(&dwarf).map_err(|error| fault(&error))?;
    let mut functions = BTreeMap::new();
    for unit in 0..units.len() {
        for (entry, in_class) in units.functions(unit).map_err(|error| fault(&error))? {
            if let Some(function) = function(&units, entry, in_class) {
                functions.entry(function.symbol.clone()).or_insert(function);
            }
        }
    }
    Ok(functions.into_values().collect())
}

/// The function that `entry` defines; `None` if it is but declared, or not external.
fn function(units: &Units<'_>, entry: Entry, in_class: bool) -> Option<DebugFunction> {
    let here = units.die(entry)?;
    if !here.has_attr(dw::DW_AT_low_pc) && !here.has_attr(dw::DW_AT_ranges) {
        return None;
    }
    // A definition may leave to its declaration, or to the abstract form of an inlined function,
    // what those say already.
    let forms = units.forms(entry);
    if !forms
        .iter()
        .any(|form| units.flag(*form, dw::DW_AT_external))
    {
        return None;
    }
    let text = |name| forms.iter().find_map(|form| units.text(*form, name));
    let name = text(dw::DW_AT_name)?;
    let symbol = text(dw::DW_AT_linkage_name)
        .or_else(|| text(dw::DW_AT_MIPS_linkage_name))
        .unwrap_or_else(|| name.clone());
    let language = units.language(entry);
    let member = in_class || forms.iter().any(|form| units.in_class(*form));
    Some(DebugFunction {
        symbol,
        name,
        signature: signature(units, &forms),
        // A Rust function with a C name is one, whatever `impl` it stands in.
        free_function: !member || language == Some(DwLang(dw::DW_LANG_Rust.0)),
        declared_at: forms.iter().find_map(|form| units.declared_at(*form)),
    })
}

fn signature(units: &Units<'_>, forms: &[Entry]) -> Result<Signature, String> {
    // Optimisers drop parameters from one form or the other; the fullest one counts.
    let children = forms.iter().map(|form| units.children(*form));
    let children = children.max_by_key(|children| parameters(units, children).count());
    let children = children.unwrap_or_default();
    let result = forms
        .iter()
        .find_map(|form| units.reference(*form, dw::DW_AT_type));
    let signature = types::signature(units, &children, result, 0)?;
    checked(signature)
}

/// The children that are parameters.
fn parameters<'c>(
    units: &Units<'_>,
    children: &'c [Entry],
) -> impl Iterator<Item = Entry> + use<'c> {
    let tags: Vec<_> = children.iter().map(|child| units.tag(*child)).collect();
    children
        .iter()
        .zip(tags)
        .filter(|(_, tag)| *tag == Some(dw::DW_TAG_formal_parameter))
        .map(|(child, _)| *child)
}

/// The signature, in a form that can be written and read again: names that are words of Rust get
/// `_` behind them.
fn checked(mut signature: Signature) -> Result<Signature, String> {
    for Parameter { name, .. } in &mut signature.parameters {
        if let Some(given) = name.take().filter(|given| given != "_") {
            let candidates = [given.clone(), format!("{given}_")];
            *name = candidates.into_iter().find(|name| is_name(name));
        }
    }
    match signature.to_string().parse::<Signature>() {
        Ok(read) if read == signature => Ok(signature),
        Ok(_) => Err(format!(
            "`{signature}` does not read back as it was written"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a signature can have a parameter of this name, at any place: `self` only comes first.
fn is_name(name: &str) -> bool {
    let read = format!("fn(u8, {name}: u8)").parse::<Signature>();
    read.is_ok_and(|read| {
        read.parameters
            .last()
            .is_some_and(|p| p.name.as_deref() == Some(name))
    })
}

#[cfg(test)]
mod tests;
