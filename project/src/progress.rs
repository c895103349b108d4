//! What a long operation says while it runs.

use crate::{Choice, Origin};

/// Told what is being done. Methods may be called from several threads at once.
pub trait Progress: Sync {
    /// A step begins: `Compiling src/dot.c`, `Fetching linalg 1.2.0`.
    fn step(&self, what: &str);
    /// Something that stops nothing, but that the user should see.
    fn warning(&self, message: &str);
}

/// Ignores everything.
impl Progress for () {
    fn step(&self, _: &str) {}
    fn warning(&self, _: &str) {}
}

/// What an operation must not do, each with what asked for that; and how it chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// The lockfile must not change.
    pub locked: Option<&'static str>,
    /// Nothing but this machine is to be asked.
    pub offline: Option<Origin>,
    /// How versions are chosen that are not locked.
    pub choice: Choice,
}
