//! What must hold of the call graph.

use super::graph;
use super::way::Way;
use crate::findings::Measurement;
use crate::fit;
use crate::row::{Limit, Row, Unit};
use crate::sample::Sample;

/// The size that limits on values are for.
const LIMITS_AT: usize = 120;
/// The most that a figure of the package may be there: milliseconds or bytes.
const LIMITS: [((&str, Unit), f64); 6] = [
    (graph::BUILD, 11_000.0),
    (graph::DISK, 500_000.0),
    (graph::LOAD, 10.0),
    (graph::BUILD_MEMORY, 300e6),
    (graph::RUN_MEMORY, 150e6),
    (graph::CALLER, 25_000.0),
];
/// A caller loads in the time of any cached function, up to noise.
const CALLER_LOAD: f64 = 1.1;
/// Growth may be a little more than proportional in a fit over two sizes.
const GROWTH: f64 = 1.1;

/// Comparisons at each size, and growth.
pub(super) fn rows(values: &[Measurement], sizes: &[usize]) -> Vec<Row> {
    let mut rows = Vec::new();
    for &size in sizes {
        for (figure, limit) in LIMITS {
            let limit = (size == LIMITS_AT).then_some(Limit::Value(limit));
            rows.extend(row(values, size, figure, Way::Package, Way::Numba, limit));
            rows.extend(row(values, size, figure, Way::Package, Way::Numbox, None));
            rows.extend(row(values, size, figure, Way::DropIn, Way::Numba, None));
        }
        for puck in [Way::Package, Way::DropIn] {
            rows.extend(row(values, size, graph::CHANGE, puck, Way::Numbox, None));
        }
        rows.extend(caller_load(values, size));
    }
    rows.extend(growth(values));
    rows
}

fn sample<'a>(
    values: &'a [Measurement],
    size: usize,
    figure: (&str, Unit),
    way: &str,
) -> Option<&'a Sample> {
    let found = values
        .iter()
        .find(|one| one.size == Some(size) && one.figure == figure.0 && one.way == way);
    found.map(|one| &one.sample)
}

fn row(
    values: &[Measurement],
    size: usize,
    figure: (&str, Unit),
    puck: Way,
    plain: Way,
    limit: Option<Limit>,
) -> Option<Row> {
    Some(Row {
        what: format!("{}: {}", figure.0, puck.title()),
        group: group(size),
        unit: figure.1,
        puck: sample(values, size, figure, puck.title())?.clone(),
        plain: Some((
            sample(values, size, figure, plain.title())?.clone(),
            plain.title().to_owned(),
        )),
        limit,
    })
}

fn caller_load(values: &[Measurement], size: usize) -> Option<Row> {
    let of = |way| sample(values, size, graph::CALLER_LOAD, way).cloned();
    Some(Row {
        what: graph::CALLER_LOAD.0.to_owned(),
        group: group(size),
        unit: graph::CALLER_LOAD.1,
        puck: of(Way::Package.title())?,
        plain: Some((
            of(graph::TRIVIAL)?,
            "a cached function that calls nothing".to_owned(),
        )),
        limit: Some(Limit::Ratio(CALLER_LOAD)),
    })
}

fn group(size: usize) -> String {
    format!("{size} functions")
}

/// How fast the package's figures grow, beside Numba's.
fn growth(values: &[Measurement]) -> Vec<Row> {
    let exponent = |figure: &str, way: Way| {
        let points: Vec<(f64, f64)> = values
            .iter()
            .filter(|one| one.figure == figure && one.way == way.title())
            .filter_map(|one| Some((one.size? as f64, one.sample.median())))
            .collect();
        fit::exponent(&points)
    };
    let row = |(figure, _): (&str, Unit)| {
        let plain = exponent(figure, Way::Numba);
        Some(Row {
            what: figure.to_owned(),
            group: "Growth with N: exponents".into(),
            unit: Unit::Number,
            puck: Sample::exact(exponent(figure, Way::Package)?),
            plain: plain.map(|plain| (Sample::exact(plain), Way::Numba.title().to_owned())),
            limit: Some(Limit::Value(GROWTH)),
        })
    };
    [
        graph::BUILD,
        graph::DISK,
        graph::LOAD,
        graph::BUILD_MEMORY,
        graph::RUN_MEMORY,
    ]
    .into_iter()
    .filter_map(row)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(figure: (&str, Unit), way: &str, size: usize, value: f64) -> Measurement {
        Measurement {
            figure: figure.0.to_owned(),
            subject: graph::SUBJECT.to_owned(),
            way: way.to_owned(),
            size: Some(size),
            unit: figure.1,
            sample: Sample::exact(value),
        }
    }

    #[test]
    fn limits_are_for_the_larger_graph_and_the_package() {
        let (numba, puck) = (Way::Numba.title(), Way::Package.title());
        let values = [
            value(graph::DISK, numba, 60, 19e6),
            value(graph::DISK, puck, 60, 600_000.0),
            value(graph::DISK, numba, 120, 89e6),
            value(graph::DISK, puck, 120, 900_000.0),
            value(graph::CALLER_LOAD, puck, 120, 135.0),
            value(graph::CALLER_LOAD, graph::TRIVIAL, 120, 130.0),
        ];
        let judged: Vec<_> = rows(&values, &[60, 120])
            .iter()
            .map(|row| (row.what.clone(), row.group.clone(), row.holds()))
            .collect();
        let disk = "on disk: Puck, package".to_owned();
        assert_eq!(
            judged,
            [
                (disk.clone(), "60 functions".into(), None),
                (disk, "120 functions".into(), Some(false)),
                (
                    "load of the cached caller".into(),
                    "120 functions".into(),
                    Some(true)
                ),
                (
                    "on disk".into(),
                    "Growth with N: exponents".into(),
                    Some(true)
                ),
            ]
        );
    }
}
