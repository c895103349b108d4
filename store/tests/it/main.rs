//! Whole runs of the store: real objects, real linking, real loading.
//!
//! The objects come from `cc`, which linking Rust programs needs anyway.

#![expect(
    clippy::disallowed_methods,
    reason = "tests hand their children environment variables of their own"
)]

mod activating;
mod concurrency;
mod current;
mod damage;
mod environments;
mod exporting;
mod gc;
mod installing;
mod libraries;
mod linking;
mod modes;
mod space;
mod support;
