//! Whole runs of the `puck` command: real sources, real compilers, real registries.

mod support;
