//! Each package by itself: fitted to the processor, simplified, with names that are its own.
//!
//! This is what a compiler does before a link-time optimiser sees the code (LLVM's
//! `thinlto-pre-link`): it inlines within the package and leaves loops as they are, because what is
//! inlined into them is not known yet. The result depends on the package alone, and is kept.

use inkwell::module::Module;
use puck_package::{Digest, PackageDocument, Processor};

use super::summary::Summary;
use crate::cache::Cache;
use crate::code::Ir;
use crate::codegen::{self, CodegenError};
use crate::error::Error;
use crate::llvm::{
    DEFAULT_PRIORITY, Kind, Session, globals, guarded, order_constructors, reconcile_flags,
};
use crate::{Progress, processor};

/// A package as part of a program.
pub(super) struct Prepared<'a> {
    pub(super) package: Ir<'a>,
    pub(super) summary: Summary,
    key: String,
}

impl<'a> Prepared<'a> {
    /// Prepares a package, or finds that it was prepared before.
    pub(super) fn new(
        package: Ir<'a>,
        processor: &Processor,
        cache: &Cache,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let document = package.document;
        let key = format!(
            "prepared {} {} {} {} O{} {}",
            processor::identity(),
            Digest::of(package.bitcode),
            document.name,
            document.series(),
            document.opt_level,
            processor::key(processor)
        );
        let known = cache
            .get(&format!("{key} summary"))?
            .and_then(|bytes| serde_json::from_slice::<Summary>(&bytes).ok());
        if let Some(summary) = known {
            return Ok(Self {
                package,
                summary,
                key,
            });
        }
        progress.step(&format!("Reading {} {}", document.name, document.version));
        let (summary, bitcode) = prepare(package, processor)?;
        cache.put(&key, &bitcode)?;
        // Last: where the summary is, the bitcode is too.
        if let Ok(bytes) = serde_json::to_vec(&summary) {
            cache.put(&format!("{key} summary"), &bytes)?;
        }
        Ok(Self {
            package,
            summary,
            key,
        })
    }

    /// The prepared module's bitcode.
    pub(super) fn bitcode(&self, processor: &Processor, cache: &Cache) -> Result<Vec<u8>, Error> {
        match cache.get(&self.key)? {
            Some(bitcode) if Digest::of(&bitcode) == self.summary.digest => Ok(bitcode),
            // Removed or damaged meanwhile.
            _ => Ok(prepare(self.package, processor)?.1),
        }
    }
}

fn prepare(package: Ir<'_>, processor: &Processor) -> Result<(Summary, Vec<u8>), Error> {
    let failed = |fatal| move |message| CodegenError::llvm(processor.target, message, fatal);
    let prepared = guarded(|| {
        let document = package.document;
        let session = Session::new();
        let module = session.parse(package.bitcode, document.name.as_str())?;
        processor::assign(&module, processor);
        reconcile_flags(&module);
        order_constructors(&module, DEFAULT_PRIORITY);
        let level = document.opt_level;
        let machine = codegen::machine(processor.target, level)?;
        codegen::pipeline(&module, &machine, "thinlto-pre-link", level)?;
        // Bodies that only help to optimise have helped.
        codegen::passes(&module, &machine, "elim-avail-extern,globaldce", level)?;
        for global in globals(&module) {
            global.forget_promises();
        }
        if level == 0 {
            keep_as_written(&module);
        }
        let mut summary = Summary::read(&module);
        if !summary.whole {
            own_names(&module, document);
            summary = Summary::read(&module);
        }
        let bitcode = module.write_bitcode_to_memory();
        let bitcode = bitcode.as_slice().to_vec();
        summary.digest = Digest::of(&bitcode);
        match session.errors() {
            Some(message) => Err(message),
            None => Ok((summary, bitcode)),
        }
    });
    Ok(prepared.map_err(failed(true))?.map_err(failed(false))?)
}

/// Keeps the program's optimisation away from a package that wants none.
fn keep_as_written(module: &Module<'_>) {
    for function in globals(module) {
        let has_body = function.kind() == Kind::Function && !function.is_declaration();
        if !has_body || function.has_attribute("alwaysinline") {
            continue;
        }
        for attribute in ["minsize", "optsize"] {
            function.remove_attribute(attribute);
        }
        for attribute in ["noinline", "optnone"] {
            function.add_attribute(attribute);
        }
    }
}

/// Gives local symbols names that say whose they are: several packages may have a `helper`, and any
/// of them may become a symbol between objects. `helper` becomes `linalg.v1.helper`. Names that
/// debuggers and profilers decode keep their start.
fn own_names(module: &Module<'_>, document: &PackageDocument) {
    let scope = format!("{}.{}", document.name.symbol(), document.series());
    for global in globals(module) {
        if global.is_declaration() || global.is_llvms_own() || !global.is_local() {
            continue;
        }
        let name = global.name();
        let name = match ["_Z", "_R"].iter().any(|start| name.starts_with(start)) {
            true => format!("{name}.{scope}"),
            false => format!("{scope}.{}", name.trim_start_matches('.')),
        };
        global.rename(&name);
    }
}
