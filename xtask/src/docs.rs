//! The API documentation, with every warning an error.

use anyhow::Result;

use crate::workspace::cargo;
use crate::{no_arguments, setup, steps};

/// The verb.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    no_arguments("docs", arguments)?;
    setup::ensure()?;
    steps::step("API documentation", || {
        steps::run(
            cargo()
                .args(["doc", "--workspace", "--no-deps"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    })
}
