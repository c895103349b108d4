//! A caller: LLVM IR of a user's program that declares installed functions, compiled for one
//! processor into an object that a library is made of.
//!
//! The steps, in order: read and verify; resolve what is declared as `package::function` against
//! the packages' descriptions, with its type; bring the bodies of small callees along, if that is
//! asked for (`inline`); choose what the caller offers (`definitions`), all else being internal;
//! optimise; compile. No code of a callee is left in the object but what was inlined.

mod definitions;
mod error;
mod inline;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use puck_package::{Digest, Import, LinkName, PackageDocument, Processor, SystemImport};

pub use error::CallerError;

use crate::bodies::Bodies;
use crate::codegen::{self, Facts, machine};
use crate::error::Error;
use crate::llvm::{Session, globals, guarded};
use crate::module::{self, Dependencies, Shape, resolve_imports};
use crate::processor;
use crate::system::System;

/// Changes when the same IR would give other code for a reason that a [`CallerRequest`] and
/// [`identity`](crate::identity) do not show.
pub const CALLER_FORMAT: u32 = 3;

/// A caller to compile.
#[derive(Clone, Copy, Debug)]
pub struct CallerRequest<'a> {
    /// LLVM IR, as text or bitcode.
    pub ir: &'a [u8],
    /// What the caller is called in messages.
    pub name: &'a str,
    /// The packages that it may call, and all that those call. Where a package is there in several
    /// series, the one that the plain name means comes first.
    pub packages: &'a [PackageDocument],
    /// Where bodies of callees come from, if small ones are to be inlined.
    pub bodies: Option<&'a Bodies>,
    /// Functions of packages that have no symbol where the caller will run, so that no body may come
    /// along that calls one. (Declaring one is the user's own fault, which loading tells.)
    pub left_out: &'a BTreeSet<LinkName>,
    /// What to compile for.
    pub processor: &'a Processor,
    /// 0 to 3.
    pub opt_level: u8,
}

/// A compiled caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// A relocatable object: it defines the caller's functions under their own names, and calls
    /// installed ones by their link names.
    pub object: Vec<u8>,
    /// The functions that it offers, with their types.
    pub definitions: BTreeMap<String, Shape>,
    /// What the caller declares of packages.
    pub callees: Vec<Callee>,
    /// What the object still calls of packages, itself or in a body that was inlined.
    pub imports: Vec<Import>,
    /// The bodies that were brought along. LLVM may not have inlined each of them.
    pub inlined: Vec<Inlined>,
    /// What the object needs of the system.
    pub system_imports: Vec<SystemImport>,
}

/// An installed function that a caller declares.
#[derive(Clone, Debug)]
pub struct Callee {
    /// As it is declared: `linalg::dot`, or a link name.
    pub symbol: String,
    /// The type that it is declared with.
    pub shape: Shape,
    /// What it means.
    pub import: Import,
}

/// A body that a caller was compiled with.
#[derive(Clone, Debug, PartialEq)]
pub struct Inlined {
    /// The function.
    pub import: Import,
    /// Of the body and all that was copied with it, as [`Bodies::digest`] has it.
    pub body: Digest,
}

/// Compiles a caller.
///
/// # Errors
/// If it is no valid IR; declares a function that no package has, or with another type; defines
/// nothing, or what no caller may define; needs a symbol that nobody provides; or LLVM cannot
/// compile it.
pub fn caller(request: &CallerRequest<'_>) -> Result<Caller, Error> {
    let run = |request: &CallerRequest<'_>| {
        let compiled = guarded(|| compile(request));
        compiled.unwrap_or_else(|message| Err(impossible(request, &message)))
    };
    let compiled = run(request)?;
    let is_declared = |import: &Import| {
        let mut callees = compiled.callees.iter();
        callees.any(|callee| callee.import.link_name == import.link_name)
    };
    let is_lost =
        |import: &Import| request.left_out.contains(&import.link_name) && !is_declared(import);
    if request.bodies.is_some() && compiled.imports.iter().any(is_lost) {
        // A body came along that LLVM did not inline, such as one that calls itself.
        return run(&CallerRequest {
            bodies: None,
            ..*request
        });
    }
    Ok(compiled)
}

/// LLVM's refusal to make code of a valid module.
fn impossible(request: &CallerRequest<'_>, message: &str) -> Error {
    Error::from(Box::new(CallerError::Instructions {
        caller: request.name.to_owned(),
        processor: request.processor.to_string(),
        message: message.trim_end().to_owned(),
    }))
}

/// The function that a declaration means: `symbol` as it is declared, with its type.
///
/// # Errors
/// If no package has it, or with another type.
pub fn callee(
    packages: &[PackageDocument],
    symbol: &str,
    shape: &Shape,
    caller: &str,
) -> Result<Option<Import>, Error> {
    let dependencies = Dependencies {
        own: None,
        documents: packages,
    };
    let resolved = dependencies.resolve(symbol, shape, caller);
    resolved.map_err(|error| error::of_import(*error).into())
}

