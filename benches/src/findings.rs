//! What a suite found: measured values, what of them must hold, and what to know about them.

use crate::row::{Row, Unit};
use crate::sample::Sample;

/// Everything that a suite measured.
///
/// The report makes a table and a plot of each figure: where sizes are given, a line for each way
/// over them, with the fitted exponent of its growth; else a bar for each way.
#[derive(Default)]
pub(crate) struct Findings {
    /// What was measured and how, in the words of the page.
    pub(crate) about: String,
    pub(crate) measurements: Vec<Measurement>,
    /// Comparisons, most of which have a limit.
    pub(crate) rows: Vec<Row>,
    /// What the reader must know of single values: what was left out, and why.
    pub(crate) notes: Vec<String>,
}

/// One value of one figure: what was measured, in which way, at which size.
#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    /// What is told, such as `a call` or `bytes on disk`: a table and a plot each.
    pub(crate) figure: String,
    /// What it is told of, such as `trivial callee`: a row of bars, or a panel of lines.
    pub(crate) subject: String,
    /// How it was done, such as `image`: a bar, or a line.
    pub(crate) way: String,
    /// How large the subject was, where that was varied.
    pub(crate) size: Option<usize>,
    pub(crate) unit: Unit,
    pub(crate) sample: Sample,
}

impl Findings {
    /// Adds a value of something that has one size.
    pub(crate) fn add(
        &mut self,
        figure: &str,
        subject: &str,
        way: &str,
        unit: Unit,
        sample: Sample,
    ) {
        self.measurements.push(Measurement {
            figure: figure.to_owned(),
            subject: subject.to_owned(),
            way: way.to_owned(),
            size: None,
            unit,
            sample,
        });
    }

    /// The figures, in the order in which they were added first.
    pub(crate) fn figures(&self) -> Vec<&str> {
        distinct(self.measurements.iter().map(|one| &*one.figure))
    }

    /// The values of a figure.
    pub(crate) fn of<'a>(&'a self, figure: &'a str) -> impl Iterator<Item = &'a Measurement> {
        self.measurements
            .iter()
            .filter(move |one| one.figure == figure)
    }
}

/// Each value once, in the order of its first appearance.
pub(crate) fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut all = Vec::new();
    for value in values {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_their_order() {
        let mut findings = Findings::default();
        for (figure, way) in [("b", "x"), ("a", "x"), ("b", "y")] {
            findings.add(figure, "s", way, Unit::Bytes, Sample::exact(1.0));
        }
        assert_eq!(findings.figures(), ["b", "a"]);
        assert_eq!(findings.of("b").count(), 2);
    }
}
