//! From sources to one LLVM module to relocatable objects.
//!
//! The only crate that knows LLVM. [`build`] takes a manifest, the folder it stands in and the
//! documents of the direct dependencies, and gives what an archive is made of:
//!
//! | module | from | to |
//! |---|---|---|
//! | `source` | C, C++, Rust, Python, LLVM IR | one bitcode module a source file, signatures in DWARF or in a description |
//! | `module` | those | one verified module: exports and imports under link names, all else internal |
//! | `codegen` | that | one object a target, compiled in parallel |
//! | `system` | the objects' undefined symbols | the libraries and versions that provide them |
//! | `cache` | all of it | the same without the work, where nothing changed |
//!
//! An archive's IR is compiled again on the machine that runs it:
//!
//! | module | from | to |
//! |---|---|---|
//! | `specialize` | packages' IR | one object a package, for exactly one processor |
//! | `program` | the IR of all packages of an environment | one program: inlined across packages, what nothing needs dropped |
//!
//! Programs that call installed functions are compiled while they run:
//!
//! | module | from | to |
//! |---|---|---|
//! | `caller` | IR that declares installed functions | an object that calls them by link name |
//! | `bodies` | packages' IR | the bodies of small functions, to be inlined into callers |
//!
//! The crate knows no store and no registry: dependencies are values, and where the cache lies is
//! an argument.

mod bodies;
mod build;
mod cache;
mod caller;
mod code;
mod codegen;
mod disassemble;
mod error;
mod files;
mod llvm;
mod module;
mod parallel;
mod processor;
mod program;
mod record;
mod request;
mod source;
mod specialize;
mod system;
mod temporary;

pub use bodies::{Bodies, IrSource};
pub use build::build;
pub use caller::{
    CALLER_FORMAT, Callee, Caller, CallerError, CallerRequest, Inlined, callee, caller,
};
pub use code::{Code, CodeOptions, Ir};
pub use codegen::{CodegenError, llvm_version};
pub use disassemble::{disassemble, ir_text};
pub use error::Error;
pub use inkwell;
pub use module::{ExportError, ImportError, ModuleError, Shape};
pub use processor::{host_tuning, identity};
pub use program::program;
pub use request::{BuildRequest, Built, Progress};
pub use source::{SourceError, cargo_manifest};
pub use specialize::specialize;
pub use system::SystemError;
pub use temporary::sweep;

// The integration tests' packages serve unit tests too.
#[cfg(test)]
extern crate self as puck_compiler;
