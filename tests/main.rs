//! Whole runs of the `puck` command: real sources, real compilers, real registries.

mod concurrent;
mod crash;
mod mistakes;
mod reproducible;
mod support;
mod without_llvm;
