//! What is measured, and what of it must hold.

mod build;
mod call;
mod memory;
mod open;
mod size;

use anyhow::Result;

use crate::row::Row;
use crate::settings::Settings;
use crate::subject::Subject;

/// Every measurement of a subject, in the order of the report.
pub(crate) fn all(settings: &Settings, subject: &Subject) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, measure) in [
        (
            "sizes",
            size::measure as fn(&Settings, &Subject) -> Result<Vec<Row>>,
        ),
        ("opening", open::measure),
        ("calls", call::measure),
        ("memory", memory::measure),
        ("builds", build::measure),
    ] {
        println!("  {what}");
        rows.extend(measure(settings, subject)?);
    }
    Ok(rows)
}
