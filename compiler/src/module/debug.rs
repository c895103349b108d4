//! An object for its debug information alone, from which signatures are read.

use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::FileType;
use puck_package::Target;

use super::ModuleError;
use crate::codegen::machine;
use crate::error::Error;
use crate::llvm::{Session, globals, stub_bodies};
use crate::source::{DebugFunction, signatures_from_debug};

/// What debug information says of the module's functions; nothing where there is none.
///
/// Bodies are left out where that is possible: compilers that were asked to optimise list a function's
/// parameters beside its body, others only in it.
pub(super) fn functions<'s>(
    session: &'s Session,
    module: &Module<'s>,
    opt_level: u8,
) -> Result<Vec<DebugFunction>, Error> {
    if !globals(module)
        .into_iter()
        .any(|global| global.has_debug_information())
    {
        return Ok(Vec::new());
    }
    let copy = session.copy(module);
    let machine = machine(Target::ALL[0].base(), 0).map_err(ModuleError::Merged)?;
    let mut removed = Ok(());
    if opt_level > 0 {
        stub_bodies(&copy, || {
            removed = copy.run_passes("elim-avail-extern", &machine, PassBuilderOptions::create());
        });
    }
    removed.map_err(|message| ModuleError::Merged(message.to_string()))?;
    let object = machine
        .write_to_memory_buffer(&copy, FileType::Object)
        .map_err(|message| ModuleError::Merged(message.to_string()))?;
    match session.errors() {
        Some(message) => Err(ModuleError::Merged(message).into()),
        None => Ok(signatures_from_debug(object.as_slice())?),
    }
}
