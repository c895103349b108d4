//! Axes: from values to places on the drawing, and which values are written beside them.

/// A logarithmic axis.
pub(super) struct Log {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Log {
    /// An axis on which all `values` (positive ones) find a place between `from` and `to`.
    pub(super) fn new(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Log> {
        let (low, high) = values
            .filter(|value| *value > 0.0)
            .fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        // Some room on both sides, and never an empty range.
        (low <= high).then(|| Log {
            low: (low / 1.25).ln(),
            high: (high * 1.25).ln(),
            from,
            to,
        })
    }

    pub(super) fn place(&self, value: f64) -> f64 {
        self.from + (value.ln() - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Powers of ten in the range; if there are few, also twice and five times of them.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let of = |steps: &[f64]| -> Vec<f64> {
            let (first, last) = (
                (self.low / std::f64::consts::LN_10).floor() as i32,
                (self.high / std::f64::consts::LN_10).ceil() as i32,
            );
            (first..=last)
                .flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)))
                .filter(|value| (self.low..=self.high).contains(&value.ln()))
                .collect()
        };
        let powers = of(&[1.0]);
        if powers.len() >= 3 {
            powers
        } else {
            of(&[1.0, 2.0, 5.0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_order_and_within() {
        let axis = Log::new([60.0, 1000.0].into_iter(), 0.0, 100.0).unwrap();
        let places: Vec<f64> = [60.0, 120.0, 1000.0].map(|n| axis.place(n)).to_vec();
        assert!(places.is_sorted() && places[0] > 0.0 && places[2] < 100.0);
    }

    #[test]
    fn ticks_are_round_and_in_range() {
        let ticks = |values: &[f64]| Log::new(values.iter().copied(), 0.0, 1.0).unwrap().ticks();
        assert_eq!(ticks(&[60.0, 1000.0]), [50.0, 100.0, 200.0, 500.0, 1000.0]);
        assert_eq!(ticks(&[1.0, 5e3]), [1.0, 10.0, 100.0, 1000.0]);
    }

    #[test]
    fn without_positive_values_there_is_no_axis() {
        assert!(Log::new([0.0, -1.0].into_iter(), 0.0, 1.0).is_none());
        assert!(Log::new(std::iter::empty(), 0.0, 1.0).is_none());
    }
}
