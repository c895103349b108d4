//! Whole builds from LLVM IR, which needs no other compiler.

mod build;
mod faults;
mod inspect;
mod packages;
mod parts;
mod program;
mod project;
mod python;
mod signatures;
