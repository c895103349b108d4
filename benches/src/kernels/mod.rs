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
//! | [`plain`], [`project`] | what each side makes of the sources |
//! | [`mod@child`], [`functions`], [`numbers`], [`clock`] | what runs in fresh processes |

mod catalog;
mod child;
pub(crate) mod clock;
pub(crate) mod functions;
pub(crate) mod numbers;
pub(crate) mod plain;
pub(crate) mod project;
pub(crate) mod source;

pub(crate) use self::child::run as child;

use std::cell::OnceCell;

use anyhow::{Result, ensure};

use self::catalog::Kernel;
use self::child::Run;
use self::functions::Place;
use self::plain::{Plain, Separate};
use self::project::Published;
use crate::findings::Findings;
use crate::place::set_aside;
use crate::row::{Limit, Row, Unit};
use crate::sample::{Sample, in_turn};
use crate::settings::Settings;

/// How far results may be from the whole program's, as a part of them.
const ROUNDING: f64 = 1e-12;

/// What must hold of the program that Puck makes, beside clang's.
const LIMIT: Limit = Limit::Ratio(1.03);

/// The heading of the plot.
const FIGURE: &str = "time, as a part of one program's";

/// A way of building, and what it made.
struct Way {
    name: String,
    made: Made,
    /// What must hold beside the whole program.
    limit: Option<Limit>,
}

enum Made {
    Whole(String),
    Separate(Separate),
    Project(String),
}

impl Way {
    /// Where a kernel's function is.
    fn place(&self, kernel: Kernel) -> Place {
        match &self.made {
            Made::Whole(library) => Place::Library(library.clone()),
            Made::Separate(libraries) => {
                let library = libraries.library(kernel.package());
                Place::Library(library.display().to_string())
            }
            Made::Project(folder) => Place::Project(folder.clone()),
        }
    }
}

/// Measures every kernel in every way.
pub(crate) fn run(settings: &Settings) -> Result<Findings> {
    let ways = prepare(settings)?;
    let mut findings = Findings {
        about: about(&ways[0].name),
        ..Findings::default()
    };
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
         library in which nothing else is visible. *Separate libraries*: `clang -O3 -march=native -fPIC \
         -fno-plt`, a shared library for each package, linked by hand. Each value is from a fresh \
         process, in which it is the least of several timings, and the ways take turns. \
         *native* and *lto* are compiled for this processor; the others are what the packages brought \
         for its level."
    )
}

/// Builds everything; the whole program comes first.
fn prepare(settings: &Settings) -> Result<Vec<Way>> {
    let folder = settings.work.join("kernels");
    set_aside(&folder)?;
    let sources = catalog::sources();
    let plain = Plain::new(&settings.clang, &folder.join("plain"), &sources)?;
    let visible: Vec<String> = Kernel::ALL
        .iter()
        .map(|kernel| format!("{}_{}", kernel.package(), kernel.function()))
        .collect();
    let (whole, linker) = plain.whole(&visible)?;
    let mut ways = vec![
        Way {
            name: format!("one program (by {linker})"),
            made: Made::Whole(whole.display().to_string()),
            limit: None,
        },
        Way {
            name: "separate libraries".into(),
            made: Made::Separate(plain.separate("separate", &["-march=native", "-fno-plt"])?),
            limit: None,
        },
    ];
    let published = Published::new(settings, &folder, &sources)?;
    for mode in published.modes() {
        let project = published.install(mode, &Kernel::ALL.map(Kernel::package))?;
        ways.push(Way {
            name: format!("Puck, {}", mode.name),
            made: Made::Project(project.display().to_string()),
            limit: (mode.name == "lto").then_some(LIMIT),
        });
    }
    Ok(ways)
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
        let run = Run::of(kernel, size, &way.place(kernel))?;
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
        if way.name == ways[0].name {
            continue;
        }
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
            limit: way.limit,
        });
    }
}
