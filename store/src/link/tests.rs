//! What comes out of the linker, read back with `object`.
