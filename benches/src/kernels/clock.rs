//! How long something takes that takes nanoseconds, on a machine that does other things too.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long one timing should be: long beside the clock's own cost, short beside a time slice.
const BATCH: Duration = Duration::from_micros(1500);

/// How often it is timed.
const BATCHES: usize = 15;

/// The nanoseconds of one run: the least of several timings, for whatever else happens on the machine
/// only adds to them.
pub(crate) fn nanoseconds(mut run: impl FnMut()) -> f64 {
    // The first runs bind, fault and warm up; they also tell how many make a batch.
    let (start, mut warm) = (Instant::now(), 0_u64);
    while start.elapsed() < 2 * BATCH {
        run();
        warm += 1;
    }
    let each = start.elapsed().as_nanos() / u128::from(warm);
    let runs = (BATCH.as_nanos() / each.max(1)).max(1);
    let batch = || {
        let start = Instant::now();
        for _ in 0..black_box(runs) {
            run();
        }
        start.elapsed().as_nanos() as f64 / runs as f64
    };
    std::iter::repeat_with(batch)
        .take(BATCHES)
        .fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_run_in_batches_and_the_result_is_one_runs() {
        let mut runs = 0_u64;
        let each = nanoseconds(|| {
            runs += 1;
            black_box(runs);
        });
        assert!(runs > BATCHES as u64);
        assert!(each > 0.0 && each.is_finite());
    }
}
