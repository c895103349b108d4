//! What a call costs, from compiled code of one package to compiled code of another.
//!
//! | module | |
//! |---|---|
//! | [`source`] | callees, and the loops that call them |
//! | [`mod@child`] | what runs in fresh processes |

mod child;
mod source;

pub(crate) use self::child::run as child;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use self::source::{Callee, Linkage};
use crate::findings::Findings;
use crate::kernels::callers::{self, Callers, Calling};
use crate::kernels::functions::Place;
use crate::kernels::plain::Plain;
use crate::kernels::project::Published;
use crate::place::set_aside;
use crate::row::{Limit, Row, Unit};
use crate::sample::in_turn;
use crate::settings::Settings;

/// The heading of the plot.
const FIGURE: &str = "a call";

const ABOUT: &str = "\
A loop in one package calls a function in another, each time with the result of the call before, and the \
time of the loop is divided by the number of calls. *Inlined*: the callee in the caller's source, inlined. \
*Direct*: there too, but called. *Shared library*: caller and callee in two libraries, compiled by `clang -O3 \
-fPIC -fno-plt` and linked by hand. That is the fastest call that there is between two of them, so it is what \
Puck is held against; *PLT* is what clang does without `-fno-plt`. All these are compiled for this processor's \
level; *native*, *lto* and JIT callers for this processor itself. A JIT caller is the loop, compiled at run time. A value is from a fresh process, in which it is the least of several timings, and the mean over four \
loops at different places modulo 64 bytes; the ways take turns.";

/// A way to call.
struct Way {
    name: String,
    place: Place,
    limit: Option<Limit>,
}

/// Measures every callee in every way.
pub(crate) fn run(settings: &Settings) -> Result<Findings> {
    let (ways, shared) = prepare(settings)?;
    let mut findings = Findings {
        about: ABOUT.into(),
        ..Findings::default()
    };
    if !Callers::can_be_compiled()? {
        findings.notes.push(callers::ABSENT.into());
    }
    for callee in Callee::ALL {
        println!("  {}", callee.title());
        let samples = in_turn(settings.rounds.fast, &ways, |way| {
            child::measure(callee, &way.place)
        })?;
        for (way, sample) in ways.iter().zip(&samples) {
            findings.add(
                FIGURE,
                callee.title(),
                &way.name,
                Unit::Nanoseconds,
                sample.clone(),
            );
            if let Some(limit) = way.limit {
                findings.rows.push(Row {
                    what: way.name.clone(),
                    group: callee.title().to_owned(),
                    unit: Unit::Nanoseconds,
                    puck: sample.clone(),
                    plain: Some((samples[shared].clone(), ways[shared].name.clone())),
                    limit: Some(limit),
                });
            }
        }
    }
    Ok(findings)
}

/// Builds everything; the ways, and which of them the others are compared with.
fn prepare(settings: &Settings) -> Result<(Vec<Way>, usize)> {
    let folder = settings.work.join("calls");
    set_aside(&folder)?;
    let sources = source::sources();
    let level = level()?;
    let plain = Plain::new(&settings.clang, &folder.join("plain"), &sources)?;
    let library = |name: &str, path: PathBuf| Way {
        name: name.into(),
        place: Place::Library(path.display().to_string()),
        limit: None,
    };
    let inlined = plain.single("inlined", &[&level], &source::single(Linkage::Inlined))?;
    let direct = plain.single("direct", &[&level], &source::single(Linkage::Direct))?;
    let lazy = plain.separate("plt", &[&level])?;
    let shared = plain.separate("shared", &[&level, "-fno-plt"])?;
    let mut ways = vec![
        library("inlined", inlined),
        library("direct", direct),
        library("shared library, PLT", lazy.library("loops")),
        library("shared library", shared.library("loops")),
    ];
    let compared = ways.len() - 1;
    let mut dynamic = None;
    let published = Published::new(settings, &folder, &sources)?;
    for mode in published.modes() {
        let project = published.install(mode, &["loops", "callees"])?;
        ways.push(Way {
            name: format!("Puck, {}", mode.name),
            place: Place::Project(project.display().to_string()),
            limit: Some(Limit::Ratio(1.02)),
        });
        dynamic.get_or_insert(project);
    }
    let [_, loops] = &sources;
    if let Some(project) = dynamic.filter(|_| Callers::can_be_compiled().unwrap_or(false)) {
        let callers = Callers::new(settings, &folder, &project, &sources)?;
        for calling in Calling::ALL {
            ways.push(Way {
                name: calling.name().to_owned(),
                place: callers.compile(loops, calling)?,
                limit: Some(Limit::Ratio(1.02)),
            });
        }
    }
    Ok((ways, compared))
}

/// clang's flag for the level that Puck's libraries are loaded at here.
fn level() -> Result<String> {
    let level = puck_runtime::cpu::best().context("this processor has none of the targets")?;
    Ok(format!("-march={level}"))
}
