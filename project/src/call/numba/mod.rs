//! Functions that Numba compiled, called as those who wrote them know them.
//!
//! What is called is the view for C: it takes a place for the result and one for the exception before the
//! function's own parameters, structures by pointer, and returns a status. `numba.json` says of which
//! types, which are those of [`puck_package::portable`].
//!
//! | module | what |
//! |---|---|
//! | `described` | what a package says of its functions |
//! | `structure` | arguments that are passed by pointer |
//! | `memory` | what a function left in memory |
//! | `data` | that for people and as JSON |

mod data;
mod described;
mod memory;
mod structure;

pub use data::Data;
pub use described::Described;
pub use memory::Raised;

pub(super) use described::Prototype;
pub(super) use memory::returned;
pub(super) use structure::Structure;
