//! What is measured of a graph, in all ways in turn.

use std::cell::Cell;

use anyhow::{Result, ensure};

use super::contestant::Contestant;
use super::division::Division;
use super::memory::Memory;
use super::source::Language;
use super::way::{Mode, Way};
use crate::row::Unit;
use crate::sample::{Sample, in_turn, in_turn_at_once};
use crate::settings::Settings;

/// What is told of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Libraries,
    Archives,
    Build,
    Change,
    Open,
    Resident(usize),
    Proportional(usize),
}

/// Processes that hold the libraries at once.
const PROCESSES: [usize; 2] = [1, 8];

impl Figure {
    /// In the order of the page.
    pub(super) const ALL: [Figure; 9] = [
        Figure::Libraries,
        Figure::Open,
        Figure::Build,
        Figure::Change,
        Figure::Proportional(8),
        Figure::Proportional(1),
        Figure::Resident(8),
        Figure::Resident(1),
        Figure::Archives,
    ];

    pub(super) fn title(self) -> String {
        match self {
            Figure::Libraries => "installed libraries".into(),
            Figure::Archives => "archives".into(),
            Figure::Build => "build and install from nothing".into(),
            Figure::Change => "build and install after one leaf changed".into(),
            Figure::Open => "open and call once, in a new process".into(),
            Figure::Resident(1) => "RSS of 1 process".into(),
            Figure::Proportional(1) => "PSS of 1 process".into(),
            Figure::Resident(count) => format!("RSS of {count} processes"),
            Figure::Proportional(count) => format!("PSS of {count} processes"),
        }
    }

    pub(super) fn unit(self) -> Unit {
        match self {
            Figure::Build | Figure::Change => Unit::Milliseconds,
            Figure::Open => Unit::Microseconds,
            _ => Unit::Bytes,
        }
    }
}

/// A value of a figure.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) figure: Figure,
    pub(super) language: Language,
    pub(super) way: Way,
    pub(super) division: Division,
    pub(super) functions: usize,
    pub(super) sample: Sample,
}

/// Graphs larger than this are built once for each way.
const BUILT_ONCE: usize = 200;

/// Measures one graph: builds first, for all else needs what they make.
pub(super) fn all(
    settings: &Settings,
    language: Language,
    functions: usize,
    contestants: &[Contestant<'_>],
) -> Result<Vec<Value>> {
    let mut values = Vec::new();
    let mut add = |figure: Figure, samples: Vec<Sample>| {
        for (contestant, sample) in contestants.iter().zip(samples) {
            values.push(Value {
                figure,
                language,
                way: contestant.way,
                division: contestant.division,
                functions,
                sample,
            });
        }
    };
    let rounds = match functions {
        size if size > BUILT_ONCE => 1,
        _ => (settings.rounds.slow / 2).max(1),
    };
    println!("  builds from nothing");
    add(
        Figure::Build,
        in_turn_at_once(rounds, contestants, Contestant::build)?,
    );
    println!("  builds after a change");
    add(
        Figure::Change,
        in_turn_at_once(rounds, contestants, Contestant::build_after_change)?,
    );
    println!("  sizes");
    add(
        Figure::Libraries,
        in_turn_at_once(1, contestants, Contestant::library_bytes)?,
    );
    println!("  opening");
    add(Figure::Open, opening(settings, functions, contestants)?);
    println!("  memory");
    for processes in PROCESSES {
        let measured = contestants
            .iter()
            .map(|contestant| Memory::of(&contestant.places(usize::MAX), processes))
            .collect::<Result<Vec<_>>>()?;
        let each =
            |of: fn(&Memory) -> f64| measured.iter().map(|one| Sample::exact(of(one))).collect();
        add(Figure::Resident(processes), each(|one| one.resident));
        add(
            Figure::Proportional(processes),
            each(|one| one.proportional),
        );
    }
    for contestant in contestants {
        // The archives are the same in every mode.
        if contestant.way == Way::Puck(Mode::Dynamic)
            && let Some(bytes) = contestant.archive_bytes()?
        {
            values.push(Value {
                figure: Figure::Archives,
                language,
                way: contestant.way,
                division: contestant.division,
                functions,
                sample: Sample::exact(bytes),
            });
        }
    }
    Ok(values)
}

/// Microseconds, and a check that every way computes the same number.
fn opening(
    settings: &Settings,
    functions: usize,
    contestants: &[Contestant<'_>],
) -> Result<Vec<Sample>> {
    let first = Cell::new(None);
    let rounds = match functions {
        // Opening a thousand libraries that need each other takes long.
        size if size > BUILT_ONCE => settings.rounds.open.div_ceil(10),
        _ => settings.rounds.open,
    };
    in_turn(rounds, contestants, |contestant| {
        let (time, result) = contestant.open()?;
        let expected = first.get().unwrap_or(result);
        first.set(Some(expected));
        ensure!(
            is_the_same(result, expected),
            "{}, {} returns {result:e}, not {expected:e} as the others do",
            contestant.division.title(),
            contestant.way.title()
        );
        Ok(time)
    })
}

/// Within what fused operations of newer processors may change in the last digits.
fn is_the_same(result: f64, expected: f64) -> bool {
    result.is_finite() && (result - expected).abs() <= 1e-12 * expected.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_compared_up_to_rounding() {
        assert!(is_the_same(1.0, 1.0 + f64::EPSILON));
        assert!(!is_the_same(1.0, 1.0 + 1e-9));
        assert!(!is_the_same(f64::NAN, f64::NAN));
    }

    #[test]
    fn figures_have_titles_of_their_own() {
        let titles: Vec<String> = Figure::ALL.iter().map(|figure| figure.title()).collect();
        assert_eq!(
            crate::findings::distinct(titles.clone()).len(),
            titles.len()
        );
    }
}
