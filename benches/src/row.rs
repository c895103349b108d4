//! One line of the table: Puck's value, the plain tools', and what must hold.

use crate::sample::Sample;

/// What a value is counted in, and how it is printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unit {
    Bytes,
    Count,
    /// An exponent or a quotient.
    Number,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Bytes => "bytes",
            Unit::Count | Unit::Number => "",
            Unit::Milliseconds => "ms",
            Unit::Microseconds => "µs",
            Unit::Nanoseconds => "ns",
        }
    }

    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Unit::Count => format!("{value:.0}"),
            Unit::Number => format!("{value:.2}"),
            Unit::Bytes if value.abs() >= 10_000_000.0 => format!("{:.1} MB", value / 1e6),
            Unit::Bytes if value.abs() >= 10_000.0 => format!("{:.1} kB", value / 1000.0),
            Unit::Bytes => format!("{value:.0} B"),
            Unit::Milliseconds if value >= 1000.0 => format!("{:.2} s", value / 1000.0),
            Unit::Nanoseconds if value < 10.0 => format!("{value:.2} ns"),
            Unit::Microseconds if value >= 10_000.0 => Unit::Milliseconds.show(value / 1000.0),
            unit => format!("{value:.1} {}", unit.name()),
        }
    }
}

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limit {
    /// Puck's value over the plain tools' is at most this.
    Ratio(f64),
    /// Puck's value is at most this.
    Value(f64),
    /// The others' value over Puck's is at least this.
    Factor(f64),
}

/// One measurement.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    /// What it is about: rows of one group stand together.
    pub(crate) group: String,
    pub(crate) unit: Unit,
    pub(crate) puck: Sample,
    /// What it is compared with, and what that is.
    pub(crate) plain: Option<(Sample, String)>,
    pub(crate) limit: Option<Limit>,
}

impl Row {
    /// Puck's median over the plain tools'.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.plain
            .as_ref()
            .map(|(plain, _)| self.puck.median() / plain.median())
    }

    /// Does the limit hold? `None` without one.
    pub(crate) fn holds(&self) -> Option<bool> {
        match self.limit? {
            Limit::Ratio(limit) => Some(self.ratio().is_some_and(|ratio| ratio <= limit)),
            Limit::Value(limit) => Some(self.puck.median() <= limit),
            Limit::Factor(limit) => Some(self.ratio().is_some_and(|ratio| ratio <= 1.0 / limit)),
        }
    }

    /// The limit in words.
    pub(crate) fn limit_text(&self) -> String {
        match self.limit {
            None => String::new(),
            Some(Limit::Ratio(limit)) => format!("≤ {limit:.2}"),
            Some(Limit::Factor(limit)) => format!("≤ 1/{limit:.0}"),
            Some(Limit::Value(limit)) => format!("≤ {}", self.unit.show(limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(puck: f64, plain: Option<f64>, limit: Option<Limit>) -> Row {
        Row {
            what: "size".into(),
            group: "1 function".into(),
            unit: Unit::Bytes,
            puck: Sample::exact(puck),
            plain: plain.map(|plain| (Sample::exact(plain), "clang".to_owned())),
            limit,
        }
    }

    #[test]
    fn limits_are_on_the_ratio_or_the_value() {
        let cases = [
            (row(11.0, Some(10.0), Some(Limit::Ratio(1.1))), Some(true)),
            (row(12.0, Some(10.0), Some(Limit::Ratio(1.1))), Some(false)),
            (row(12.0, None, Some(Limit::Ratio(1.1))), Some(false)),
            (row(12.0, None, Some(Limit::Value(12.0))), Some(true)),
            (row(1.0, Some(50.0), Some(Limit::Factor(50.0))), Some(true)),
            (row(1.0, Some(49.0), Some(Limit::Factor(50.0))), Some(false)),
            (row(12.0, Some(10.0), None), None),
        ];
        for (row, expected) in cases {
            assert_eq!(row.holds(), expected, "{row:?}");
        }
    }

    #[test]
    fn values_are_readable() {
        let cases = [
            (Unit::Bytes, 999.0, "999 B"),
            (Unit::Bytes, 34_567.0, "34.6 kB"),
            (Unit::Bytes, 34_567_000.0, "34.6 MB"),
            (Unit::Nanoseconds, 1.234, "1.23 ns"),
            (Unit::Number, 1.04, "1.04"),
            (Unit::Milliseconds, 12.34, "12.3 ms"),
            (Unit::Milliseconds, 2345.0, "2.35 s"),
            (Unit::Microseconds, 12.0, "12.0 µs"),
            (Unit::Microseconds, 2e6, "2.00 s"),
        ];
        for (unit, value, expected) in cases {
            assert_eq!(unit.show(value), expected);
        }
    }
}
