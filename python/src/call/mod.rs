//! Calls of packages' functions with Python's values.
//!
//! The types of Numba functions are those of [`puck_package::portable`].
//!
//! | module | what |
//! |---|---|
//! | `function` | an object that is called: one function, all its overloads |
//! | `overload` | one of them: names and types of its parameters, its address |
//! | `parameter` | what a parameter takes |
//! | `pass` | a value as the words that are passed |
//! | `prepared` | a call that is ready to be made |
//! | `outcome` | what comes back, as a value |
//! | `array`, `scalar` | Python's arrays and numbers |
//! | `owned` | arrays that functions made |
//! | `machine` | the calling convention |

mod array;
mod function;
mod machine;
mod outcome;
mod overload;
mod owned;
mod parameter;
mod pass;
mod prepared;
mod scalar;

pub(crate) use function::Function;
pub(crate) use overload::Overload;
