//! Callers of packages that are built and installed as `puck install` does it.
//!
//! One binary, as LLVM is in it. A process has one content for each SONAME: tests name their
//! packages differently, and what needs a new process is done in a `child`.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests talk to their children by variables and standard output"
)]

mod caching;
mod calls;
mod child;
mod debugger;
mod errors;
mod example;
mod fixture;
mod inlining;
mod modes;
mod temporary;
