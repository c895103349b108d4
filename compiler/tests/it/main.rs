//! Whole builds from LLVM IR, which needs no other compiler.

mod build;
mod faults;
mod inspect;
mod packages;
mod program;
mod project;
mod signatures;
