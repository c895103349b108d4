//! One module of all sources: verified, exports and imports under link names, all else internal.
//!
//! The steps, in order: read and verify each source's module; resolve its imports, whose types are
//! known there as the source declares them; remove what was chosen for a processor; link; read
//! signatures from debug information; choose exports; make everything else internal; drop what
//! nothing needs. What comes out is optimisable IR that says nothing of the machine it was built
//! on, so that the same sources give the same bytes.

mod attributes;
mod contradiction;
mod debug;
mod exports;
mod imports;
mod shape;
mod symbols;
#[cfg(test)]
pub(crate) mod tests;

use inkwell::llvm_sys::LLVMLinkage;
use inkwell::module::{FlagBehavior, Module};
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{TargetMachine, TargetTriple};
use puck_package::document;
use puck_package::{HostImport, Import, PackageName, Series, Target};

pub use exports::ExportError;
pub(crate) use exports::{Export, Requested};
pub(crate) use imports::Dependencies;
pub use imports::ImportError;
pub use shape::Shape;
pub(crate) use shape::{Extension, Passed, Value};
pub(crate) use symbols::declare;

use crate::codegen::machine;
use crate::error::Error;
use crate::llvm::{Global, Kind, Session, globals};
use crate::source::{Described, Language, SourceModule};
use exports::{Choice, Definition, Definitions};
use symbols::Table;

/// What is merged.
pub(crate) struct Input<'a> {
    pub(crate) package: &'a PackageName,
    pub(crate) series: Series,
    pub(crate) sources: &'a [SourceModule],
    pub(crate) requested: &'a [Requested],
    /// What the front end for Python says of its module.
    pub(crate) described: &'a Described,
    pub(crate) dependencies: Dependencies<'a>,
    /// The manifest's flags for compilers.
    pub(crate) flags: &'a [String],
    /// The level at which the sources were compiled.
    pub(crate) opt_level: u8,
    /// Whether debug information is kept.
    pub(crate) debug: bool,
}

/// What came out.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) bitcode: Vec<u8>,
    /// By name, then signature.
    pub(crate) exports: Vec<Export>,
    /// By link name.
    pub(crate) imports: Vec<Import>,
    /// What LLVM warned of.
    pub(crate) warnings: Vec<String>,
}

/// Why modules could not be merged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleError {
    /// Not LLVM IR, or IR that does not verify.
    #[error("{path}: invalid LLVM IR: {message}")]
    Invalid {
        /// The source file.
        path: String,
        /// LLVM's message.
        message: String,
    },
    /// Compiled for a machine that is no target.
    #[error("{path}: compiled for `{triple}`, expected `{expected}`")]
    WrongMachine {
        /// The source file.
        path: String,
        /// Its target triple.
        triple: String,
        /// The triple of all targets.
        expected: &'static str,
    },
    /// One symbol, two definitions.
    #[error("`{symbol}` is defined by both {first} and {second}")]
    DefinedTwice {
        /// The symbol.
        symbol: String,
        /// The one source file.
        first: String,
        /// The other source file.
        second: String,
    },
    /// A source does not fit the others.
    #[error("{path} does not link with the other sources: {message}")]
    Link {
        /// The source file.
        path: String,
        /// LLVM's message.
        message: String,
    },
    /// A front end describes a table of host imports that its module does not have.
    #[error(
        "the module of the Python sources has no table `{symbol}` for {entries} host imports: {reason}"
    )]
    Table {
        /// The table's symbol.
        symbol: String,
        /// How many entries it should have.
        entries: usize,
        /// What there is instead.
        reason: String,
    },
    /// LLVM found a fault in what the merge made.
    #[error("LLVM refused the merged module: {0}")]
    Merged(String),
}

impl Input<'_> {
    /// The table of host imports, with how many entries it has.
    fn table(&self) -> Option<Table> {
        let imports: &[HostImport] = &self.described.host_imports;
        let symbol = document::host_table(self.package, &self.series, imports)?;
        Some(Table {
            symbol,
            entries: imports.len(),
        })
    }
}

