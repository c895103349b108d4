//! How fast something grows: the exponent of a power law, by least squares on logarithms.

/// The exponent `e` of `value = c · size^e` that fits best, if there are two sizes or more and
/// everything is positive.
pub(crate) fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    if points
        .iter()
        .any(|&(size, value)| size <= 0.0 || value <= 0.0)
    {
        return None;
    }
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.len() as f64;
    let mean_x = logs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let spread: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let common: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (spread > 0.0).then(|| common / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sizes: &[f64], law: impl Fn(f64) -> f64) -> Option<f64> {
        let points: Vec<_> = sizes.iter().map(|&size| (size, law(size))).collect();
        exponent(&points)
    }

    #[test]
    fn power_laws_are_found_exactly() {
        for (e, factor) in [(1.0, 7.0), (2.0, 0.01), (0.0, 3.0), (-0.5, 2.0)] {
            let found = of(&[60.0, 120.0, 1000.0], |n| factor * n.powf(e)).unwrap();
            assert!((found - e).abs() < 1e-9, "{found} is not {e}");
        }
    }

    #[test]
    fn a_fixed_part_flattens_growth() {
        let found = of(&[60.0, 120.0, 1000.0], |n| 1000.0 + n).unwrap();
        assert!(found > 0.0 && found < 0.5, "{found}");
    }

    #[test]
    fn without_two_sizes_there_is_no_growth() {
        assert_eq!(exponent(&[]), None);
        assert_eq!(exponent(&[(60.0, 1.0)]), None);
        assert_eq!(exponent(&[(60.0, 1.0), (60.0, 2.0)]), None);
        assert_eq!(exponent(&[(60.0, 0.0), (120.0, 1.0)]), None);
    }
}
