//! In a process of its own: nanoseconds of one run of a kernel, and what came out.

use anyhow::{Result, bail};
use puck_package::Digest;

use super::catalog::Kernel;
use super::clock::nanoseconds;
use super::functions::{Functions, Place};
use crate::child::output;
use crate::settings::Suite;

/// Prints nanoseconds, a digest of the numbers that came out, and their sum.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let [package, size, place @ ..] = words else {
        bail!("not a child's arguments: {words:?}");
    };
    let functions = Functions::open(&Place::read(place)?)?;
    let mut task = Kernel::of_package(package)?.task(size.parse()?, &functions)?;
    let time = nanoseconds(|| task.run());
    let bytes: Vec<u8> = task
        .output()
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    println!(
        "{time} {} {:e}",
        Digest::of(&bytes),
        weighted_sum(task.output())
    );
    Ok(())
}

/// A number that differs when any of them does.
fn weighted_sum(numbers: &[f64]) -> f64 {
    numbers
        .iter()
        .enumerate()
        .map(|(place, number)| number * (1.0 + (place % 7) as f64))
        .sum()
}

/// What a child printed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) nanoseconds: f64,
    pub(crate) digest: String,
    pub(crate) sum: f64,
}

impl Run {
    /// Runs a kernel in a fresh process.
    pub(crate) fn of(kernel: Kernel, size: usize, place: &Place) -> Result<Run> {
        let size = size.to_string();
        let words = [vec![kernel.package(), &size], place.arguments()].concat();
        Run::read(&output(Suite::Kernels, &words)?)
    }

    /// Reads the line.
    pub(crate) fn read(line: &str) -> Result<Run> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [time, digest, sum] = words[..] else {
            bail!("a child printed {line:?}");
        };
        Ok(Run {
            nanoseconds: time.parse()?,
            digest: digest.to_owned(),
            sum: sum.parse()?,
        })
    }

    /// How far its sum is from another's, as a part of that; 0 if all numbers are the same.
    pub(crate) fn difference(&self, other: &Run) -> f64 {
        if self.digest == other.digest {
            return 0.0;
        }
        ((self.sum - other.sum) / other.sum).abs().max(f64::EPSILON)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_relative_and_0_only_for_the_same_numbers() {
        let run = |digest: &str, sum| Run {
            nanoseconds: 1.0,
            digest: digest.into(),
            sum,
        };
        assert_eq!(run("a", 2.0).difference(&run("a", 2.0)), 0.0);
        assert_eq!(run("a", 2.0).difference(&run("b", 2.0)), f64::EPSILON);
        assert_eq!(run("a", 3.0).difference(&run("b", 2.0)), 0.5);
    }

    #[test]
    fn lines_are_read() {
        let run = Run::read("12.5 abc 1e3\n").unwrap();
        assert_eq!((run.nanoseconds, run.sum), (12.5, 1000.0));
        assert!(Run::read("12.5").is_err());
    }

    #[test]
    fn every_place_counts() {
        assert_ne!(weighted_sum(&[1.0, 2.0]), weighted_sum(&[2.0, 1.0]));
    }
}
