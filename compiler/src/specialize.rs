//! Packages compiled for exactly one processor, each by itself.

use std::collections::BTreeSet;

use puck_package::{Digest, LinkName, PackageDocument, Processor};

use crate::cache::Cache;
use crate::code::{Code, CodeOptions, Ir};
use crate::codegen::{self, CodegenError, Facts};
use crate::error::Error;
use crate::llvm::{Session, guarded};
use crate::system::System;
use crate::{Progress, parallel, processor};

/// Compiles each package for `processor`, at the optimisation level of its document; one result a
/// package, in their order.
///
/// What a package calls of others it imports as the objects of its archive do.
///
/// # Errors
/// If LLVM cannot compile a package, or an object needs what the system does not have; the error
/// names the package.
pub fn specialize(
    packages: &[Ir<'_>],
    processor: &Processor,
    options: &CodeOptions<'_>,
    progress: &dyn Progress,
) -> Result<Vec<Code>, Error> {
    let cache = Cache::new(options.cache);
    let objects = parallel::map(options.jobs, packages, |_, package| {
        object(package, processor, &cache, progress).map_err(|error| error.of(package.document))
    })?;
    let mut system = System::default();
    packages
        .iter()
        .zip(objects)
        .map(|(package, object)| {
            code(package.document, object, processor, &mut system)
                .map_err(|error| error.of(package.document))
        })
        .collect()
}

fn object(
    package: &Ir<'_>,
    processor: &Processor,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Vec<u8>, Error> {
    let document = package.document;
    let level = document.opt_level;
    let key = format!(
        "specialised {} {} O{level} {}",
        processor::identity(),
        Digest::of(package.bitcode),
        processor::key(processor)
    );
    if let Some(object) = cache.get(&key)? {
        return Ok(object);
    }
    progress.step(&format!("Compiling {} {}", document.name, document.version));
    let failed = |fatal| move |message| CodegenError::llvm(processor.target, message, fatal);
    let object = guarded(|| {
        let session = Session::new();
        let module = session.parse(package.bitcode, document.name.as_str())?;
        processor::assign(&module, processor);
        {
            let machine = codegen::machine(processor.target, level)?;
            codegen::optimise(&module, &machine, level)?;
            codegen::object(&session, &module, &machine)
        }
    })
    .map_err(failed(true))?
    .map_err(failed(false))?;
    cache.put(&key, &object)?;
    Ok(object)
}

/// The object, checked, with what it needs.
fn code(
    document: &PackageDocument,
    object: Vec<u8>,
    processor: &Processor,
    system: &mut System,
) -> Result<Code, Error> {
    let exports: BTreeSet<String> = document
        .exported_symbols()
        .iter()
        .map(LinkName::to_string)
        .collect();
    let elsewhere: BTreeSet<String> = document
        .imports
        .iter()
        .map(|import| import.link_name.to_string())
        .collect();
    let facts = Facts::read(processor.target, &object, &exports)?;
    let undefined = facts
        .undefined
        .iter()
        .filter(|undefined| !elsewhere.contains(&undefined.symbol));
    let system_imports = system.imports(undefined, |user| user.to_owned(), &[])?;
    Ok(Code {
        objects: vec![object],
        system_imports,
    })
}
