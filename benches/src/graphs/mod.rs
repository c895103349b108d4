//! Layered call graphs: disk, builds, opening and memory, for each way to link them.
//!
//! | module | |
//! |---|---|
//! | [`graph`], [`division`], [`source`] | who calls whom; packages; the functions in C and as LLVM IR |
//! | [`way`], [`contestant`] | the ways to link, and one graph in one way |
//! | [`plain`], [`workspace`], [`parallel`] | building without Puck and with it |
//! | [`measure`], [`memory`], [`mod@child`] | what is measured |
//! | [`targets`] | what must hold |

mod child;
mod contestant;
mod division;
mod graph;
mod measure;
mod memory;
mod parallel;
mod plain;
mod source;
mod targets;
mod way;
mod workspace;

pub(crate) use self::child::run as child;

use anyhow::Result;

use self::contestant::Contestant;
use self::graph::Graph;
use self::measure::{Figure, Value};
use self::source::Language;
use crate::findings::{Findings, Measurement};
use crate::place::set_aside;
use crate::settings::Settings;

const ABOUT: &str = "\
A graph of N functions in layers of ten, each of which calls three of the layer below. A function fills \
two arrays, sums them and adds what its callees return: `double f(double, int64_t)`, written in C and as \
LLVM IR (text, made by the benchmark). The graph is one package, a package a layer, or a package a function.

- *Embedded*: every function in a library of its own, with everything it calls linked in, as a compiler \
does it that cannot call what it did not compile (Numba's cache). Only the function itself is visible, and \
objects are linked, not compiled again for each caller: the least that embedding can cost.
- *Linked by hand*: `clang -O3 -shared`, a library where Puck has a package, each needing the next by \
`DT_NEEDED`. This is the limit. Like Puck's, these libraries keep the names of functions in `.symtab` and \
have no debug information.
- *Puck*, in each link mode: one `puck install` of a workspace builds, packs, links and installs. Packages \
and hand-linked libraries are compiled for plain `x86-64`, in mode lto for this processor.

*Installed libraries* are the files that a program loads, *archives* what a registry would serve (IR \
included). A function here is about 1 kB, so a library of a single one is mostly what every library \
has: some 4 kB as Puck links them, 15 kB as GNU ld lays them out. *After one leaf changed*: a \
function of the lowest layer is edited, and all is built that has to be; by hand, as a perfect \
`make` would do it. A *first call* ends with the result of one function of the highest layer, which \
is checked to be the same in every way. Memory is that of processes that called every function of \
the highest layer, beyond that of as many processes that opened nothing.";

/// Measures every graph.
pub(crate) fn run(settings: &Settings) -> Result<Findings> {
    let folder = settings.work.join("graphs");
    set_aside(&folder)?;
    let mut values = Vec::new();
    for language in [Language::C, Language::Ir] {
        for &functions in &settings.sizes {
            println!("\n{functions} functions in {}", language.title());
            let graph = Graph::new(functions);
            let place = folder.join(format!("{}-{functions}", language.extension()));
            let contestants = way::all(settings, language, functions)?
                .into_iter()
                .map(|way| Contestant::new(settings, &graph, language, way, &place))
                .collect::<Result<Vec<_>>>()?;
            if contestants.is_empty() {
                continue;
            }
            values.extend(measure::all(settings, language, functions, &contestants)?);
        }
    }
    set_aside(&folder)?;
    findings(settings, &values)
}

fn findings(settings: &Settings, values: &[Value]) -> Result<Findings> {
    let mut findings = Findings {
        about: ABOUT.to_owned(),
        rows: targets::rows(values),
        ..Findings::default()
    };
    for figure in Figure::ALL {
        for one in values.iter().filter(|one| one.figure == figure) {
            findings.measurements.push(Measurement {
                figure: figure.title(),
                subject: format!("{}, {}", one.language.title(), one.division.title()),
                way: one.way.title().to_owned(),
                size: Some(one.functions),
                unit: figure.unit(),
                sample: one.sample.clone(),
            });
        }
    }
    if settings.quick {
        findings
            .notes
            .push("A quick run: fewer repetitions, and LLVM IR as a package a layer only.".into());
    } else if settings.sizes.iter().any(|&size| size > way::IN_FULL) {
        findings.notes.push(format!(
            "Of LLVM IR, graphs of more than {} functions are measured as a package a layer only, and not \
             embedded. Graphs that large are built once in each way.",
            way::IN_FULL
        ));
    }
    if !way::has_link_modes(settings)? {
        findings
            .notes
            .push("This puck installs in mode dynamic only.".into());
    }
    Ok(findings)
}
