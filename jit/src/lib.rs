//! JIT callers: LLVM IR that only declares installed functions, compiled and bound at run time.
//!
//! ```no_run
//! use puck_jit::Jit;
//! use puck_runtime::Environment;
//!
//! type Norm = unsafe extern "C" fn(u64, *const f64) -> f64;
//!
//! let environment = Environment::open(".")?;
//! let jit = Jit::new(&environment).inline(true).cache("target/callers").build()?;
//! let module = jit.compile(
//!     r#"
//!     declare double @"linalg::dot"(i64, ptr, ptr)
//!     declare double @sqrt(double)
//!
//!     define double @norm(i64 %n, ptr %x) {
//!       %squared = call double @"linalg::dot"(i64 %n, ptr %x, ptr %x)
//!       %norm = call double @sqrt(double %squared)
//!       ret double %norm
//!     }
//!     "#,
//! )?;
//! let norm = module.function::<Norm>("norm")?;
//! let x = [3.0, 4.0];
//! // SAFETY: the array has the length that is passed.
//! assert_eq!(unsafe { norm(2, x.as_ptr()) }, 5.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A caller becomes a small shared library that needs the packages' libraries, as an installed
//! package does: the dynamic linker binds it, in every link mode of the environment, and debuggers
//! and profilers see it as they see others. No code of a callee is in it but what was inlined.
//!
//! | module | what |
//! |---|---|
//! | `jit`, `builder` | compiling: from a source to a loaded module |
//! | `source` | IR as text, bitcode, or a module of `inkwell` |
//! | `module` | a loaded caller: its functions, by name and type |
//! | `library` | from an object to a library, and having it loaded |
//! | `cache` | libraries kept for later runs, with what they depend on |
//! | `folder` | where they lie otherwise |
//!
//! Modules are never unloaded: nothing that was found becomes invalid.

mod builder;
mod cache;
mod error;
mod folder;
mod jit;
mod library;
mod module;
mod source;

pub use builder::JitBuilder;
pub use error::Error;
pub use jit::Jit;
pub use module::{JitModule, Origin};
/// LLVM's interface, of the version that modules must be made with.
pub use puck_compiler::inkwell;
#[doc(no_inline)]
pub use puck_package::{Digest, Processor, Signature};
pub use source::Source;
