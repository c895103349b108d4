//! A figure as a table: a line for each way of each subject over the sizes, or a line for each subject
//! over the ways.

use crate::findings::{Findings, Measurement, distinct};
use crate::fit;

/// Words in columns; the first line is the head.
pub(super) type Lines = Vec<Vec<String>>;

/// The values of a figure, shown by `show`.
pub(super) fn of(
    findings: &Findings,
    figure: &str,
    show: impl Fn(&Measurement) -> String,
) -> Lines {
    let all: Vec<&Measurement> = findings.of(figure).collect();
    if all.iter().any(|one| one.size.is_some()) {
        over_sizes(&all, show)
    } else {
        over_ways(&all, show)
    }
}

fn over_sizes(all: &[&Measurement], show: impl Fn(&Measurement) -> String) -> Lines {
    let sizes = sizes(all);
    let mut head = vec![String::new(), String::new()];
    head.extend(sizes.iter().map(|size| format!("N = {size}")));
    head.push("exponent".to_owned());
    let mut lines = vec![head];
    for (subject, way) in distinct(all.iter().map(|one| (&*one.subject, &*one.way))) {
        let of_line = || {
            all.iter()
                .filter(move |one| one.subject == subject && one.way == way)
        };
        let mut line = vec![subject.to_owned(), way.to_owned()];
        for &size in &sizes {
            let cell = of_line().find(|one| one.size == Some(size));
            line.push(cell.map_or_else(String::new, |one| show(one)));
        }
        line.push(growth(of_line().copied()).map_or_else(String::new, |e| format!("{e:.2}")));
        lines.push(line);
    }
    lines
}

fn over_ways(all: &[&Measurement], show: impl Fn(&Measurement) -> String) -> Lines {
    let ways = distinct(all.iter().map(|one| &*one.way));
    let mut head = vec![String::new()];
    head.extend(ways.iter().map(|&way| way.to_owned()));
    let mut lines = vec![head];
    for subject in distinct(all.iter().map(|one| &*one.subject)) {
        let mut line = vec![subject.to_owned()];
        for way in &ways {
            let cell = all
                .iter()
                .find(|one| one.subject == subject && one.way == *way);
            line.push(cell.map_or_else(String::new, |one| show(one)));
        }
        lines.push(line);
    }
    lines
}

fn sizes(all: &[&Measurement]) -> Vec<usize> {
    let mut sizes = distinct(all.iter().filter_map(|one| one.size));
    sizes.sort_unstable();
    sizes
}

/// The exponent of the growth of these values with their sizes.
pub(crate) fn growth<'a>(values: impl Iterator<Item = &'a Measurement>) -> Option<f64> {
    let points: Vec<(f64, f64)> = values
        .filter_map(|one| Some((one.size? as f64, one.sample.median())))
        .collect();
    fit::exponent(&points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Unit;
    use crate::sample::Sample;

    fn show(one: &Measurement) -> String {
        one.unit.show(one.sample.median())
    }

    #[test]
    fn sizes_are_columns_and_growth_is_fitted() {
        let mut findings = Findings::default();
        for (way, size, bytes) in [
            ("image", 120, 200.0),
            ("image", 60, 100.0),
            ("hand", 60, 90.0),
        ] {
            let sample = Sample::exact(bytes);
            findings.add("disk", "one package", way, Unit::Bytes, sample);
            findings.measurements.last_mut().unwrap().size = Some(size);
        }
        assert_eq!(
            of(&findings, "disk", show),
            [
                ["", "", "N = 60", "N = 120", "exponent"],
                ["one package", "image", "100 B", "200 B", "1.00"],
                ["one package", "hand", "90 B", "", ""],
            ]
        );
    }

    #[test]
    fn without_sizes_ways_are_columns() {
        let mut findings = Findings::default();
        for (subject, way) in [("trivial", "direct"), ("loop", "image"), ("loop", "direct")] {
            findings.add("call", subject, way, Unit::Nanoseconds, Sample::exact(1.0));
        }
        assert_eq!(
            of(&findings, "call", show),
            [
                ["", "direct", "image"],
                ["trivial", "1.00 ns", ""],
                ["loop", "1.00 ns", "1.00 ns"],
            ]
        );
    }
}