/// Merges the modules of all sources. Runs LLVM: call it in [`guarded`](crate::llvm::guarded).
pub(crate) fn merge(input: &Input<'_>) -> Result<Merged, Error> {
    let session = Session::new();
    let target = Target::ALL[0].base();
    let machine = machine(target, 0).map_err(ModuleError::Merged)?;
    let merged = empty(&session, input.package, target, &machine);
    let mut definitions = Definitions::default();
    for source in input.sources {
        let module = read(&session, &source.path, &source.bitcode, target, &machine)?;
        resolve_imports(&module, &source.path, input.dependencies)?;
        attributes::strip(&module, is_plain(source, input.flags));
        if !input.requested.is_empty() {
            keep_inline(&module);
        }
        define(&module, source, &mut definitions)?;
        session
            .link(&merged, module)
            .map_err(|message| ModuleError::Link {
                path: source.path.clone(),
                message,
            })?;
    }
    let debug = debug::functions(&session, &merged, input.opt_level)?;
    let choice = Choice {
        package: input.package,
        series: input.series,
        requested: input.requested,
        described: &input.described.functions,
        definitions: &definitions,
        debug: &debug,
    };
    let exports = choice.exports()?;
    if !input.debug {
        merged.strip_debug_info();
    }
    let table = input.table();
    symbols::apply(&merged, &exports, table.as_ref())?;
    merged
        .run_passes(
            "globaldce,strip-dead-prototypes",
            &machine,
            PassBuilderOptions::create(),
        )
        .map_err(|message| ModuleError::Merged(message.to_string()))?;
    merged
        .verify()
        .map_err(|message| ModuleError::Merged(message.to_string()))?;
    let imports = symbols::imports(&merged, input.dependencies);
    let bitcode = merged.write_bitcode_to_memory();
    let bitcode = bitcode.as_slice().to_vec();
    Ok(Merged {
        bitcode,
        exports,
        imports,
        warnings: session.warnings(),
    })
}

/// The module that everything is linked into. Its flags win over those of the sources.
fn empty<'s>(
    session: &'s Session,
    package: &PackageName,
    target: Target,
    machine: &TargetMachine,
) -> Module<'s> {
    let module = session.context().create_module(package.as_str());
    module.set_source_file_name(package.as_str());
    module.set_triple(&TargetTriple::create(target.triple()));
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    let word = session.context().i32_type();
    for (flag, value) in [("PIC Level", 2), ("PIE Level", 0)] {
        let value = word.const_int(value, false);
        module.add_basic_value_flag(flag, FlagBehavior::Override, value);
    }
    module
}

/// Whether clang compiled the source for no other processor than the oldest.
fn is_plain(source: &SourceModule, flags: &[String]) -> bool {
    let chooses = |flag: &String| flag.starts_with("-m") || flag.contains("target-");
    matches!(source.language, Language::C | Language::Cpp) && !flags.iter().any(chooses)
}

/// The module in the file `path`, verified and set up for the target's machine.
pub(crate) fn read<'s>(
    session: &'s Session,
    path: &str,
    content: &[u8],
    target: Target,
    machine: &TargetMachine,
) -> Result<Module<'s>, ModuleError> {
    let invalid = |message| ModuleError::Invalid {
        path: path.to_owned(),
        message,
    };
    let module = session.parse(content, path).map_err(invalid)?;
    let triple = module.get_triple();
    let triple = triple.as_str().to_string_lossy();
    let fits = triple.starts_with(target.arch()) && triple.contains("linux");
    if !(triple.is_empty() || fits) {
        return Err(ModuleError::WrongMachine {
            path: path.to_owned(),
            triple: triple.into_owned(),
            expected: target.triple(),
        });
    }
    module.set_triple(&TargetTriple::create(target.triple()));
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    module
        .verify()
        .map_err(|message| invalid(message.to_string().trim_end().to_owned()))?;
    for global in globals(&module) {
        // An escape that says "exactly this symbol"; no target adds anything to a symbol.
        if let Some(exact) = global.name().strip_prefix('\u{1}') {
            global.rename(exact);
        }
    }
    Ok(module)
}