fn compile(request: &CallerRequest<'_>) -> Result<Caller, Error> {
    let &CallerRequest {
        name,
        packages,
        processor,
        opt_level,
        ..
    } = request;
    let dependencies = Dependencies {
        own: None,
        documents: packages,
    };
    let failed = |message: String| impossible(request, &message);
    let session = Session::new();
    let machine = machine(processor.target, opt_level).map_err(failed)?;
    let module = module::read(
        &session,
        name,
        request.ir,
        processor.target.base(),
        &machine,
    )?;
    let chosen = definitions::choose(&module, name)?;
    let callees = resolve(&module, name, dependencies)?;
    for global in globals(&module) {
        // What it was written for is no matter: it is compiled for the processor that runs it.
        global.forget_processor();
        if global.is_declaration() && !global.is_llvms_own() {
            module::declare(&module, global, &global.name());
        }
    }
    let definitions = definitions::apply(&module, &chosen);
    let inlined = match request.bodies.filter(|_| opt_level > 0) {
        // What a body calls of the system would be the caller's.
        Some(_) if replaces_system(&definitions)? => Vec::new(),
        Some(bodies) => inline::bring(&session, &module, request, dependencies, bodies)?,
        None => Vec::new(),
    };
    processor::assign(&module, processor);
    codegen::optimise(&module, &machine, opt_level).map_err(failed)?;
    let passes = "elim-avail-extern,globaldce,strip-dead-prototypes";
    module
        .run_passes(passes, &machine, PassBuilderOptions::create())
        .map_err(|message| failed(message.to_string()))?;
    let imports = imports(&module, dependencies);
    let object = codegen::object(&session, &module, &machine).map_err(failed)?;
    let exports = definitions.keys().cloned().collect();
    let facts = Facts::read(processor.target, &object, &exports)?;
    let system_imports = system_imports(&facts, &imports, dependencies)?;
    Ok(Caller {
        object,
        definitions,
        callees,
        imports,
        inlined,
        system_imports,
    })
}

fn resolve(
    module: &Module<'_>,
    name: &str,
    dependencies: Dependencies<'_>,
) -> Result<Vec<Callee>, Error> {
    let resolved = resolve_imports(module, name, dependencies).map_err(|error| match error {
        Error::Import(error) => error::of_import(*error).into(),
        error => error,
    })?;
    let callees = resolved.into_iter().map(|resolved| Callee {
        symbol: resolved.symbol,
        shape: resolved.shape,
        import: resolved.import,
    });
    Ok(callees.collect())
}

/// What is called of packages after all; to be found elsewhere, through the GOT.
fn imports(module: &Module<'_>, dependencies: Dependencies<'_>) -> Vec<Import> {
    let mut imports = Vec::new();
    for global in globals(module) {
        if !global.is_declaration() || global.is_llvms_own() {
            continue;
        }
        let name = global.name();
        if let Some(import) = name
            .parse::<LinkName>()
            .ok()
            .and_then(|name| dependencies.find(&name))
        {
            // A body that was not inlined leaves a declaration that claims to be near.
            module::declare(module, global, &name);
            imports.push(import);
        }
    }
    imports.sort_by(|a, b| a.link_name.cmp(&b.link_name));
    imports
}

/// What the system's libraries have; reading them takes longer than compiling a small caller.
fn with_system<T>(work: impl FnOnce(&mut System) -> T) -> T {
    static SYSTEM: Mutex<Option<System>> = Mutex::new(None);
    let mut system = SYSTEM.lock().unwrap_or_else(PoisonError::into_inner);
    work(system.get_or_insert_default())
}

/// Whether a caller defines what libc, libm or libgcc_s have too. LLVM may call that in a body even
/// where its source does not: `exp2` for `pow`, `memset` for a loop.
fn replaces_system(definitions: &BTreeMap<String, Shape>) -> Result<bool, Error> {
    with_system(|system| {
        for name in definitions.keys() {
            if system.find(name)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

fn system_imports(
    facts: &Facts,
    imports: &[Import],
    dependencies: Dependencies<'_>,
) -> Result<Vec<SystemImport>, Error> {
    let is_import = |symbol: &str| {
        imports
            .iter()
            .any(|import| import.link_name.to_string() == symbol)
    };
    let undefined: Vec<_> = facts
        .undefined
        .iter()
        .filter(|undefined| !is_import(&undefined.symbol))
        .collect();
    if undefined.is_empty() {
        return Ok(Vec::new());
    }
    let callable: Vec<String> = dependencies.functions().collect();
    with_system(|system| system.imports(undefined, str::to_owned, &callable))
        .map_err(|error| error::of_system(error, dependencies))
}
