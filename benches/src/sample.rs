//! Repeated measurements of one thing, and what is said about them.

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

/// Measures two things in turn, so that what else the machine does falls on both.
pub(crate) fn alternate<E>(
    rounds: usize,
    mut first: impl FnMut() -> Result<f64, E>,
    mut second: impl FnMut() -> Result<f64, E>,
) -> Result<(Sample, Sample), E> {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        a.push(first()?);
        b.push(second()?);
    }
    Ok((Sample::new(a), Sample::new(b)))
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
    }

    #[test]
    fn alternating_runs_both_as_often() {
        let count = std::cell::Cell::new(0.0);
        let next = || {
            count.set(count.get() + 1.0);
            Ok::<f64, ()>(count.get())
        };
        let (a, b) = alternate(3, next, next).unwrap();
        assert_eq!((a.median(), b.median()), (3.0, 4.0));
        assert_eq!((a.count(), b.count()), (3, 3));
    }
}
