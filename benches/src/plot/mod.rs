//! Plots of figures, as SVG text: lines over sizes on logarithmic axes, or bars for ways.
//!
//! Written by ourselves, since rectangles, lines and words are all that is needed: [`svg`] writes
//! elements, [`axis`] finds ticks, [`lines`] and [`bars`] draw.

mod axis;
mod bars;
mod lines;
mod svg;

use crate::findings::Findings;

/// The plot of a figure; `None` where there is nothing to draw.
pub(crate) fn of(findings: &Findings, figure: &str) -> Option<String> {
    let all: Vec<_> = findings.of(figure).collect();
    if all.iter().any(|one| one.size.is_some()) {
        lines::draw(figure, &all)
    } else {
        bars::draw(figure, &all)
    }
}

/// Colours that differ for people with any kind of sight (Okabe and Ito), for ways in their order.
const COLOURS: [&str; 8] = [
    "#000000", "#0072b2", "#009e73", "#cc79a7", "#d55e00", "#e69f00", "#56b4e9", "#7f7f7f",
];

fn colour(way: usize) -> &'static str {
    COLOURS[way % COLOURS.len()]
}
