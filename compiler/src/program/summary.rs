//! What a package's module is made of, without the code: enough to plan the program.

use std::collections::BTreeSet;

use inkwell::module::Module;
use puck_package::Digest;
use serde::{Deserialize, Serialize};

use crate::llvm::{Global, Kind, Reference, globals, module_assembly};

/// Larger constants than this, in bytes, are not copied to where they are used.
const COPIED_CONSTANT: u64 = 256;

/// A prepared module.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Summary {
    /// Of its bitcode.
    pub(super) digest: Digest,
    /// Whether assembly refers to symbols by name, or defines any, so that the module must stay whole
    /// and its symbols must keep their names.
    pub(super) whole: bool,
    /// In the module's order.
    pub(super) definitions: Vec<Definition>,
}

/// Something that the module defines.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Definition {
    pub(super) name: String,
    /// Whether nothing outside of the module knows it by its name.
    pub(super) local: bool,
    pub(super) use_of: Use,
    /// About how much work it is to compile, in instructions.
    pub(super) size: usize,
    /// The symbols that it refers to, sorted.
    pub(super) references: Vec<String>,
    /// Symbols that must be in the same object.
    pub(super) ties: Vec<String>,
}

/// What another object may do with a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Use {
    /// Refer to it.
    Refer,
    /// Have a copy of the body, to inline it if it is small.
    Inline,
    /// Have a copy of the body, as it must be inlined.
    AlwaysInline,
    /// Have a copy: it never changes and has no identity.
    Copy,
    /// Nothing: a list that LLVM or the loader walks, such as `llvm.global_ctors`, of which all
    /// objects' are joined.
    List,
}

impl Summary {
    /// Describes a module. Its bitcode's digest is still to be filled in.
    pub(super) fn read(module: &Module<'_>) -> Self {
        let all: Vec<Global<'_>> = globals(module)
            .into_iter()
            .filter(|global| !global.is_declaration())
            .collect();
        let locals: BTreeSet<String> = all
            .iter()
            .filter(|global| global.is_local())
            .map(|global| global.name())
            .collect();
        let mut whole = !module_assembly(module).is_empty();
        let mut definitions = Vec::with_capacity(all.len());
        for global in all {
            let contents = global.contents();
            let spells = |text: &String| words(text).any(|word| locals.contains(word));
            whole |= contents.assembly.iter().any(spells);
            whole |= contents.assembly.iter().any(|text| names_a_place(text));
            definitions.push(define(global, &contents));
        }
        Self {
            digest: Digest::of(b""),
            whole,
            definitions,
        }
    }
}

/// What could be a symbol in assembly.
fn words(assembly: &str) -> impl Iterator<Item = &str> {
    assembly.split(|c: char| !(c.is_ascii_alphanumeric() || "._$".contains(c)))
}

/// Whether assembly has a label that is not made anew for each copy, as `1:` and `.Lagain%=:` are.
fn names_a_place(assembly: &str) -> bool {
    assembly.split(['\n', ';']).any(|statement| {
        let statement = statement.trim_start();
        let end = statement.find(|c: char| !(c.is_ascii_alphanumeric() || "._$".contains(c)));
        let (word, rest) = statement.split_at(end.unwrap_or(statement.len()));
        rest.trim_start().starts_with(':') && word.starts_with(|c: char| !c.is_ascii_digit())
    })
}

fn define(global: Global<'_>, contents: &crate::llvm::Contents) -> Definition {
    let name = global.name();
    let references: Vec<String> = contents.references.keys().cloned().collect();
    let thread_locals = contents
        .references
        .iter()
        .filter(|(_, kind)| **kind == Reference::ThreadLocal)
        .map(|(name, _)| name.clone());
    // Variables of a thread are reached in cheaper ways from the object that has them.
    let mut ties: Vec<String> = contents
        .labels
        .iter()
        .cloned()
        .chain(thread_locals)
        .collect();
    let is_list = global.is_llvms_own();
    if is_list || matches!(global.kind(), Kind::Alias | Kind::Ifunc) {
        ties.extend(references.iter().cloned());
    }
    let is_bound = !ties.is_empty() || contents.jumps || global.is_variadic();
    let use_of = match global.kind() {
        _ if is_list => Use::List,
        Kind::Function if is_bound || keeps_its_body(global) => Use::Refer,
        Kind::Function if global.has_attribute("alwaysinline") => Use::AlwaysInline,
        Kind::Function => Use::Inline,
        Kind::Variable
            if !is_bound
                && global.is_local()
                && global.is_constant()
                && global.has_no_identity()
                && !global.is_thread_local()
                && !global.has_section()
                && global.size() <= COPIED_CONSTANT =>
        {
            Use::Copy
        }
        _ => Use::Refer,
    };
    Definition {
        local: global.is_local(),
        use_of,
        size: contents.instructions,
        references,
        ties,
        name,
    }
}

fn keeps_its_body(function: Global<'_>) -> bool {
    ["noinline", "optnone", "naked", "returns_twice"]
        .iter()
        .any(|attribute| function.has_attribute(attribute))
}
