//! A package's IR, simplified, with the bodies of its exports apart from their names.

use inkwell::llvm_sys::LLVMLinkage;
use inkwell::passes::PassBuilderOptions;
use puck_package::{LinkName, Target};

use crate::codegen::machine;
use crate::llvm::{Global, Kind, Session, globals};

/// The simplifications that LLVM does before it imports bodies across modules: a function's size
/// means something after them, and small helpers are part of those who call them.
const PASSES: &str = "thinlto-pre-link<O3>";

/// Changes when the same IR and LLVM would give something else.
pub(super) const FORMAT: u32 = 3;

/// The name of a body while its function's name belongs to a declaration. No link name looks so.
pub(super) fn body_name(function: &LinkName) -> String {
    format!("{function}.body")
}

/// Whether it is the table through which a package reaches what the process provides: the one variable
/// that others see.
pub(super) fn is_table(global: &Global<'_>) -> bool {
    global.kind() == Kind::Variable && global.name().parse::<LinkName>().is_ok()
}

/// Bitcode in which each export is declared under its link name, for all who call it, and defined
/// under [`body_name`]. So one body can be linked without those that it calls.
pub(super) fn prepare(ir: &[u8]) -> Result<Vec<u8>, String> {
    let session = Session::new();
    let module = session.parse(ir, "package")?;
    module.verify().map_err(|message| message.to_string())?;
    module.strip_debug_info();
    let machine = machine(Target::ALL[0].base(), 3)?;
    let run = |passes| {
        module
            .run_passes(passes, &machine, PassBuilderOptions::create())
            .map_err(|message| message.to_string())
    };
    run(PASSES)?;
    // Constructors run where the package is loaded, and nowhere else. (Only now: what they write
    // is no constant, as the passes saw.)
    for global in globals(&module) {
        match global.kind() {
            Kind::Variable if global.is_llvms_own() => global.delete(),
            Kind::Alias => {
                if let Some(function) = global.function() {
                    global.replace_with(function);
                    global.set_linkage(LLVMLinkage::LLVMInternalLinkage);
                }
            }
            _ => {}
        }
    }
    run("globaldce")?;
    for global in globals(&module) {
        // The caller that bodies come into has declarations and calls of its own.
        global.forget_promises();
        if is_table(&global) {
            // There is one of it, in the package's own library.
            global.detach("");
            global.internalise();
            continue;
        }
        if global.kind() != Kind::Function || global.is_declaration() {
            continue;
        }
        if let Ok(function) = global.name().parse::<LinkName>() {
            global.detach(&body_name(&function));
            global.internalise();
            // Linked only into a module that declares it.
            global.set_linkage(LLVMLinkage::LLVMAvailableExternallyLinkage);
        }
    }
    match session.errors() {
        Some(message) => Err(message),
        None => Ok(module.write_bitcode_to_memory().as_slice().to_vec()),
    }
}
