//! All packages of an environment as one program: inlined across packages, for one processor.

use std::collections::BTreeSet;

use puck_package::{LinkName, Processor};

use crate::code::{Code, CodeOptions, Ir};
use crate::codegen::{self, CodegenError, Facts};
use crate::error::Error;
use crate::llvm::{Session, globals, guarded};
use crate::system::System;
use crate::{Progress, processor};

/// Compiles packages as one program, in which nothing but `exports` is visible.
///
/// # Errors
/// If the packages do not fit together, LLVM cannot compile them, or they need what the system does
/// not have.
pub fn program(
    packages: &[Ir<'_>],
    exports: &BTreeSet<LinkName>,
    processor: &Processor,
    _options: &CodeOptions<'_>,
    progress: &dyn Progress,
) -> Result<Code, Error> {
    let exports: BTreeSet<String> = exports.iter().map(ToString::to_string).collect();
    progress.step("Compiling the program");
    let object = guarded(|| {
        let session = Session::new();
        let merged = session.context().create_module("program");
        for package in packages {
            let module = session.parse(package.bitcode, package.document.name.as_str())?;
            processor::assign(&module, processor);
            session.link(&merged, module)?;
        }
        for global in globals(&merged) {
            if !global.is_declaration()
                && !global.is_llvms_own()
                && !exports.contains(&global.name())
            {
                global.internalise();
            }
        }
        {
            let machine = codegen::machine(processor.target, 3)?;
            codegen::optimise(&merged, &machine, 3)?;
            codegen::object(&session, &merged, &machine)
        }
    })
    .map_err(Error::Llvm)?
    .map_err(|message| CodegenError::llvm(processor.target, message, false))?;
    let facts = Facts::read(processor.target, &object, &exports)?;
    let mut system = System::default();
    let system_imports = system.imports(&facts.undefined, |user| user.to_owned(), &[])?;
    Ok(Code {
        objects: vec![object],
        system_imports,
    })
}
