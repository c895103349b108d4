//! A treemap: rectangles whose areas are what they stand for, as square as can be.

/// A rectangle of the drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    fn surface(self) -> f64 {
        self.width * self.height
    }

    /// Without a strip at the top.
    pub(super) fn below(self, strip: f64) -> Self {
        Self {
            y: self.y + strip,
            height: (self.height - strip).max(0.0),
            ..self
        }
    }
}

/// Divides `area` among `weights`, which are positive and sorted, the largest first: an area for
/// each, in their order. (Bruls, Huizing, van Wijk: *Squarified treemaps*, 2000.)
pub(super) fn squarify(weights: &[f64], area: Area) -> Vec<Area> {
    let total: f64 = weights.iter().sum();
    let mut areas = Vec::with_capacity(weights.len());
    if total <= 0.0 || area.surface() <= 0.0 {
        return vec![
            Area {
                width: 0.0,
                height: 0.0,
                ..area
            };
            weights.len()
        ];
    }
    let scale = area.surface() / total;
    let mut free = area;
    let mut rest = weights;
    while !rest.is_empty() {
        let side = free.width.min(free.height);
        let mut count = 1;
        let mut sum = rest[0] * scale;
        let mut worst = shape(rest[0] * scale, rest[0] * scale, sum, side);
        for weight in &rest[1..] {
            let size = weight * scale;
            let next = shape(rest[0] * scale, size, sum + size, side);
            if next > worst {
                break;
            }
            (worst, sum, count) = (next, sum + size, count + 1);
        }
        let (row, left) = rest.split_at(count);
        free = lay(row, scale, sum, free, left.is_empty(), &mut areas);
        rest = left;
    }
    areas
}

/// How far from a square the worst of a row is, whose largest and smallest are known.
fn shape(largest: f64, smallest: f64, sum: f64, side: f64) -> f64 {
    let (side, sum) = (side * side, sum * sum);
    (side * largest / sum).max(sum / (side * smallest))
}

/// Lays a row along the shorter side of `free`; gives what is left of that.
fn lay(row: &[f64], scale: f64, sum: f64, free: Area, last: bool, areas: &mut Vec<Area>) -> Area {
    let upright = free.width >= free.height;
    let (side, room) = if upright {
        (free.height, free.width)
    } else {
        (free.width, free.height)
    };
    // The last row takes what rounding left over.
    let depth = if last { room } else { (sum / side).min(room) };
    let mut at = 0.0;
    for weight in row {
        let length = (weight * scale / sum * side).min(side - at).max(0.0);
        areas.push(if upright {
            Area {
                x: free.x,
                y: free.y + at,
                width: depth,
                height: length,
            }
        } else {
            Area {
                x: free.x + at,
                y: free.y,
                width: length,
                height: depth,
            }
        });
        at += length;
    }
    if upright {
        Area {
            x: free.x + depth,
            width: room - depth,
            ..free
        }
    } else {
        Area {
            y: free.y + depth,
            height: room - depth,
            ..free
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: Area = Area {
        x: 10.0,
        y: 20.0,
        width: 600.0,
        height: 400.0,
    };

    #[test]
    fn the_example_of_the_paper() {
        let area = Area {
            x: 0.0,
            y: 0.0,
            width: 6.0,
            height: 4.0,
        };
        let areas = squarify(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], area);
        let close = |area: Area, width: f64, height: f64| {
            (area.width - width).abs() < 1e-9 && (area.height - height).abs() < 1e-9
        };
        assert!(
            close(areas[0], 3.0, 2.0) && close(areas[1], 3.0, 2.0),
            "{areas:?}"
        );
        assert!(close(areas[2], 12.0 / 7.0, 7.0 / 3.0), "{areas:?}");
    }

    #[test]
    fn nothing_to_divide() {
        assert!(squarify(&[], WHOLE).is_empty());
        assert_eq!(squarify(&[0.0, 0.0], WHOLE).len(), 2);
        let flat = Area {
            height: 0.0,
            ..WHOLE
        };
        assert_eq!(squarify(&[1.0], flat).len(), 1);
        assert_eq!(squarify(&[5.0], WHOLE), [WHOLE]);
    }

    proptest! {
        #[test]
        fn areas_are_proportional_and_do_not_overlap(
            mut weights in prop::collection::vec(1u32..100_000, 1..60),
            width in 50.0f64..2000.0,
            height in 50.0f64..2000.0,
        ) {
            weights.sort_unstable_by(|a, b| b.cmp(a));
            let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
            let whole = Area { width, height, ..WHOLE };
            let areas = squarify(&weights, whole);
            prop_assert_eq!(areas.len(), weights.len());
            let total: f64 = weights.iter().sum();
            let slack = whole.surface() * 1e-6;
            for (area, weight) in areas.iter().zip(&weights) {
                let expected = whole.surface() * weight / total;
                prop_assert!((area.surface() - expected).abs() < slack, "{area:?} {expected}");
                prop_assert!(area.x >= whole.x - 1e-6 && area.y >= whole.y - 1e-6);
                prop_assert!(area.x + area.width <= whole.x + whole.width + 1e-6);
                prop_assert!(area.y + area.height <= whole.y + whole.height + 1e-6);
            }
            for (i, a) in areas.iter().enumerate() {
                for b in &areas[..i] {
                    let across = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
                    let down = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
                    prop_assert!(across.max(0.0) * down.max(0.0) < slack, "{a:?} {b:?}");
                }
            }
        }
    }
}