/// A declaration that means a function of another package.
pub(crate) struct Resolved {
    /// As it was declared: `linalg::dot`.
    pub(crate) symbol: String,
    /// The type that it was declared with.
    pub(crate) shape: Shape,
    /// What it means.
    pub(crate) import: Import,
}

/// Gives imports their link names, and says which they are.
pub(crate) fn resolve_imports(
    module: &Module<'_>,
    path: &str,
    dependencies: Dependencies<'_>,
) -> Result<Vec<Resolved>, Error> {
    let mut resolved = Vec::new();
    let declared = globals(module)
        .into_iter()
        .filter(|g| g.kind() == Kind::Function);
    for function in declared.filter(|function| function.is_declaration()) {
        let Some(shape) = function.shape().filter(|_| !function.is_llvms_own()) else {
            continue;
        };
        let symbol = function.name();
        let Some(import) = dependencies.resolve(&symbol, &shape, path)? else {
            continue;
        };
        if function.is_called_otherwise() {
            let path = path.to_owned();
            return Err(Box::new(ImportError::CalledOtherwise { path, symbol }).into());
        }
        let link_name = import.link_name.to_string();
        for (index, parameter) in import.signature.parameters.iter().enumerate() {
            function.set_extension(Some(index), shape::extension(&parameter.ty));
        }
        if let Some(result) = &import.signature.result {
            function.set_extension(None, shape::extension(result));
        }
        function.set_linkage(LLVMLinkage::LLVMExternalLinkage);
        match named(module, &link_name).filter(|other| other.name() != symbol) {
            // `linalg::dot` and `linalg.v1::dot` in one source.
            Some(other) => {
                function.replace_with(other);
                function.delete();
            }
            None => function.rename(&link_name),
        }
        resolved.push(Resolved {
            symbol,
            shape,
            import,
        });
    }
    Ok(resolved)
}

fn named<'m>(module: &'m Module<'_>, name: &str) -> Option<Global<'m>> {
    module.get_function(name)?;
    globals(module)
        .into_iter()
        .find(|global| global.name() == name)
}

/// Lets inline functions be exported: the linker takes them along only if something refers to them.
fn keep_inline(module: &Module<'_>) {
    for global in globals(module) {
        match global.linkage() {
            LLVMLinkage::LLVMLinkOnceAnyLinkage => {
                global.set_linkage(LLVMLinkage::LLVMWeakAnyLinkage);
            }
            LLVMLinkage::LLVMLinkOnceODRLinkage => {
                global.set_linkage(LLVMLinkage::LLVMWeakODRLinkage);
            }
            _ => {}
        }
    }
}

/// Notes what a source's module defines.
fn define(
    module: &Module<'_>,
    source: &SourceModule,
    definitions: &mut Definitions,
) -> Result<(), ModuleError> {
    for global in globals(module) {
        if global.is_declaration() || global.is_llvms_own() {
            continue;
        }
        let symbol = global.name();
        let Some(shape) = global.shape() else {
            continue;
        };
        if matches!(
            global.linkage(),
            LLVMLinkage::LLVMInternalLinkage | LLVMLinkage::LLVMPrivateLinkage
        ) {
            definitions.local.insert(symbol);
            continue;
        }
        let strong = global.is_strong_definition();
        let listed = source
            .exports
            .as_ref()
            .is_none_or(|exports| exports.contains(&symbol));
        let earlier = definitions.visible.get(&symbol);
        if let Some(earlier) = earlier.filter(|earlier| earlier.strong) {
            if strong {
                return Err(ModuleError::DefinedTwice {
                    symbol,
                    first: earlier.path.clone(),
                    second: source.path.clone(),
                });
            }
            continue;
        }
        let behind = global.function().map(Global::name);
        definitions.visible.insert(
            symbol.clone(),
            Definition {
                path: source.path.clone(),
                shape,
                language: source.language,
                strong: strong && listed && !global.is_hidden(),
                alias_of: behind.filter(|behind| *behind != symbol),
            },
        );
    }
    Ok(())
}
