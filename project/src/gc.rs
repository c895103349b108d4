//! `puck gc`: removing from the store what nobody needs.

use std::time::Duration;

use puck_store::{Collected, GcOptions};

use crate::{Error, Machine, Progress};

/// What is kept that nobody needs, unless the user says otherwise.
pub const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Removes what no project and no process needs and that was not used for `max_age`; then, what was
/// used longest ago, until the store is no larger than `max_size` in bytes. Either is what the
/// user's settings say if it is not given. With `dry_run` nothing is removed.
///
/// # Errors
/// If it cannot be told what is needed; if something cannot be removed.
pub fn gc(
    machine: &Machine,
    max_age: Option<Duration>,
    max_size: Option<u64>,
    dry_run: bool,
    progress: &dyn Progress,
) -> Result<Collected, Error> {
    let config = &machine.settings().config;
    let registries = machine.registries(None)?;
    let configured_age = config.gc.max_age.as_ref().map(|age| age.value.0);
    let options = GcOptions {
        max_age: max_age.or(configured_age).unwrap_or(MAX_AGE),
        max_size: max_size.or(config.gc.max_size.as_ref().map(|size| size.value.0)),
        dry_run,
        registries: registries.names().into_iter().collect(),
    };
    progress.step("Looking at what is needed");
    let mut waiting = || progress.step("Waiting for others to finish installing");
    Ok(machine.store().gc(&options, &mut waiting)?)
}
