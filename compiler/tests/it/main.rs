//! Whole builds from LLVM IR, which needs no other compiler.

#![expect(missing_docs, reason = "a test")]

mod build;
mod faults;
mod inspect;
mod project;
