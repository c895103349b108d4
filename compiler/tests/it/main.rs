//! Whole builds from LLVM IR, which needs no other compiler.

mod build;
mod faults;
mod inspect;
mod project;
mod signatures;
