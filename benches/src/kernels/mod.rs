//! Numerical kernels whose pieces are in different packages, against the same sources compiled as one
//! program, and as plain shared libraries.
//!
//! Each run is in a fresh process; the ways take turns. All of them calculate the same numbers, or those
//! that another order of summing gives: anything else is an error.
//!
//! | module | |
//! |---|---|
//! | [`catalog`] | the kernels, and the packages that they are made of |
//! | [`source`] | a package's source, for Puck and for plain compilers |
//! | [`ways`] | what is made of the sources: by plain compilers ([`plain`]), by Puck ([`project`]), as [`callers`] |
//! | [`mod@child`], [`functions`], [`numbers`], [`clock`] | what runs in fresh processes |

pub(crate) mod callers;
mod catalog;
mod child;
pub(crate) mod clock;
pub(crate) mod functions;
pub(crate) mod numbers;
pub(crate) mod plain;
pub(crate) mod project;
pub(crate) mod source;
mod ways;

pub(crate) use self::child::run as child;

use std::cell::OnceCell;

use anyhow::{Result, ensure};

use self::callers::Callers;
use self::catalog::Kernel;
use self::child::Run;
use self::ways::Way;
use crate::findings::Findings;
use crate::row::{Row, Unit};
use crate::sample::{Sample, in_turn};
use crate::settings::Settings;

/// How far results may be from the whole program's, as a part of them.
const ROUNDING: f64 = 1e-12;

/// The heading of the plot.
const FIGURE: &str = "time beside one program";

/// Measures every kernel in every way.
pub(crate) fn run(settings: &Settings) -> Result<Findings> {
    let ways = ways::prepare(settings)?;
    let mut findings = Findings {
        about: about(&ways[0].name),
        ..Findings::default()
    };
    if !Callers::can_be_compiled()? {
        findings.notes.push(callers::ABSENT.into());
    }
    let mut difference = 0.0_f64;
    for kernel in Kernel::ALL {
        for size in kernel.sizes() {
            println!("  {}, n = {size}", kernel.title());
            let (samples, found) = measure(settings, kernel, size, &ways)?;
            difference = difference.max(found);
            add(&mut findings, kernel, size, &ways, samples);
        }
    }
    findings.notes.push(if difference > 0.0 {
        format!(
            "The numbers that come out differ by at most {difference:.0e} of their sum, since sums are \
             taken in another order."
        )
    } else {
        "The numbers that come out are the same in every way, bit for bit.".into()
    });
    Ok(findings)
}

fn about(whole: &str) -> String {
    format!(
        "Kernels whose pieces are in different packages. Conjugate gradients (8 steps) and the power \
         iteration (8 steps) call a package of vector operations, directly and through one that \
         multiplies by a matrix, with a dot product a row. The Black-Scholes sweep calls a price for \
         each option, in another package, which calls the normal distribution in a third. Eight steps \
         of Dormand and Prince's method call the slope and the sums of vectors in two others.\n\n\
         They are compared with *{whole}*: the same sources, `clang -O3 -march=native -flto`, one shared \
         library in which nothing else is visible. *One source* is the same without `-flto`, from a file \
         that includes all others. *Separate libraries*: `clang -O3 -march=native -fPIC \
         -fno-plt`, a shared library for each package, linked by hand. Each value is from a fresh \
         process, in which it is the least of several timings, and the ways take turns. \
         *native*, *lto* and JIT callers are compiled for this processor; the others are what the packages \
         brought for its level. A JIT caller is the kernel's own package, which calls \
         installed ones.\n\n\
         Where the loop that sums vectors begins within 64 bytes is worth up to a third of the time of \
         Dormand and Prince's method on AMD's Zen 4: the same code, linked by hand at each of the four \
         places that a function can have, took 480 to 644 µs for n = 4096. The ways in which it is a \
         function of its own differ by that."
    )
}

/// One kernel at one size, in every way, in turn; and by how much their results differ at most.
fn measure(
    settings: &Settings,
    kernel: Kernel,
    size: usize,
    ways: &[Way],
) -> Result<(Vec<Sample>, f64)> {
    let reference = OnceCell::new();
    let mut most = 0.0_f64;
    let samples = in_turn(settings.rounds.fast, ways, |way| {
        let run = Run::of(kernel, size, way.place(kernel))?;
        let reference = reference.get_or_init(|| run.clone());
        let difference = run.difference(reference);
        ensure!(
            difference <= ROUNDING,
            "{}, n = {size}: {} gives {:e}, {} gives {:e}",
            kernel.title(),
            way.name,
            run.sum,
            ways[0].name,
            reference.sum,
        );
        most = most.max(difference);
        Ok(run.nanoseconds)
    })?;
    Ok((samples, most))
}

/// Reports a kernel at one size: samples stand in the order of the ways.
fn add(findings: &mut Findings, kernel: Kernel, size: usize, ways: &[Way], samples: Vec<Sample>) {
    let group = format!("{}, n = {size}", kernel.title());
    let whole = samples[0].clone();
    for (way, sample) in ways.iter().zip(samples) {
        let parts = sample.scaled(1.0 / whole.median());
        findings.add(FIGURE, &group, &way.name, Unit::Number, parts);
        // The others are in the figure.
        let Some(limit) = way.limit else { continue };
        let (unit, factor) = match whole.median() {
            ..10_000.0 => (Unit::Nanoseconds, 1.0),
            _ => (Unit::Microseconds, 1e-3),
        };
        findings.rows.push(Row {
            what: way.name.clone(),
            group: group.clone(),
            unit,
            puck: sample.scaled(factor),
            plain: Some((whole.scaled(factor), ways[0].name.clone())),
            limit: Some(limit),
        });
    }
}
