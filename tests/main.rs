//! Whole runs of the `puck` command: real sources, real compilers, real registries.

mod bad_archive;
mod bad_call;
mod bad_lockfile;
mod bad_manifest;
mod bad_registry;
mod bad_source;
mod build;
mod concurrent;
mod crash;
mod damage;
mod environment;
mod help;
mod inspect;
mod install;
mod lock;
mod mistakes;
mod new;
mod publish;
mod reproducible;
mod run;
mod search;
mod space;
mod support;
mod without_llvm;
