//! What must hold of call graphs.

use super::division::Division;
use super::measure::{Figure, Value};
use super::source::Language;
use super::way::{Mode, Way};
use crate::findings::distinct;
use crate::fit;
use crate::row::{Limit, Row, Unit};
use crate::sample::Sample;

/// Growth may be a little more than proportional in a fit over three sizes.
const GROWTH: f64 = 1.1;
/// At how many functions embedding takes so much more room.
const EMBEDDING_AT: usize = 120;
/// From how many functions on opening an image is held against opening one library.
const IMAGE_AT: usize = 1000;

/// All comparisons, by language and size, and the growth of every figure.
pub(super) fn rows(values: &[Value]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (language, functions) in distinct(values.iter().map(|one| (one.language, one.functions))) {
        let graph = One {
            values,
            language,
            functions,
        };
        rows.extend(graph.rows());
    }
    rows.extend(growth(values));
    rows
}

/// The values of one graph.
struct One<'a> {
    values: &'a [Value],
    language: Language,
    functions: usize,
}

impl One<'_> {
    fn rows(&self) -> Vec<Row> {
        let [dynamic, image] = [Mode::Dynamic, Mode::Image].map(Way::Puck);
        let one_library = (Way::Hand, Division::One);
        let mut rows = Vec::new();
        for division in Division::ALL {
            let by_hand = (Way::Hand, division);
            for (figure, limit) in [(Figure::Libraries, 1.15), (Figure::Open, 1.2)] {
                rows.extend(self.row(figure, (dynamic, division), by_hand, Limit::Ratio(limit)));
            }
        }
        let build = (dynamic, Division::One);
        rows.extend(self.row(Figure::Build, build, one_library, Limit::Ratio(1.3)));
        for division in Division::ALL {
            let puck = |way| (way, division);
            if self.functions >= IMAGE_AT {
                // However many packages there are, one library is opened.
                let limit = Limit::Ratio(1.2);
                rows.extend(self.row(Figure::Open, puck(image), one_library, limit));
            }
            if self.functions == EMBEDDING_AT {
                let embedded = (Way::Embedded, Division::Function);
                let limit = Limit::Factor(50.0);
                rows.extend(self.row(Figure::Libraries, puck(dynamic), embedded, limit));
            }
        }
        rows
    }

    fn row(
        &self,
        figure: Figure,
        puck: (Way, Division),
        other: (Way, Division),
        limit: Limit,
    ) -> Option<Row> {
        let against = match other {
            (Way::Hand, Division::One) if puck.1 != Division::One => "one library linked by hand",
            (way, _) => way.title(),
        };
        Some(Row {
            what: format!("{}: {}, {}", figure.title(), puck.0.title(), puck.1.title()),
            group: format!("{} functions in {}", self.functions, self.language.title()),
            unit: figure.unit(),
            puck: self.sample(figure, puck)?.clone(),
            plain: Some((self.sample(figure, other)?.clone(), against.to_owned())),
            limit: Some(limit),
        })
    }

    fn sample(&self, figure: Figure, (way, division): (Way, Division)) -> Option<&Sample> {
        let found = self.values.iter().find(|one| {
            one.language == self.language
                && one.functions == self.functions
                && (one.figure, one.way, one.division) == (figure, way, division)
        });
        found.map(|one| &one.sample)
    }
}

/// For each figure, the steepest growth of all of Puck's, which that is, and how steep it is by hand.
fn growth(values: &[Value]) -> Vec<Row> {
    let row = |figure: Figure| {
        let exponent = |line: Line| {
            let points: Vec<(f64, f64)> = values
                .iter()
                .filter(|one| one.figure == figure && Line::of(one) == line)
                .map(|one| (one.functions as f64, one.sample.median()))
                .collect();
            fit::exponent(&points)
        };
        let (steepest, line) = distinct(values.iter().map(Line::of))
            .into_iter()
            .filter(|line| matches!(line.way, Way::Puck(_)))
            .filter_map(|line| Some((exponent(line)?, line)))
            .max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        let by_hand = Line {
            way: Way::Hand,
            ..line
        };
        Some(Row {
            what: format!(
                "{}, steepest: {}, {}, {}",
                figure.title(),
                line.way.title(),
                line.language.title(),
                line.division.title()
            ),
            group: "Growth with N: exponents".into(),
            unit: Unit::Number,
            puck: Sample::exact(steepest),
            plain: exponent(by_hand)
                .map(|exponent| (Sample::exact(exponent), Way::Hand.title().to_owned())),
            limit: Some(Limit::Value(GROWTH)),
        })
    };
    Figure::ALL.into_iter().filter_map(row).collect()
}

/// What is the same in all values of a line of a plot.
#[derive(Clone, Copy, PartialEq)]
struct Line {
    language: Language,
    division: Division,
    way: Way,
}

impl Line {
    fn of(value: &Value) -> Line {
        Line {
            language: value.language,
            division: value.division,
            way: value.way,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(figure: Figure, way: Way, division: Division, functions: usize, value: f64) -> Value {
        Value {
            figure,
            language: Language::C,
            way,
            division,
            functions,
            sample: Sample::exact(value),
        }
    }

    #[test]
    fn targets_are_held_against_what_they_name() {
        let (dynamic, image) = (Way::Puck(Mode::Dynamic), Way::Puck(Mode::Image));
        let (one, each) = (Division::One, Division::Function);
        let values = [
            value(Figure::Libraries, Way::Hand, one, 120, 100.0),
            value(Figure::Libraries, dynamic, one, 120, 110.0),
            value(Figure::Libraries, Way::Embedded, each, 120, 5000.0),
            value(Figure::Open, Way::Hand, one, 1000, 10.0),
            value(Figure::Open, image, each, 1000, 13.0),
            value(Figure::Libraries, dynamic, one, 1000, 11_000.0),
        ];
        let judged: Vec<(String, Option<bool>)> = rows(&values)
            .iter()
            .map(|row| (row.what.clone(), row.holds()))
            .collect();
        let expected = [
            ("installed libraries: Puck, dynamic, one package", true),
            // 110 is more than a fiftieth of 5000.
            ("installed libraries: Puck, dynamic, one package", false),
            (
                "open and call once, in a new process: Puck, image, a package a function",
                false,
            ),
            (
                "installed libraries, steepest: Puck, dynamic, C, one package",
                false,
            ),
        ];
        let expected = expected.map(|(what, holds)| (what.to_owned(), Some(holds)));
        assert_eq!(judged, expected);
    }
}
