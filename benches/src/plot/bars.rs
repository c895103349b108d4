//! A group of bars for each subject, a bar for each way, from zero.

use super::colour;
use super::svg::{Anchor, Svg};
use crate::findings::{Measurement, distinct};

const WIDTH: f64 = 760.0;
/// Room for the names of ways, and for values.
const LEFT: f64 = 190.0;
const RIGHT: f64 = 90.0;
const BAR: f64 = 14.0;
const GAP: f64 = 26.0;

/// The plot, if there is anything positive to draw. Each subject has a scale of its own: its longest bar
/// fills the width.
pub(super) fn draw(figure: &str, all: &[&Measurement]) -> Option<String> {
    if all.iter().all(|one| one.sample.median() <= 0.0) {
        return None;
    }
    let subjects = distinct(all.iter().map(|one| &*one.subject));
    let ways = distinct(all.iter().map(|one| &*one.way));
    let height = 28.0 + BAR * all.len() as f64 + GAP * subjects.len() as f64;
    let mut svg = Svg::new(WIDTH, height);
    svg.bold((8.0, 16.0), Anchor::Start, figure);
    let mut y = 28.0;
    for subject in subjects {
        let bars: Vec<_> = all.iter().filter(|one| one.subject == subject).collect();
        let longest = bars
            .iter()
            .map(|one| one.sample.median())
            .fold(f64::MIN_POSITIVE, f64::max);
        svg.bold((LEFT, y + 12.0), Anchor::Start, subject);
        y += GAP - 8.0;
        for one in bars {
            let value = one.sample.median();
            let length = (value / longest).max(0.0) * (WIDTH - LEFT - RIGHT);
            let way = ways.iter().position(|way| *way == one.way).unwrap_or(0);
            let shown = one.unit.show(value);
            svg.text((LEFT - 6.0, y + BAR - 4.0), Anchor::End, &one.way);
            let about = format!("{subject}, {}: {shown}", one.way);
            svg.bar((LEFT, y), (length, BAR - 3.0), colour(way), &about);
            whisker(&mut svg, one, y, longest);
            svg.text((WIDTH - RIGHT + 8.0, y + BAR - 4.0), Anchor::Start, &shown);
            y += BAR;
        }
        y += 8.0;
    }
    Some(svg.finish(figure))
}

/// The middle half of the values, as a thin line.
fn whisker(svg: &mut Svg, one: &Measurement, y: f64, longest: f64) {
    if one.sample.count() < 2 {
        return;
    }
    let place = |value: f64| LEFT + (value / longest).clamp(0.0, 1.05) * (WIDTH - LEFT - RIGHT);
    let (low, high) = one.sample.quartiles();
    let middle = y + (BAR - 3.0) / 2.0;
    svg.line((place(low), middle), (place(high), middle), "#999999");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::svg::tests::assert_well_formed;
    use crate::row::Unit;
    use crate::sample::Sample;

    fn measurement(subject: &str, way: &str, values: &[f64]) -> Measurement {
        Measurement {
            figure: "a call".into(),
            subject: subject.into(),
            way: way.into(),
            size: None,
            unit: Unit::Nanoseconds,
            sample: Sample::new(values.to_vec()),
        }
    }

    #[test]
    fn every_value_has_a_bar() {
        let all = [
            measurement("trivial", "direct <1>", &[1.0, 2.0, 3.0]),
            measurement("trivial", "image", &[4.0]),
            measurement("loop", "image", &[400.0]),
        ];
        let svg = draw("a call", &all.iter().collect::<Vec<_>>()).unwrap();
        assert_well_formed(&svg);
        // One more is the ground.
        assert_eq!(svg.matches("<rect").count(), 4);
        assert!(svg.contains("trivial, direct &lt;1&gt;: 2.00 ns"));
    }

    #[test]
    fn nothing_is_not_drawn() {
        assert!(draw("a call", &[]).is_none());
        let all = [measurement("a", "b", &[0.0])];
        assert!(draw("a call", &[&all[0]]).is_none());
    }
}
