//! A panel for each subject, a line for each way over the sizes, on logarithmic axes.

use super::axis::Log;
use super::colour;
use super::svg::{Anchor, Svg};
use crate::findings::{Measurement, distinct};
use crate::report::pivot::growth;

const PANEL: (f64, f64) = (300.0, 250.0);
const LEFT: f64 = 62.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 34.0;
const LEGEND_LINE: f64 = 15.0;

/// The plot, if there is anything positive to draw.
pub(super) fn draw(figure: &str, all: &[&Measurement]) -> Option<String> {
    let subjects = distinct(all.iter().map(|one| &*one.subject));
    let ways = distinct(all.iter().map(|one| &*one.way));
    let columns = subjects.len().min(3);
    let rows = subjects.len().div_ceil(columns.max(1));
    let height = PANEL.1 + LEGEND_LINE * ways.len() as f64;
    let mut svg = Svg::new(PANEL.0 * columns as f64, 24.0 + height * rows as f64);
    svg.bold((8.0, 16.0), Anchor::Start, figure);
    // The same scale in all panels, so that they can be compared.
    let value_axis = |top: f64| {
        let values = all.iter().map(|one| one.sample.median());
        Log::new(values, top + PANEL.1 - BOTTOM, top + TOP)
    };
    for (number, subject) in subjects.iter().enumerate() {
        let left = PANEL.0 * (number % columns) as f64;
        let top = 16.0 + height * (number / columns) as f64;
        let sizes = all.iter().filter_map(|one| one.size);
        let x = Log::new(
            sizes.map(|size| size as f64),
            left + LEFT,
            left + PANEL.0 - 12.0,
        )?;
        let y = value_axis(top)?;
        let of_panel: Vec<&Measurement> = all
            .iter()
            .filter(|one| one.subject == *subject)
            .copied()
            .collect();
        frame(&mut svg, (left, top), &x, &y, all);
        svg.text((left + LEFT, top + TOP - 8.0), Anchor::Start, subject);
        let mut legend = top + PANEL.1 + 8.0;
        for (way, name) in ways.iter().enumerate() {
            let line: Vec<&Measurement> = of_panel
                .iter()
                .filter(|one| one.way == *name)
                .copied()
                .collect();
            let points = points(&line, &x, &y);
            if points.is_empty() {
                continue;
            }
            svg.curve(&points, colour(way));
            let label = growth(line.iter().copied())
                .map_or_else(|| (*name).to_owned(), |e| format!("{name}: N^{e:.2}"));
            let start = (left + LEFT, legend - 4.0);
            svg.curve(&[start, (start.0 + 18.0, start.1)], colour(way));
            svg.text((start.0 + 24.0, legend), Anchor::Start, &label);
            legend += LEGEND_LINE;
        }
    }
    Some(svg.finish(figure))
}

/// Where the values of a line are, by size; there is no place for what is not positive.
fn points(line: &[&Measurement], x: &Log, y: &Log) -> Vec<(f64, f64)> {
    let mut values: Vec<(usize, f64)> = line
        .iter()
        .filter_map(|one| Some((one.size?, one.sample.median())))
        .filter(|(_, value)| *value > 0.0)
        .collect();
    values.sort_unstable_by_key(|(size, _)| *size);
    values
        .into_iter()
        .map(|(size, value)| (x.place(size as f64), y.place(value)))
        .collect()
}

/// Grid and labels: the sizes that were measured, and round values.
fn frame(svg: &mut Svg, corner: (f64, f64), x: &Log, y: &Log, all: &[&Measurement]) {
    const GRID: &str = "#dddddd";
    let (left, right) = (corner.0 + LEFT, corner.0 + PANEL.0 - 12.0);
    let (top, bottom) = (corner.1 + TOP, corner.1 + PANEL.1 - BOTTOM);
    for value in y.ticks() {
        let place = y.place(value);
        svg.line((left, place), (right, place), GRID);
        let label = all
            .first()
            .map_or_else(String::new, |one| one.unit.show(value).replace(".0 ", " "));
        svg.text((left - 5.0, place + 4.0), Anchor::End, &label);
    }
    for size in distinct(all.iter().filter_map(|one| one.size)) {
        let place = x.place(size as f64);
        svg.line((place, top), (place, bottom), GRID);
        svg.text((place, bottom + 14.0), Anchor::Middle, &size.to_string());
    }
    svg.line((left, top), (left, bottom), "#000000");
    svg.line((left, bottom), (right, bottom), "#000000");
    svg.text(
        ((left + right) / 2.0, bottom + 28.0),
        Anchor::Middle,
        "functions",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::svg::tests::assert_well_formed;
    use crate::row::Unit;
    use crate::sample::Sample;

    fn measurement(subject: &str, way: &str, size: usize, value: f64) -> Measurement {
        Measurement {
            figure: "disk".into(),
            subject: subject.into(),
            way: way.into(),
            size: Some(size),
            unit: Unit::Bytes,
            sample: Sample::exact(value),
        }
    }

    #[test]
    fn every_line_is_drawn_with_its_exponent() {
        let all: Vec<Measurement> = ["a & b", "c", "d", "e"]
            .iter()
            .flat_map(|subject| {
                [
                    measurement(subject, "hand", 60, 100.0),
                    measurement(subject, "hand", 120, 400.0),
                    measurement(subject, "image", 60, 0.0),
                ]
            })
            .collect();
        let svg = draw("disk < all", &all.iter().collect::<Vec<_>>()).unwrap();
        assert_well_formed(&svg);
        // Each line, and its sample in the legend; there is none for what is not positive.
        assert_eq!(svg.matches("<polyline").count(), 8);
        assert_eq!(svg.matches("hand: N^2.00").count(), 4);
        assert_eq!(svg.matches("a &amp; b").count(), 1);
    }

    #[test]
    fn nothing_is_not_drawn() {
        let all = [measurement("a", "hand", 60, 0.0)];
        assert!(draw("disk", &all.iter().collect::<Vec<_>>()).is_none());
    }
}
