//! The results: tables for the terminal, JSON for programs, a page for the documentation.

pub(crate) mod json;
pub(crate) mod page;
pub(crate) mod pivot;
pub(crate) mod text;

use crate::row::{Row, Unit};
use crate::sample::Sample;

/// The median, and the quartiles if there are several values.
fn spread(unit: Unit, sample: &Sample) -> String {
    let median = unit.show(sample.median());
    if sample.count() == 1 {
        return median;
    }
    let (low, high) = sample.quartiles();
    format!("{median} [{}, {}]", unit.show(low), unit.show(high))
}

fn ratio(row: &Row) -> String {
    match row.ratio() {
        None => String::new(),
        // A ratio like 1/50 needs more digits than one like 1.02.
        Some(ratio) if ratio < 0.1 => format!("{ratio:.4}"),
        Some(ratio) => format!("{ratio:.2}"),
    }
}

fn verdict(row: &Row) -> &'static str {
    match row.holds() {
        Some(true) => "holds",
        Some(false) => "MISSED",
        None => "",
    }
}
