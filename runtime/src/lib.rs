//! Open an environment and call its functions.
//!
//! ```no_run
//! use puck_runtime::Environment;
//!
//! type Dot = unsafe extern "C" fn(u64, *const f64, *const f64) -> f64;
//!
//! let environment = Environment::open(".")?;
//! let dot = environment.function::<Dot>("linalg::dot")?;
//! let (x, y) = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]);
//! // SAFETY: both arrays have the length that is passed.
//! let sum = unsafe { dot(3, x.as_ptr(), y.as_ptr()) };
//! assert_eq!(sum, 32.0);
//! # Ok::<(), puck_runtime::Error>(())
//! ```
//!
//! The Rust type gives the signature, the signature is part of the symbol's name, and the dynamic
//! linker looks that up. Asking for another type than the function has is therefore an error that
//! shows both, never a call that goes wrong. What a type cannot say (how long an array must be)
//! remains the caller's promise, which is why calls are `unsafe`.
//!
//! | module | what |
//! |---|---|
//! | `environment`, `document` | the opened folder, and what it says of itself |
//! | `library`, `closure` | which library serves a package, and loading it with those that it needs |
//! | `lookup` | name and type → link name → address, and why not |
//! | `abi`, `function` | Rust types ↔ signatures |
//! | [`cpu`], `variant` | the processor's level, and the library variant that is loaded for it |
//! | `process` | one content per SONAME in a process |
//! | `host` | what packages use of the process, and refusing those that cannot have it |
//! | [`numba`] | packages of functions that Numba compiled |
//! | `share` | other files of packages |
//! | `linker`, `elf`, `file` | the dynamic linker, and a look at a file before it |
//!
//! Libraries are never unloaded: nothing that was found becomes invalid.
//!
//! # What is trusted
//!
//! The environment's folder: its libraries run in this process, from their constructors on. What
//! `puck install` checks (hashes, imports, types) is not checked again; that would cost more than
//! everything else here. Found at this point are files that are missing, cut short or for another
//! machine, and symbols that do not resolve.

mod abi;
mod closure;
pub mod cpu;
mod difference;
mod document;
mod elf;
mod environment;
mod error;
mod file;
mod function;
mod host;
mod library;
mod linker;
mod lookup;
pub mod numba;
mod process;
mod share;
mod variant;

pub use abi::{AbiPointee, AbiResult, AbiType};
pub use environment::Environment;
pub use error::Error;
pub use function::{Function, FunctionType};
pub use process::{Claim, Release};
#[doc(no_inline)]
pub use puck_package::{
    EnvironmentPackage, HostImport, Image, LinkMode, LinkName, PackageDocument, Pointee, Processor,
    Signature, Target, Type,
};
