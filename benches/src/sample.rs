//! Repeated measurements of one thing, and what is said about them.

use anyhow::Result;

/// Measured values, sorted.
#[derive(Clone, Debug)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// Of values in any order.
    ///
    /// # Panics
    /// Without values there is nothing to say.
    pub(crate) fn new(mut values: Vec<f64>) -> Sample {
        assert!(!values.is_empty(), "a measurement has at least one value");
        values.sort_by(f64::total_cmp);
        Sample(values)
    }

    /// Of something that is the same every time.
    pub(crate) fn exact(value: f64) -> Sample {
        Sample(vec![value])
    }

    /// The same in another unit: every value times `factor`.
    pub(crate) fn scaled(&self, factor: f64) -> Sample {
        Sample::new(self.0.iter().map(|value| value * factor).collect())
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The quarter points: half of the values lie between them.
    pub(crate) fn quartiles(&self) -> (f64, f64) {
        (self.quantile(0.25), self.quantile(0.75))
    }

    /// How many values there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Interpolated between neighbours.
    fn quantile(&self, part: f64) -> f64 {
        let place = part * (self.0.len() - 1) as f64;
        let (below, above) = (
            self.0[place.floor() as usize],
            self.0[place.ceil() as usize],
        );
        below + (above - below) * place.fract()
    }
}

/// Measures things in turn, so that what else the machine does falls on all of them. Each is
/// measured once before, which does not count: for what has to come into the page cache.
pub(crate) fn in_turn<C>(
    rounds: usize,
    contestants: &[C],
    mut measure: impl FnMut(&C) -> Result<f64>,
) -> Result<Vec<Sample>> {
    for contestant in contestants {
        measure(contestant)?;
    }
    in_turn_at_once(rounds, contestants, measure)
}

/// The same without the first time, for what begins with nothing anyway.
pub(crate) fn in_turn_at_once<C>(
    rounds: usize,
    contestants: &[C],
    mut measure: impl FnMut(&C) -> Result<f64>,
) -> Result<Vec<Sample>> {
    let mut values = vec![Vec::new(); contestants.len()];
    for _ in 0..rounds {
        for (contestant, values) in contestants.iter().zip(&mut values) {
            values.push(measure(contestant)?);
        }
    }
    Ok(values.into_iter().map(Sample::new).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quartiles() {
        let sample = Sample::new(vec![5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!(sample.median(), 3.0);
        assert_eq!(sample.quartiles(), (2.0, 4.0));
        assert_eq!(Sample::new(vec![1.0, 2.0]).median(), 1.5);
        assert_eq!(Sample::exact(7.0).quartiles(), (7.0, 7.0));
        assert_eq!(Sample::exact(7.0).scaled(0.5).median(), 3.5);
    }

    #[test]
    fn all_are_measured_in_turn_and_as_often() {
        let mut order = String::new();
        let samples = in_turn(2, &["a", "b"], |name| {
            order.push_str(name);
            Ok(order.len() as f64)
        });
        let samples = samples.unwrap();
        assert_eq!(order, "ababab");
        assert_eq!((samples[0].median(), samples[1].median()), (4.0, 5.0));
        assert_eq!((samples[0].count(), samples[1].count()), (2, 2));
    }
}
